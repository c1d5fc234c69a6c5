"""Loaded models: sessions that differ only in what they cache share the weights."""

import threading
from concurrent.futures import ThreadPoolExecutor

import torch

from ahn_runtime import Runtime
from app.service.models import Models
from app.settings import ModelOptions

IDS = torch.arange(3, 203) % 250


def test_models_of_two_windows_share_weights_and_compute_what_separate_models_do(tiny_dir):
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
    for change in ({"quantize": None}, {"ahn": None}):
        models.get(ModelOptions(**{**first.as_dict(), **change}))
    assert len(loads) == 3, "another precision, or no memory, are other weights"
    full = models.get(ModelOptions(**{**first.as_dict(), "window": None}))
    assert len(loads) == 3 and full.stream.cell is None, "nothing leaves it: it has no memory"
    models.keep([first])
    assert models.get(first).model is shared.model and models.get(other).model is shared.model
    models.get(ModelOptions(**{**first.as_dict(), "ahn": None}))
    assert len(loads) == 4, "what is not kept is loaded again"


def test_a_loaded_model_is_returned_while_another_is_loading(tiny_dir):
    loading, go_on = threading.Event(), threading.Event()

    def load(options: ModelOptions) -> Runtime:
        if options.quantize is None:
            loading.set()
            assert go_on.wait(30)
        return Runtime.load(**options.as_dict())

    models = Models(load)
    int8 = ModelOptions(model=str(tiny_dir), window=64, sinks=8, quantize="int8")
    runtime = models.get(int8)
    with ThreadPoolExecutor(1) as pool:
        exact = pool.submit(models.get, ModelOptions(model=str(tiny_dir), quantize=None))
        assert loading.wait(30) and models.get(int8) is runtime and not exact.done()
        go_on.set()
        assert exact.result() is not runtime
