"""One training process, or several processes under torchrun that split each step's sequences."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of a training, as seen from one of them.

    Args:
        rank: number of this process, from 0.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_leader(self) -> bool:
        """Whether this process writes files and reports progress (rank 0)."""
        return self.rank == 0

    def all_reduce(self, values: Tensor) -> Tensor:
        """Replace `values` with its sum over all processes, in place, and return it."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def all_reduce_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each parameter's gradient with its sum over all processes.

        A parameter without a gradient counts as one with a gradient of zeros.
        """
        if self.size == 1:
            return
        gradients = [_gradient(p) for p in parameters]
        flat = self.all_reduce(torch.cat([g.flatten() for g in gradients]))
        sizes = [g.numel() for g in gradients]
        for gradient, part in zip(gradients, flat.split(sizes), strict=True):
            gradient.copy_(part.view_as(gradient))


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def is_leader() -> bool:
    """Whether this process has rank 0; can be asked before the process group is joined."""
    return os.environ.get("RANK", "0") == "0"


def device_for(device: str) -> str:
    """Resolve a device option: "auto" to "cuda" or "cpu", and under torchrun to one GPU a process.

    Args:
        device: "auto", "cpu" or "cuda".
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    rank = os.environ.get("LOCAL_RANK")
    return f"cuda:{rank}" if rank is not None and device == "cuda" else device


@contextmanager
def join_process_group(device: torch.device) -> Iterator[ProcessGroup]:
    """Join the processes that torchrun started, and leave them at the end of the context.

    Without torchrun this is a group of one process.

    Args:
        device: the device this process computes on; it decides between NCCL and Gloo.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ProcessGroup()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield ProcessGroup(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
