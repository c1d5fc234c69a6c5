"""How a backend is chosen; the CUDA backend's layouts, and on a GPU its results."""

import sys
import types
from importlib.machinery import ModuleSpec
from importlib.util import find_spec

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.backends.base import backend_class, choose_backend
from ahn_runtime.backends.cpu.backend import CpuBackend
from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.model.cells import CELLS
from ahn_runtime.ops.delta_rule import naive_delta_rule
from ahn_runtime.ops.gated_delta_rule import naive_gated_delta_rule
from ahn_runtime.ops.gated_linear_attention import naive_gated_linear_attention
from tests.ahn_runtime.ops.test_recurrences import RULES, arguments
from training.distill import Window, student_forward, teacher_forward

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_a_cpu_never_takes_fla(fla, load_tiny):
    assert backend_class(CPU) is CpuBackend and CpuBackend.recurrences == "torch"
    assert type(choose_backend(load_tiny().model, CPU)) is CpuBackend


def test_cuda_takes_fla_where_it_is_installed(fla):
    assert backend_class(CUDA).recurrences == "flash-linear-attention"


@pytest.mark.skipif(find_spec("fla") is not None, reason="fla is installed")
def test_cuda_without_fla_takes_torch():
    assert backend_class(CUDA) is TorchBackend


@pytest.fixture
def fla(monkeypatch):
    """A library in fla's layouts ([B, T, H, ·], states [B, H, K, V]) that computes with our loops.

    It stands in for Triton kernels, which need a GPU: what is tested is what we hand to them and
    take back. The real ones are compared in the tests marked gpu.
    """

    def scan(naive, *, wants_16_bit):
        def call(q, k, v, *, scale, initial_state, output_final_state, g=None, beta=None):
            assert scale == 1.0 and output_final_state
            assert q.shape[0] == 1 and q.is_contiguous() and initial_state.dtype == torch.float32
            assert (q.dtype == k.dtype == v.dtype == torch.bfloat16) is wants_16_bit
            rows = [x[0].transpose(0, 1).float() for x in (q, k, v)]
            gates = [x[0].T.float() for x in (beta, g) if x is not None]
            out, final = naive(*rows, *gates, initial_state[0])
            return out.transpose(0, 1)[None].to(q.dtype), final[None]

        return call

    rules = {
        "gated_delta_rule": naive_gated_delta_rule,
        "delta_rule": naive_delta_rule,
        "simple_gla": naive_gated_linear_attention,
    }
    for name in ("fla", "fla.ops"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    for name, naive in rules.items():
        module = types.ModuleType(f"fla.ops.{name}")
        setattr(module, f"chunk_{name}", scan(naive, wants_16_bit=True))
        setattr(module, f"fused_recurrent_{name}", scan(naive, wants_16_bit=False))
        monkeypatch.setitem(sys.modules, f"fla.ops.{name}", module)
    monkeypatch.delitem(sys.modules, "ahn_runtime.backends.fla", raising=False)
    sys.modules["fla"].__spec__ = ModuleSpec("fla", None)  # which says that it is installed
    from ahn_runtime.backends.fla import FlaBackend

    yield FlaBackend()
    sys.modules.pop("ahn_runtime.backends.fla", None)


@pytest.mark.parametrize(
    "capability, version, refuses",
    [
        ((9, 0), "3.6.0", True),
        ((9, 0), "3.4.1", True),
        ((9, 0), "3.7.1", False),
        ((9, 0), "3.3.1", False),
        ((9, 0), "3.10.0+git1", False),
        ((8, 0), "3.6.0", False),
    ],
)
def test_where_fla_refuses_gradients_torch_computes_them(
    fla, monkeypatch, capability, version, refuses
):
    from ahn_runtime.backends import fla as module

    monkeypatch.setitem(sys.modules, "triton", types.SimpleNamespace(__version__=version))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert module.refuses_gradients(CUDA) is refuses
    monkeypatch.setattr(module, "refuses_gradients", lambda device: refuses)
    for rule, method in METHODS.items():
        _, _, gates = RULES[rule]
        args = [x.requires_grad_() for x in arguments(gates, 65)]
        by_torch = getattr(TorchBackend(), method)(*args)[0]
        has_decay = method != "delta_rule"  # its gradients were never wrong
        assert torch.equal(getattr(fla, method)(*args)[0], by_torch) is (refuses and has_decay)
        with torch.no_grad():  # reading needs no gradients
            assert not torch.equal(getattr(fla, method)(*args)[0], by_torch)


METHODS = dict(
    zip(RULES, ("gated_delta_rule", "delta_rule", "gated_linear_attention"), strict=True)
)


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("tokens, atol", [(1, 1e-6), (16, 1e-6), (17, 0.1), (130, 0.1)])
def test_the_layouts_handed_to_fla(fla, rule, tokens, atol):
    """Short feeds stay in float32; long ones are rounded to bfloat16 on the way in."""
    naive, _, gates = RULES[rule]
    args = arguments(gates, tokens)
    y, state = getattr(fla, METHODS[rule])(*args)
    y_loop, state_loop = naive(*args)
    assert y.dtype == state.dtype == torch.float32
    torch.testing.assert_close(y, y_loop, rtol=0.05, atol=atol)
    torch.testing.assert_close(state, state_loop, rtol=0.05, atol=atol)


# On a GPU.


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("tokens", [1, 16, 17, 64, 257])
def test_kernels_equal_the_loop_on_a_gpu(rule, tokens):
    """As vectors: rounding to bfloat16 can make any single number of thousands an outlier."""
    naive, _, gates = RULES[rule]
    args = arguments(gates, tokens, dim=64)
    scan = getattr(backend_class(CUDA)(), METHODS[rule])
    most = 1e-5 if tokens <= 16 else 0.02
    for ours, loop in zip(scan(*(x.cuda() for x in args)), naive(*args), strict=True):
        assert (ours.cpu() - loop).norm() < most * loop.norm()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("rule", list(RULES))
def test_gradients_equal_the_loops_on_a_gpu(rule):
    naive, _, gates = RULES[rule]
    args = [x.requires_grad_() for x in arguments(gates, 130, dim=64)]
    scan = getattr(backend_class(CUDA)(), METHODS[rule])
    y, _ = scan(*(x.cuda() for x in args))
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(1))
    ours = torch.autograd.grad((y.cpu() * weights).sum(), args)
    exact = torch.autograd.grad((naive(*args)[0] * weights).sum(), args)
    for a, b in zip(ours, exact, strict=True):
        assert (a - b).norm() < 0.05 * b.norm()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("dtype, worst_kl", [("float32", 1e-3), ("bfloat16", 2e-2)])
@pytest.mark.parametrize("retain", [0, 40])
def test_a_session_on_a_gpu_equals_one_on_a_cpu(tiny_dirs, cell, dtype, worst_kl, retain):
    options = {"window": 96 - retain, "sinks": 4, "retain": retain}
    ids = list(range(250))
    exact = Runtime.load(tiny_dirs[cell], device="cpu", **options).session()
    gpu = Runtime.load(tiny_dirs[cell], device="cuda", dtype=dtype, kv_dtype=dtype, **options)
    a = exact.feed(ids, logits="all").log_softmax(-1)
    b = gpu.session().feed(ids, logits="all").float().cpu().log_softmax(-1)
    if retain and dtype == "bfloat16":  # rounding decides between tokens of nearly equal strength,
        a, b = a[:100], b[:100]  # on a CPU too: equal until the first one is lost
    assert (a.exp() * (a - b)).sum(-1).mean() < worst_kl


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("retain", [0, 9])
def test_the_student_forward_on_a_gpu_equals_a_session(tiny_dir, retain):
    runtime = Runtime.load(tiny_dir, device="cuda", window=24, sinks=4, retain=retain)
    ids = torch.arange(101, device=CUDA)
    view = Window(24, 4, 101, retain)
    _, shares = teacher_forward(runtime.model, runtime.backend, ids, view)
    states = student_forward(runtime.model, runtime.backend, ids, view, shares)
    a = runtime.session().feed(ids.tolist(), logits="all")[view.first :].log_softmax(-1)
    b = runtime.model.lm_head(states).float().log_softmax(-1)
    assert (a.exp() * (a - b)).sum(-1).mean() < 1e-3
