"""What this machine computes with, in words that a person reads."""

from __future__ import annotations

import torch

from ahn_runtime.backends.base import backend_class


def describe_device() -> str:
    """The device of a model that is loaded with `device="auto"`."""
    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name()})"
    return f"cpu ({computing_threads()} threads)"


def computing_threads() -> int:
    """Threads that a model on the CPU computes with: one a core, unless the user set another."""
    return torch.get_num_threads()


def describe_kernels() -> str:
    """What computes the memories' recurrences and the attention on that device."""
    chosen = backend_class(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    return f"recurrences by {chosen.recurrences}, attention by {chosen.attention}"
