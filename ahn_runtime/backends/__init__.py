"""Backends: they compute a model's layers in torch, in CPU loops or in CUDA kernels.

`base.py` chooses one for a loaded model. Backends keep no state of a session, and do not know where
weights come from.
"""
