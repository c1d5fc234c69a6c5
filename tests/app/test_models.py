"""Loaded models: the weights once for all sessions that differ only in what they hold."""

import torch

from ahn_runtime import Runtime
from app.service.models import Models
from app.settings import ModelOptions

IDS = torch.arange(3, 203) % 250


def test_another_window_shares_the_weights_and_computes_what_a_model_of_its_own_does(tiny_dir):
    loads = []

    def load(options: ModelOptions) -> Runtime:
        loads.append(options)
        return Runtime.load(**options.as_dict())

    models = Models(load)
    first = ModelOptions(model=str(tiny_dir), window=64, sinks=8, quantize="int8")
    changed = {"window": 32, "sinks": 4, "kv_dtype": "bfloat16", "positions": "cache"}
    other = ModelOptions(**{**first.as_dict(), **changed})
    shared = (models.get(first), models.get(other))[1]
    assert len(loads) == 1 and models.get(other) is shared
    assert shared.model is models.get(first).model
    lone = Runtime.load(**other.as_dict())
    assert shared.stream == lone.stream and shared.fingerprint == lone.fingerprint
    logits = [runtime.session().feed(IDS) for runtime in (shared, lone)]
    assert torch.equal(*logits)
    for change in ({"quantize": None}, {"ahn": None}, {"window": None}):
        models.get(ModelOptions(**{**first.as_dict(), **change}))
    assert len(loads) == 4, "another precision, memory or full attention are other weights"
