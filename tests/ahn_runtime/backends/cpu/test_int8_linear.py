"""Int8: exact integer products, rows that do not know their neighbours, and a bounded loss."""

import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from ahn_runtime import Runtime
from ahn_runtime.backends.cpu import int8_product as products
from ahn_runtime.backends.cpu.backend import CpuBackend
from ahn_runtime.backends.cpu.int8_linear import (
    FusedLinear,
    Int8Linear,
    quantize_rows,
    shared_inputs,
    store_adjacent,
)
from ahn_runtime.backends.cpu.int8_product import (
    LEVELS,
    few_rows_product,
    float_product,
    int8_product,
)
from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.loading import int8_file as quantized_cache
from ahn_runtime.loading.embedded import CACHE_VARIABLE
from ahn_runtime.loading.tiny import write_tiny
from tests.support.model import feed_split, token_ids
from tests.support.paths import DATA, ROOT

REAL_TEXT = (DATA / "two_destinies.txt").read_text("utf-8")


@pytest.mark.parametrize("is_best", [True, False])
@pytest.mark.parametrize("product", [int8_product, float_product, few_rows_product])
@pytest.mark.parametrize(
    "rows, terms, columns", [(1, 96, 40), (33, 4864, 40), (3, 1041, 4100), (65, 96, 40)]
)
def test_products_are_exact_on_any_processor(product, rows, terms, columns, is_best, monkeypatch):
    """Largest values too, where some processors' own instructions saturate."""
    is_best = is_best and products.torch_product_is_exact()
    monkeypatch.setattr(products, "torch_product_is_best", lambda: is_best)
    generator = torch.Generator().manual_seed(0)
    a, b = (
        torch.randint(-LEVELS, LEVELS + 1, shape, generator=generator, dtype=torch.int8)
        for shape in ((rows, terms), (columns, terms))
    )
    a[0], b[0], b[1], b[2, ::2] = LEVELS, LEVELS, -LEVELS, LEVELS
    exact = (a.double() @ b.double().T).to(torch.int32)
    assert torch.equal(product(a, b.T), exact)
    assert torch.equal(product(a, b.T.contiguous()), exact)


OLDER = {"ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
"""Products are then computed as on a processor without AVX-512; other processors ignore them."""

ANOTHER_PROCESSOR = """
import sys, torch
from ahn_runtime import Runtime
from ahn_runtime.backends.cpu.int8_linear import Int8Linear, quantize_rows
torch.manual_seed(0)
layer, x = Int8Linear(1200, 40, bias=True, two_term=True), torch.randn(7, 1200)
rows, scale = quantize_rows(torch.randn(40, 1200))
layer.weight.data, layer.scale.data, layer.bias.data = rows, scale[:, 0], torch.randn(40)
session = Runtime.load(sys.argv[1], window=24, sinks=4, quantize="int8").session()
torch.save((layer(x), session.feed(list(range(60)), logits="all")), sys.argv[2])
"""


def test_an_older_processor_runs_int8_and_gives_the_bits_of_integers(tiny_dir, tmp_path):
    results = []
    for name, variables in (("here", {}), ("older", OLDER)):
        command = [sys.executable, "-c", ANOTHER_PROCESSOR, str(tiny_dir), str(tmp_path / name)]
        here = ROOT
        subprocess.run(command, check=True, cwd=here, env={**os.environ, **variables})
        results.append(torch.load(tmp_path / name))
    (layer, logits), (older_layer, older_logits) = results
    assert torch.equal(layer, older_layer)
    kl, top1 = kl_and_top1(logits, older_logits)
    assert kl <= 1e-2 and top1 >= 0.95


@pytest.fixture
def layers():
    torch.manual_seed(0)
    exact = torch.nn.Linear(96, 40)
    exact.weight.data[3, 5] = 2.0  # an outlier, as real weights have
    ours = Int8Linear(96, 40, bias=True)
    rows, scale = quantize_rows(exact.weight.data)
    ours.weight.data, ours.scale.data, ours.bias.data = rows, scale[:, 0], exact.bias.data
    return exact, ours


def test_it_equals_the_formula_in_plain_arithmetic(layers):
    exact, ours = layers
    x = torch.randn(7, 96)
    x_scale = x.abs().amax(1, keepdim=True) / 127
    xq = (x / x_scale).round()
    expected = x_scale * ours.scale * (xq @ ours.weight.float().T) + exact.bias
    torch.testing.assert_close(ours(x), expected, rtol=1e-6, atol=1e-6)
    assert (ours(x) - exact(x)).norm() < 0.02 * exact(x).norm()


@pytest.mark.parametrize("two_term", [False, True])
def test_it_hands_gradients_back(layers, two_term):
    exact, ours = layers
    ours.two_term = two_term
    x, above = torch.randn(7, 96, requires_grad=True), torch.randn(7, 40)
    ours(x).backward(above)
    through = above @ (ours.weight.float() * ours.scale[:, None])
    assert (x.grad - through).norm() < (1e-3 if two_term else 0.05) * through.norm()
    with torch.no_grad():
        assert torch.equal(ours(x), ours(x.detach().requires_grad_()))


@pytest.fixture
def sharing_input(layers):
    """Two layers of the same input."""
    _, first = layers
    second = Int8Linear(96, 24, bias=True)
    rows, scale = quantize_rows(torch.randn(24, 96))
    second.weight.data, second.scale.data, second.bias.data = rows, scale[:, 0], torch.randn(24)
    return first, second


@pytest.mark.parametrize("adjacent", [False, True])
def test_fused_layers_give_the_bits_of_each(sharing_input, adjacent):
    x = torch.randn(7, 96)
    apart = [layer(x) for layer in sharing_input]
    if adjacent:
        store_adjacent(sharing_input)
    fused = FusedLinear(sharing_input)
    for ours, before, layer in zip(fused(x), apart, sharing_input, strict=True):
        assert torch.equal(ours, before) and torch.equal(layer(x), before)
    is_view = fused.layer.weight.data_ptr() == sharing_input[0].weight.data_ptr()
    assert is_view is adjacent, "adjacent weights need no second copy"


def parameters(model):
    return {n: (p.data_ptr(), p.detach().clone()) for n, p in model.named_parameters()}


def test_a_runtime_does_not_change_its_model_nor_hold_its_weights_twice(tiny_dir):
    runtime = Runtime.load(tiny_dir, window=24, sinks=4, quantize="int8")
    model, before = runtime.model, parameters(runtime.model)
    attributes = {name: set(vars(module)) for name, module in model.named_modules()}
    fresh = runtime.with_stream(backend=CpuBackend(model))
    fresh.session().feed(token_ids(60))
    assert attributes == {name: set(vars(module)) for name, module in model.named_modules()}
    for name, (address, numbers) in parameters(model).items():
        assert address == before[name][0] and torch.equal(numbers, before[name][1])
    for layers in shared_inputs(model):
        assert FusedLinear(layers).layer.weight.data_ptr() == layers[0].weight.data_ptr()


def test_a_model_is_fused_where_inputs_are_shared_and_keeps_its_names(tiny_dir):
    exact = Runtime.load(tiny_dir)
    int8 = Runtime.load(tiny_dir, quantize="int8")
    assert sorted(map(len, shared_inputs(int8.model))) == [2, 2, 3, 3]
    names = [{n for n, _ in runtime.model.named_parameters()} for runtime in (exact, int8)]
    assert names[0] == {n for n in names[1] if not n.endswith(".scale")}
    h, backend = torch.randn(5, int8.config.hidden_size), int8.backend
    for layers in shared_inputs(int8.model):
        fused, apart = backend.linear(h, *layers), TorchBackend().linear(h, *layers)
        for ours, theirs in zip(fused, apart, strict=True):
            assert torch.equal(ours, theirs)


def test_a_row_does_not_depend_on_its_neighbours(layers):
    _, ours = layers
    x = torch.randn(9, 96)
    x[4] *= 1000
    together = ours(x)
    for i in range(9):
        assert torch.equal(ours(x[i : i + 1]), together[i : i + 1])


def test_what_rounding_left_over_can_be_added(layers):
    """A two-term layer is as exact as its weights are."""
    exact, coarse = layers
    fine = Int8Linear(96, 40, bias=True, two_term=True)
    fine.load_state_dict(coarse.state_dict())
    x = torch.randn(9, 96)
    weights = coarse.weight.float() * coarse.scale[:, None]
    expected = torch.nn.functional.linear(x, weights, exact.bias)
    assert (fine(x) - expected).norm() < 1e-4 * expected.norm()
    assert (coarse(x) - expected).norm() > 1e-3 * expected.norm()
    assert torch.equal(fine(x[:1]), fine(x)[:1])


def test_a_row_of_zeros_is_zero(layers):
    exact, ours = layers
    assert torch.equal(ours(torch.zeros(2, 96)), exact.bias.expand(2, -1))


def test_the_largest_weight_of_a_row_is_kept():
    rows, scale = quantize_rows(torch.tensor([[0.5, -2.0, 0.0]]))
    assert rows.tolist() == [[32, -127, 0]]
    torch.testing.assert_close(rows * scale, torch.tensor([[0.5, -2.0, 0.0]]), atol=0.01, rtol=0)


def kl_and_top1(a: torch.Tensor, b: torch.Tensor) -> tuple[float, float]:
    """Mean KL(a || b) in nats and the share of positions with the same first choice."""
    a, b = a.log_softmax(-1), b.log_softmax(-1)
    kl = float((a.exp() * (a - b)).sum(-1).mean())
    return kl, float((a.argmax(-1) == b.argmax(-1)).float().mean())


@pytest.mark.parametrize("lengths", [[1] * 60, [13, 1, 40], [24] * 3])
def test_any_split_gives_nearly_the_same_logits(load_each, lengths):
    """Law 1 as it is stated for int8."""
    runtime, ids = load_each(quantize="int8"), token_ids(110)
    whole = runtime.session().feed(ids, logits="all")
    split = feed_split(runtime.session(), ids, lengths)
    kl, top1 = kl_and_top1(whole, split)
    assert kl <= 1e-2 and top1 >= 0.95


def test_the_same_split_is_bit_equal(load_tiny):
    runtime, ids = load_tiny(quantize="int8"), token_ids(90)
    a, b = (feed_split(runtime.session(), ids, [13, 1, 40]) for _ in range(2))
    assert torch.equal(a, b)


def test_the_memory_stays_exact_and_every_other_linear_layer_is_int8(load_tiny):
    model = load_tiny(quantize="int8").model
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Embedding):
            assert ".ahn." in name
    dtypes = {p.dtype for n, p in model.named_parameters() if ".ahn." in n}
    assert dtypes == {torch.float32}


def test_a_state_of_the_exact_model_is_refused(load_tiny):
    from ahn_runtime import ModelMismatchError

    session = load_tiny().session()
    session.feed([1, 2, 3])
    with pytest.raises(ModelMismatchError, match="quantize"):
        load_tiny(quantize="int8").restore(session.snapshot())


@pytest.mark.slow
def test_on_the_real_model_little_is_lost(embedded):
    """The shipped default's bound, past the window too, in blocks and token by token."""
    ids, singles = embedded.tokenizer.encode(REAL_TEXT)[:1500], 100
    options = {"window": 512, "sinks": 64}
    exact = Runtime.load("embedded", **options).session().feed(ids, logits="all")
    session = Runtime.load("embedded", quantize="int8", **options).session()
    ours = session.fork().feed(ids, logits="all")
    kl, top1 = kl_and_top1(exact, ours)
    assert kl <= 0.02 and top1 >= 0.92
    session.feed(ids[:-singles], logits=None)
    ours = torch.cat([session.feed([i]) for i in ids[-singles:]])
    kl, top1 = kl_and_top1(exact[-singles:], ours)
    assert kl <= 0.02 and top1 >= 0.92


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(quantized_cache, "MIN_BYTES", 0)
    return tmp_path / "cache" / "int8"


def test_weights_are_quantized_once_and_read_back_bit_for_bit(cache, tmp_path, monkeypatch):
    model = write_tiny(tmp_path / "model")
    options = {"window": 24, "sinks": 4, "quantize": "int8"}
    ids = token_ids(60)
    first = Runtime.load(model, **options)
    (kept,) = cache.iterdir()
    monkeypatch.setattr("ahn_runtime.loading.weights.quantize_rows", lambda _: 1 / 0)  # not again
    second = Runtime.load(model, **options)
    assert second.identity == first.identity
    assert torch.equal(second.session().feed(ids), first.session().feed(ids))
    assert not any(".ahn." in name for name in load_file(kept))


def test_another_model_in_the_same_place_is_quantized_again(cache, tmp_path):
    options = {"window": 24, "sinks": 4, "quantize": "int8"}
    first = Runtime.load(write_tiny(tmp_path / "model"), **options)
    other = Runtime.load(write_tiny(tmp_path / "model", seed=1), **options)
    assert len(list(cache.iterdir())) == 2 and first.identity != other.identity


def test_a_damaged_copy_is_made_again(cache, tmp_path):
    model = write_tiny(tmp_path / "model")
    first = Runtime.load(model, quantize="int8")
    (kept,) = cache.iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert Runtime.load(model, quantize="int8").identity == first.identity
    assert len(kept.read_bytes()) > 100


def test_a_cache_that_cannot_be_written_does_not_stop_the_loading(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(quantized_cache, "MIN_BYTES", 0)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    model = write_tiny(tmp_path / "model")
    assert Runtime.load(model, quantize="int8").stream.quantize == "int8"
