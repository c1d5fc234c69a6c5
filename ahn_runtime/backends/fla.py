"""flash-linear-attention's Triton kernels behind the layouts of this package. CUDA only.

fla takes [B, T, H, ·] and states [B, H, K, V] float32, key axis first like ours. Its chunked
kernels want 16-bit q, k and v: they are given bfloat16, with gates, decays and states in float32;
its recurrent kernels, for short feeds, stay in float32.

Written against flash-linear-attention 0.4 to 0.6.
"""

from __future__ import annotations

import torch
from fla.ops.delta_rule import chunk_delta_rule, fused_recurrent_delta_rule
from fla.ops.gated_delta_rule import chunk_gated_delta_rule, fused_recurrent_gated_delta_rule
from fla.ops.simple_gla import chunk_simple_gla, fused_recurrent_simple_gla
from torch import Tensor

RECURRENT_TOKENS = 16
"""Up to so many tokens the step-by-step kernel is the faster one, and it is exact in float32."""


class FlaKernels:
    """The three recurrences by fla; q and k come normalised and scaled, so `scale` is 1."""

    name = "flash-linear-attention"

    def gated_delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        short = q.shape[1] <= RECURRENT_TOKENS
        scan = fused_recurrent_gated_delta_rule if short else chunk_gated_delta_rule
        out, final = scan(
            *_inputs(q, k, v, short), g=_rows(log_decay), beta=_rows(beta), **_state(state)
        )
        return _output(out), final[0]

    def delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        short = q.shape[1] <= RECURRENT_TOKENS
        scan = fused_recurrent_delta_rule if short else chunk_delta_rule
        # This kernel multiplies beta with keys of the same dtype.
        gate = _rows(beta) if short else _rows(beta).to(torch.bfloat16)
        out, final = scan(*_inputs(q, k, v, short), beta=gate, **_state(state))
        return _output(out), final[0]

    def gated_linear_attention(
        self, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        short = q.shape[1] <= RECURRENT_TOKENS
        scan = fused_recurrent_simple_gla if short else chunk_simple_gla
        out, final = scan(*_inputs(q, k, v, short), g=_rows(log_decay), **_state(state))
        return _output(out), final[0]


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
