"""A block's attention by flash-attn: what it gets, what is made of it, and on a GPU its results."""

import sys
import types
from importlib.util import find_spec

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.config import StreamConfig
from ahn_runtime.model.attention import attend, attend_rebased, held_positions, plan_block
from ahn_runtime.model.cells import CELLS
from tests.ahn_runtime.model.test_merge import KV_HEADS, plain_attention, random_block

CPU = torch.device("cpu")
HAS_FLASH = torch.cuda.is_available() and find_spec("flash_attn") is not None
needs_flash = pytest.mark.skipif(not HAS_FLASH, reason="needs a CUDA device and flash-attn")


@pytest.fixture
def flash(monkeypatch):
    """The module over a flash_attn that computes its documented results in plain torch calls.

    It stands in for kernels that need a GPU: what is tested is what they get and what is made of
    their results. The real ones are compared in the tests marked gpu.
    """

    def flash_attn_func(q, k, v, *, causal, window_size, return_attn_probs):
        assert return_attn_probs and q.shape[0] == 1 and q.dtype == torch.bfloat16
        rows, keys = q.shape[1], k.shape[1]
        at = torch.arange(rows)[:, None] + keys - rows  # the last query is at the last key
        seen = torch.arange(keys)[None] <= at if causal else torch.ones(rows, keys).bool()
        if window_size[0] >= 0:
            seen &= torch.arange(keys)[None] >= at - window_size[0]
        out, lse = plain_attention(*(x[0].transpose(0, 1).float() for x in (q, k, v)), seen)
        return out.transpose(0, 1)[None].to(q.dtype), lse[None], None

    library = types.ModuleType("flash_attn")
    library.flash_attn_func = flash_attn_func
    monkeypatch.setitem(sys.modules, "flash_attn", library)
    monkeypatch.delitem(sys.modules, "ahn_runtime.backends.flash", raising=False)
    from ahn_runtime.backends import flash

    yield flash
    sys.modules.pop("ahn_runtime.backends.flash", None)


@pytest.mark.parametrize("window, sinks", [(24, 4), (7, 1), (24, 0), (5, 8), (None, 0)])
@pytest.mark.parametrize("start", [0, 1, 4, 8, 20, 24, 27, 28, 29, 61])
@pytest.mark.parametrize("tokens, rows", [(2, 2), (5, 5), (5, 1)])
@pytest.mark.parametrize("rebased", [False, True])
def test_it_equals_attention_with_a_mask(flash, window, sinks, start, tokens, rows, rebased):
    stream = StreamConfig(window, sinks, None, positions="cache" if rebased else "absolute")
    plan = plan_block(start, tokens, stream, CPU)
    q, k, v = (x.bfloat16() for x in random_block(rows, plan.held_before + tokens))
    if not flash.supports(q, plan):
        assert start < sinks and start + tokens > window
        return
    q_sinks = None if plan.sink_positions is None else 2 * q
    ours = flash.attend_block(q, q_sinks, k, v, plan)
    exact, mask = (q.float(), k.float(), v.float()), plan.last_mask(rows)
    if q_sinks is None:
        expected = attend(*exact, mask)
    else:
        expected = attend_rebased(exact[0], q_sinks.float(), *exact[1:], mask, sinks)
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours.float(), expected, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("start", [4, 5, 27, 28, 29, 60, 75, 76])
def test_the_windows_columns_are_its_positions_in_order(start):
    stream = StreamConfig(24, 4, None)
    plan = plan_block(start, 7, stream, CPU)
    held = torch.cat((held_positions(start, stream), plan.positions))
    first = max(4, start - 23)
    assert held[plan.window_columns].tolist() == list(range(first, start + 7))


def test_float32_single_tokens_and_blocks_across_the_sinks_are_left_to_torch(flash):
    stream = StreamConfig(6, 4, None)
    q = torch.zeros(6, 2, 8, dtype=torch.bfloat16)
    assert flash.supports(q, plan_block(4, 2, stream, CPU))
    assert not flash.supports(q.float(), plan_block(4, 2, stream, CPU))
    assert not flash.supports(q[:, :1], plan_block(4, 1, stream, CPU))
    assert not flash.supports(q, plan_block(3, 5, stream, CPU))


# On a GPU.


@pytest.mark.gpu
@needs_flash
@pytest.mark.parametrize("window, sinks", [(24, 4), (129, 3), (64, 0)])
@pytest.mark.parametrize("start, tokens", [(4, 9), (24, 24), (131, 17), (700, 64)])
def test_kernels_equal_attention_with_a_mask_on_a_gpu(window, sinks, start, tokens):
    from ahn_runtime.backends import flash

    tokens = min(tokens, window)
    plan = plan_block(start, tokens, StreamConfig(window, sinks, None), torch.device("cuda"))
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(6, tokens, 64, generator=generator)
    k, v = torch.randn(2, KV_HEADS, plan.held_before + tokens, 64, generator=generator)
    q, k, v = (x.bfloat16().cuda() for x in (q, k, v))
    assert flash.supports(q, plan)
    expected = attend(q.float(), k.float(), v.float(), plan.mask)
    ours = flash.attend_block(q, None, k, v, plan)
    torch.testing.assert_close(ours.float(), expected, rtol=0.02, atol=0.02)


@pytest.mark.gpu
@needs_flash
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_bfloat16_session_with_flash_attn_equals_one_in_torch_on_a_gpu(tiny_dirs, cell):
    from ahn_runtime.backends.torch import TorchBackend

    options = {"dtype": "bfloat16", "kv_dtype": "bfloat16", "window": 96, "sinks": 4}
    fast = Runtime.load(tiny_dirs[cell], device="cuda", **options)
    assert fast.backend.attention == "flash-attn"
    plain = fast.with_stream(backend=TorchBackend())
    a, b = (
        runtime.session().feed(list(range(250)), logits="all").float().log_softmax(-1)
        for runtime in (plain, fast)
    )
    assert (a.exp() * (a - b)).sum(-1).mean() < 2e-2
