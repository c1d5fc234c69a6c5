"""The recurrences of the memories: each as the plain loop and as its chunked twin."""
