"""The paper's ratios, and figures as run that count what is there."""

import pytest

from ahn_runtime.accounting import (
    block_flops,
    estimated_bytes,
    full_cache_bytes,
    head_flops,
    paper_costs,
)
from ahn_runtime.config import StreamConfig
from tests.support.released import RELEASED

HELD = 32_768


@pytest.mark.parametrize(
    "size, tokens, flops, cache",
    [
        ("3B", 64_000, 0.8629, 0.5200),
        ("3B", 128_000, 0.5943, 0.2600),
        ("3B", 256_000, 0.3565, 0.1300),
        ("3B", 1_000_000, 0.1059, 0.0333),
        ("14B", 128_000, 0.625, 0.2585),
    ],
)
def test_the_papers_ratios(size, tokens, flops, cache):
    costs = paper_costs(RELEASED[size], HELD, tokens)
    assert costs.flops_ratio == pytest.approx(flops, abs=6e-5 if size == "3B" else 6e-4)
    assert costs.cache_ratio == pytest.approx(cache, abs=6e-5)


@pytest.mark.parametrize("tokens", [0, 1, HELD - 1, HELD])
def test_nothing_is_saved_up_to_the_window(tokens):
    costs = paper_costs(RELEASED["3B"], HELD, tokens)
    assert costs.flops_ratio == costs.cache_ratio == 1.0


def test_flops_as_run_do_not_depend_on_where_a_stream_was_cut(load_tiny):
    """Blocks of one size from the start: the same calls, the same count."""
    runtime = load_tiny(300, 4)
    whole, parts = runtime.session(), runtime.session()
    ids = [1] * 1024
    whole.feed(ids, logits=None)
    for start in range(0, 1024, 256):
        parts.feed(ids[start : start + 256], logits=None)
    assert whole.state.flops == parts.state.flops > 0
    assert whole.state.flops_full == parts.state.flops_full > whole.state.flops


def test_full_attention_as_run_costs_what_full_attention_costs(load_tiny):
    session = load_tiny(window=None, sinks=0).session()
    session.feed([1] * 700, logits=None)
    assert session.state.flops == session.state.flops_full
    assert session.cache_bytes == full_cache_bytes(
        session.runtime.config, session.runtime.stream, 700
    )


@pytest.mark.parametrize("tokens", [0, 20, 40, 90])
@pytest.mark.parametrize("retain", [0, 9])
def test_estimated_bytes_are_those_that_are_held(load_tiny, tokens, retain):
    session = load_tiny(24, 4, retain=retain).session()
    session.feed([1] * tokens, logits=None)
    stream, gates = session.runtime.stream, len(session.state.layers[0].gates)
    estimated = estimated_bytes(session.runtime.config, stream, tokens, gates)
    assert session.cache_bytes == estimated


@pytest.mark.parametrize("window, scoring", [(256, 64), (1024, 32)])
def test_the_queries_that_score_the_retained_set_are_counted(load_tiny, window, scoring):
    """One head of each group, of long cells at every second position: its scores once more."""
    config = load_tiny().config
    with_set = StreamConfig(window, 4, None, retain=10)
    without = StreamConfig(window + 10, 4, None)
    ours, _ = block_flops(config, with_set, 2560, 64, 1)
    plain, _ = block_flops(config, without, 2560, 64, 1)
    keys = 4 + window + 10 + 64
    once_more = 2 * config.head_dim * config.num_kv_heads * keys
    assert ours - plain == config.num_layers * scoring * once_more


def test_linear_layers_are_counted_as_torch_counts_them(load_tiny):
    """Against torch's own counter: the products of one block, attention's scores included."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    runtime = load_tiny(window=None, sinks=0, ahn=None)
    for logits, logits_to_keep in ((None, 1), ("all", 64)):
        session = runtime.session()
        session.feed([1] * 64, logits=None)
        counter = FlopCounterMode(display=False)
        with counter, sdpa_kernel(SDPBackend.MATH):  # whose products the counter sees
            session.feed([1] * 64, logits=logits)
        ours, _ = block_flops(runtime.config, StreamConfig(None, 0, None), 64, 64, logits_to_keep)
        head = head_flops(runtime.config, 64) if logits else 0
        assert ours + head == pytest.approx(counter.get_total_flops(), rel=0.02)
