"""The reference's own numbers, at every position, for every way of feeding."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ahn_runtime import Runtime

GOLDEN = Path(__file__).parent.parent / "golden" / "GatedDeltaNet_w24_s4"


@pytest.fixture(scope="module")
def golden():
    return load_file(GOLDEN / "golden.safetensors")


@pytest.fixture(scope="module")
def runtime():
    return Runtime.load(GOLDEN, window=24, sinks=4)


@pytest.mark.parametrize("step", [120, 7, 1, 29])
def test_logits_equal_the_reference_at_every_position(runtime, golden, step):
    session, ids = runtime.session(), golden["input_ids"]
    fed = [session.feed(part, logits="all") for part in ids.split(step)]
    torch.testing.assert_close(torch.cat(fed), golden["logits_prefill"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_final_memory_equals_the_reference(runtime, golden, layer):
    session = runtime.session()
    session.feed(golden["input_ids"])
    memory = session.state.layers[layer].memory
    torch.testing.assert_close(memory, golden[f"state_layer{layer}"][0], rtol=0, atol=1e-4)


def test_without_memory_equals_the_reference_without_memory(golden):
    session = Runtime.load(GOLDEN, window=24, sinks=4, ahn=None).session()
    logits = session.feed(golden["input_ids"], logits="all")
    torch.testing.assert_close(logits, golden["logits_prefill_noahn"], rtol=0, atol=1e-4)


def test_zero_memory_weights_miss_the_golden_numbers(golden):
    """The golden test would fail without a working memory."""
    runtime = Runtime.load(GOLDEN, window=24, sinks=4)
    for layer in runtime.model.model.layers:
        layer.ahn.fn.o_proj.weight.zero_()
    logits = runtime.session().feed(golden["input_ids"], logits="all")
    assert (logits - golden["logits_prefill"]).abs().max() > 0.05
