"""The CUDA backend: flash-linear-attention's Triton kernels, and flash-attn where it is installed.

fla takes [B, T, H, ·] and states [B, H, K, V] float32, key axis first like ours. Its chunked
kernels require 16-bit q, k and v: they get bfloat16, with gates, decays and states in float32; its
recurrent kernels, for short feeds, stay in float32. Attention goes through flash-attn (`flash`),
where that is installed and the dtype has 16 bits, else through torch. The twin is `TorchBackend`.

Gradients too come from fla's kernels, except where fla refuses to compute them (see
`refuses_gradients`): there the twin's recurrences train a memory with a decay, more slowly.

Written against flash-linear-attention 0.4 to 0.6; run with 0.6 and flash-attn 2.8.3 on an H100.
"""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, ClassVar

import torch
from fla.ops.delta_rule import chunk_delta_rule, fused_recurrent_delta_rule
from fla.ops.gated_delta_rule import chunk_gated_delta_rule, fused_recurrent_gated_delta_rule
from fla.ops.simple_gla import chunk_simple_gla, fused_recurrent_simple_gla
from torch import Tensor

from ahn_runtime.backends.torch import TorchBackend

if TYPE_CHECKING:
    from ahn_runtime.model.attention import BlockPlan

RECURRENT_TOKENS = 16
"""Up to this many tokens the step-by-step kernel is faster, and it is exact in float32."""

HAS_FLASH_ATTN = importlib.util.find_spec("flash_attn") is not None


HOPPER = 9
"""Major compute capability of H100 and H200."""
TRITONS_WITH_WRONG_GRADIENTS = ((3, 4), (3, 7, 1))
"""From the first version on, before the second: on Hopper, their gradients of gated rules are wrong
(fla's issue 640). fla raises an error in the backward pass instead of computing them."""


def refuses_gradients(device: torch.device) -> bool:
    """Whether fla refuses the backward pass of rules with a decay on a CUDA device.

    That depends on the device and on the installed Triton.
    """
    import triton

    version = tuple(int(part) for part in re.findall(r"\d+", triton.__version__)[:3])
    first, mended = TRITONS_WITH_WRONG_GRADIENTS
    return torch.cuda.get_device_capability(device)[0] == HOPPER and first <= version < mended


class FlaBackend(TorchBackend):
    """A `Backend` by fla; q and k come normalised and scaled, so `scale` is 1."""

    recurrences: ClassVar[str] = "flash-linear-attention"
    attention: ClassVar[str] = "flash-attn" if HAS_FLASH_ATTN else "torch"

    def attend(
        self, q: Tensor, q_sinks: Tensor | None, k: Tensor, v: Tensor, plan: BlockPlan
    ) -> Tensor:
        """[H, rows, D]; by flash-attn where it is installed and supports the block."""
        if HAS_FLASH_ATTN:
            from ahn_runtime.backends import flash

            if flash.supports(q, plan):
                return flash.attend_block(q, q_sinks, k, v, plan)
        return super().attend(q, q_sinks, k, v, plan)

    def gated_delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """By fla: q, k [H, T, K], v [H, T, V], gates [H, T] -> y [H, T, V], state [H, K, V]."""
        if _needs_torch(q, k, v, beta, log_decay, state):
            return super().gated_delta_rule(q, k, v, beta, log_decay, state)
        short = q.shape[1] <= RECURRENT_TOKENS
        scan = fused_recurrent_gated_delta_rule if short else chunk_gated_delta_rule
        out, final = scan(
            *_inputs(q, k, v, short), g=_rows(log_decay), beta=_rows(beta), **_state(state)
        )
        return _output(out), final[0]

    def delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """By fla: q, k [H, T, K], v [H, T, V], beta [H, T] -> y [H, T, V], state [H, K, V].

        Without a decay, fla computes the gradients with every Triton.
        """
        short = q.shape[1] <= RECURRENT_TOKENS
        scan = fused_recurrent_delta_rule if short else chunk_delta_rule
        # This kernel multiplies beta with keys of the same dtype.
        gate = _rows(beta) if short else _rows(beta).to(torch.bfloat16)
        out, final = scan(*_inputs(q, k, v, short), beta=gate, **_state(state))
        return _output(out), final[0]

    def gated_linear_attention(
        self, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """By fla: q, k [H, T, K], v [H, T, V], decay [H, T] -> y [H, T, V], state [H, K, V]."""
        if _needs_torch(q, k, v, log_decay, state):
            return super().gated_linear_attention(q, k, v, log_decay, state)
        short = q.shape[1] <= RECURRENT_TOKENS
        scan = fused_recurrent_simple_gla if short else chunk_simple_gla
        out, final = scan(*_inputs(q, k, v, short), g=_rows(log_decay), **_state(state))
        return _output(out), final[0]


def _needs_torch(*tensors: Tensor) -> bool:
    """Whether gradients of a rule with a decay are asked for, which fla may refuse to compute."""
    has_gradients = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    return has_gradients and refuses_gradients(tensors[0].device)


def _inputs(q: Tensor, k: Tensor, v: Tensor, short: bool) -> list[Tensor]:
    """[H, T, ·] -> [1, T, H, ·], bfloat16 for the chunked kernels."""
    dtype = torch.float32 if short else torch.bfloat16
    return [x.transpose(0, 1)[None].to(dtype).contiguous() for x in (q, k, v)]


def _rows(gate: Tensor) -> Tensor:
    """[H, T] -> [1, T, H] float32."""
    return gate.T[None].float().contiguous()


def _state(state: Tensor) -> dict[str, object]:
    return {
        "scale": 1.0,
        "initial_state": state[None].contiguous(),
        "output_final_state": True,
    }


def _output(out: Tensor) -> Tensor:
    """[1, T, H, V] -> [H, T, V] float32."""
    return out[0].transpose(0, 1).float()
