"""The interface of what computes a model, and the one place where an implementation is chosen.

A backend runs the decoder's layers over a block of tokens: in plain torch calls (`torch`), with the
kernels of flash-linear-attention on a CUDA device (`fla`), or with compiled loops and int8 products
on a CPU (`cpu`). It is made once when a model is loaded, never changes the model, and keeps no
state of a session; one model may serve several backends at once.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.model.cells.base import Cell, Recurrences

if TYPE_CHECKING:
    from ahn_runtime.model.attention import BlockPlan
    from ahn_runtime.model.cache import LayerState, ModelState
    from ahn_runtime.model.qwen2 import DecoderLayer, Heads, Qwen2, Rotations
    from ahn_runtime.model.retained import Competition, Outcome


class Backend(Recurrences, Protocol):
    """Computes layers, linear layers, attention and memories; the letters are those of `config`.

    Which implementation serves one token, a few or many is decided inside.
    """

    def run_layers(
        self,
        layers: Sequence[DecoderLayer],
        x: Tensor,
        state: ModelState,
        plan: BlockPlan,
        rotations: Rotations,
        rows: int,
    ) -> Tensor:
        """One block through all layers; the layers' states advance by it.

        Args:
            x: embedded tokens, [T, hidden].
            rows: how many of the last rows of the last layer are wanted.

        Returns:
            [rows, hidden], before the final norm.
        """
        ...

    def linear(self, x: Tensor, *layers: nn.Module) -> tuple[Tensor, ...]:
        """Linear layers of the same input: x [T, K] -> one [T, N] for each layer."""
        ...

    def attend(
        self, q: Tensor, q_sinks: Tensor | None, k: Tensor, v: Tensor, plan: BlockPlan
    ) -> Tensor:
        """Attention of the block's last queries.

        Args:
            q: rotated, [H, rows, D], of the block's last `rows` tokens.
            q_sinks: rotated as seen from the sinks, where that differs.
            k, v: [Hkv, K, D]: keys and values held before the block, by slot, then the block's;
                for a single token those held after it was written.
            plan: of the block.

        Returns:
            [H, rows, D].
        """
        ...

    def compete(self, strength: Tensor, positions: Tensor, competition: Competition) -> Outcome:
        """`ahn_runtime.model.retained.compete`: strengths and positions [Hkv, F + E]."""
        ...

    def keep(self, state: LayerState, competition: Competition, outcome: Outcome) -> None:
        """`LayerState.keep`: the tokens that are retained after a block move to their slots."""
        ...

    def attend_retained(
        self, heads: Heads, k: Tensor, v: Tensor, plan: BlockPlan, lost_with: Tensor, rows: int
    ) -> tuple[Tensor, Tensor]:
        """`attend` where each key/value head loses other tokens, and what they receive.

        Args:
            heads: of the whole block of T tokens.
            k, v: as `attend` takes them.
            plan: of the block, with a retained set.
            lost_with: as `Outcome` has it, int64 [Hkv, F + E].
            rows: how many of the last queries' outputs are wanted; none if 0.

        Returns:
            Outputs [H, rows, D]. And the attention that those of the block's queries paid that
            count (`retained.counted`), float32 [Hkv, T, K]; for a block of more than
            `SHORT_BLOCK_TOKENS` tokens the sum over its queries is enough, [Hkv, 1, K].
        """
        ...

    def write_gates(self, cell: Cell, x: Tensor) -> Tensor:
        """`Cell.write_gates`: normed inputs x [T, hidden] -> float32 [G, T, H]."""
        ...

    def memory_step(
        self,
        cell: Cell,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        gates: Tensor,
        x: Tensor,
        memory: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """`Cell.forward`: what the memory adds [H, E, D], and the memory after E writes."""
        ...


def backend_class(device: torch.device) -> type[TorchBackend]:
    """The implementation for models on a device, by what is installed."""
    if device.type == "cuda" and importlib.util.find_spec("fla") is not None:
        from ahn_runtime.backends.fla import FlaBackend

        return FlaBackend
    if device.type == "cpu":
        from ahn_runtime.backends.cpu.backend import CpuBackend

        return CpuBackend
    return TorchBackend


def choose_backend(model: Qwen2, device: torch.device) -> Backend:
    """The backend for a loaded model.

    Args:
        model: with its weights, exact or int8, on the device; not changed.
        device: where the model is.
    """
    return backend_class(device)(model)
