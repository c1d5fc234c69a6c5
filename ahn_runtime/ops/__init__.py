"""The recurrences of the memories: each as a plain loop over tokens and in a chunked form.

They are functions of tensors, and know no weights, cells or sessions.
"""
