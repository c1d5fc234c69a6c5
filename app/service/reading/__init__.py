"""Reading: the worker, the queue for the model, open sessions, and checkpoints."""
