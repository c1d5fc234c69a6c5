"""Attention over window and sinks apart, merged by log-sum-exp, against attention over both."""

import pytest
import torch

from ahn_runtime.config import StreamConfig
from ahn_runtime.model.attention import attend, merge_attention, plan_block, score_mask

HEADS, KV_HEADS, DIM = 6, 2, 8
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def plain_attention(q, k, v, seen):
    """Outputs and log-sum-exp by the definition; `seen` bool [T, K]."""
    k, v = (x.repeat_interleave(q.shape[0] // x.shape[0], dim=0) for x in (k, v))
    scores = (q @ k.mT) * q.shape[-1] ** -0.5
    scores = scores.masked_fill(~seen, -torch.inf)
    return scores.softmax(dim=-1).nan_to_num() @ v, scores.logsumexp(dim=-1)


def random_block(rows, keys, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = (HEADS, rows, DIM), (KV_HEADS, keys, DIM), (KV_HEADS, keys, DIM)
    return [3 * torch.randn(shape, generator=generator) for shape in shapes]


@pytest.mark.parametrize("window, sinks", [(24, 4), (7, 1), (5, 8)])
@pytest.mark.parametrize("start", [0, 1, 3, 4, 7, 8, 23, 24, 27, 28, 29, 61])
@pytest.mark.parametrize("tokens", [2, 3, 5])
def test_window_and_sinks_merged_are_attention_over_both(window, sinks, start, tokens):
    plan = plan_block(start, tokens, StreamConfig(window, sinks, None), torch.device("cpu"))
    seen = plan.mask == 0
    q, k, v = random_block(tokens, seen.shape[1])
    # By slot: sinks first, then the ring; a block may bring sinks of its own.
    columns = torch.cat((torch.arange(plan.held_before), plan.held_before + torch.arange(tokens)))
    is_sink = columns < min(sinks, plan.held_before)
    is_sink |= (columns >= plan.held_before) & (start + columns - plan.held_before < sinks)
    parts = [plain_attention(q, k, v, seen & only) for only in (is_sink, ~is_sink)]
    expected = attend(q, k, v, plan.mask)
    torch.testing.assert_close(merge_attention(parts), expected, **CLOSE)


def test_any_disjoint_parts_in_any_order_give_the_same():
    q, k, v = random_block(9, 40)
    seen = torch.rand(9, 40, generator=torch.Generator().manual_seed(1)) > 0.4
    seen[:, 0] = True
    part_of = torch.randint(0, 3, (40,), generator=torch.Generator().manual_seed(2))
    parts = [plain_attention(q, k, v, seen & (part_of == i)) for i in range(3)]
    expected = attend(q, k, v, score_mask(seen))
    torch.testing.assert_close(merge_attention(parts), expected, **CLOSE)
    torch.testing.assert_close(merge_attention(parts[::-1]), expected, **CLOSE)
    torch.testing.assert_close(merge_attention(parts[:1]), parts[0][0])


def test_large_scores_stay_finite_and_the_dtype_is_kept():
    q, k, v = random_block(3, 10)
    seen = torch.ones(3, 10, dtype=torch.bool)
    halves = seen & (torch.arange(10) < 5), seen & (torch.arange(10) >= 5)
    parts = [plain_attention(100 * q, k, v, half) for half in halves]
    expected = attend(100 * q, k, v, None)
    torch.testing.assert_close(merge_attention(parts), expected, **CLOSE)
    rounded = [(out.bfloat16(), lse) for out, lse in parts]
    assert merge_attention(rounded).dtype == torch.bfloat16
