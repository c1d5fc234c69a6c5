"""The reference's own numbers, at every position, for every way of feeding and every memory."""

import pytest
import torch
from safetensors.torch import load_file

from ahn_runtime import Runtime
from ahn_runtime.model.cells import CELLS
from tests.support.paths import GOLDEN

ATOL = {"GatedDeltaNet": 1e-4, "DeltaNet": 1e-4, "Mamba2": 3e-4}


@pytest.fixture(scope="module", params=list(CELLS))
def cell(request):
    return request.param


@pytest.fixture(scope="module")
def golden(cell):
    return load_file(GOLDEN / f"{cell}_w24_s4" / "golden.safetensors")


@pytest.fixture(scope="module")
def load(cell):
    return lambda **options: Runtime.load(GOLDEN / f"{cell}_w24_s4", window=24, sinks=4, **options)


@pytest.mark.parametrize("step", [120, 7, 1, 29])
def test_logits_equal_the_reference_at_every_position(load, golden, cell, step):
    session, ids = load().session(), golden["input_ids"]
    fed = torch.cat([session.feed(part, logits="all") for part in ids.split(step)])
    torch.testing.assert_close(fed, golden["logits_prefill"], rtol=0, atol=ATOL[cell])


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_final_memory_equals_the_reference(load, golden, cell, layer):
    session = load().session()
    session.feed(golden["input_ids"])
    reference = golden[f"state_layer{layer}"][0]
    if cell == "Mamba2":  # the reference holds this one value axis first
        reference = reference.mT
    memory = session.state.layers[layer].memory
    torch.testing.assert_close(memory, reference, rtol=0, atol=ATOL[cell])


def test_without_memory_equals_the_reference_without_memory(load, golden):
    logits = load(ahn=None).session().feed(golden["input_ids"], logits="all")
    torch.testing.assert_close(logits, golden["logits_prefill_noahn"], rtol=0, atol=1e-4)


def test_zero_memory_weights_miss_the_golden_numbers(load, golden):
    """The golden test would fail without a working memory."""
    runtime = load()
    for layer in runtime.model.model.layers:
        layer.ahn.fn.o_proj.weight.zero_()
    logits = runtime.session().feed(golden["input_ids"], logits="all")
    assert (logits - golden["logits_prefill"]).abs().max() > 0.05
