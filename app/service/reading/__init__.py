"""Reading: who reads what next, the queue for the model, open sessions, and checkpoints.

Knows nothing of the library, of answers or of the use cases above it.
"""
