"""Backends compute a model's layers: torch, CPU loops, CUDA kernels; `base.py` chooses one.

They keep no state of a session, and do not know where weights come from.
"""
