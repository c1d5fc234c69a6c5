"""Attention of a block by flash-attn, without a mask: window and sinks apart, then merged.

flash-attn knows causal masks and sliding windows, but no sinks, and it takes keys in the order of
their positions. So the window's keys are gathered in that order and attended to with
window_size=(W - 1, 0), its own key included; the sinks, which every query behind them sees, are
attended to without a mask; the two are merged by their log-sum-exp. The twin is `attend` with the
plan's mask, and `attend_rebased` where sinks are seen from other positions.

Layouts: flash-attn takes [B, T, H, D] in 16-bit dtypes and returns the log-sum-exp [B, H, T] in
float32; with fewer queries than keys, the last query is aligned with the last key.

Written against flash-attn 2.6 to 2.8. Source: "FlashAttention-2" (arXiv 2307.08691).
"""

from __future__ import annotations

import torch
from flash_attn import flash_attn_func
from torch import Tensor

from ahn_runtime.model.attention import Attended, BlockPlan, merge_attention

MAX_HEAD_DIM = 256
EVERY_KEY = (-1, -1)
"""flash-attn's window_size for no window."""


def supports(q: Tensor, plan: BlockPlan) -> bool:
    """Whether a block's attention can be computed here.

    Args:
        q: [H, rows, D].
        plan: a block of several tokens that starts behind the sinks or ends inside the window.
    """
    if plan.competition is not None:
        return False
    is_16_bit = q.dtype in (torch.float16, torch.bfloat16) and q.shape[2] <= MAX_HEAD_DIM
    return is_16_bit and plan.mask is not None and (sees_all(plan) or plan.start >= plan.sinks)


def sees_all(plan: BlockPlan) -> bool:
    """Whether every query sees all keys up to its own: nothing is behind the window yet."""
    return plan.window is None or plan.start + len(plan.positions) <= plan.window


def attend_block(
    q: Tensor, q_sinks: Tensor | None, k: Tensor, v: Tensor, plan: BlockPlan
) -> Tensor:
    """Attention of the block's last queries.

    Args:
        q: rotated, [H, rows, D], 16-bit.
        q_sinks: rotated as seen from the sinks, where that differs.
        k, v: [Hkv, held_before + T, D]: the held ones by slot, then the block's.

    Returns:
        [H, rows, D], of q's dtype.
    """
    k, v = k.to(q.dtype), v.to(q.dtype)
    if sees_all(plan):
        return _attend(q, k, v, causal=True)[0]
    assert plan.window is not None
    columns = plan.window_columns
    window = (plan.window - 1, 0)
    recent = _attend(q, k[:, columns], v[:, columns], causal=True, window=window)
    if plan.sinks == 0:
        return recent[0]
    from_sinks = q if q_sinks is None else q_sinks
    sinks = _attend(from_sinks, k[:, : plan.sinks], v[:, : plan.sinks], causal=False)
    return merge_attention([recent, sinks])


def _attend(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, window: tuple[int, int] = EVERY_KEY
) -> Attended:
    """q [H, T, D], k, v [Hkv, K, D] -> outputs [H, T, D] and log-sum-exp [H, T]."""
    rows = (x.transpose(0, 1)[None] for x in (q, k, v))
    out, lse, _ = flash_attn_func(*rows, causal=causal, window_size=window, return_attn_probs=True)
    return out[0].transpose(0, 1), lse[0]
