"""Law 3: each chunked recurrence equals its plain loop, output and final state."""

from functools import partial

import pytest
import torch

from ahn_runtime.ops.delta_rule import chunk_delta_rule, naive_delta_rule
from ahn_runtime.ops.gated_delta_rule import (
    chunk_gated_delta_rule,
    naive_gated_delta_rule,
    step_gated_delta_rule,
)
from ahn_runtime.ops.gated_linear_attention import (
    chunk_gated_linear_attention,
    naive_gated_linear_attention,
)

RULES = {
    "gated delta rule": (naive_gated_delta_rule, chunk_gated_delta_rule, ("beta", "log_decay")),
    "delta rule": (naive_delta_rule, chunk_delta_rule, ("beta",)),
    "linear attention": (
        naive_gated_linear_attention,
        chunk_gated_linear_attention,
        ("log_decay",),
    ),
}


@pytest.fixture(params=list(RULES))
def rule(request):
    """(loop, chunked form, arguments for so many tokens)."""
    naive, chunked, gates = RULES[request.param]
    return naive, chunked, partial(arguments, gates)


def arguments(gates: tuple[str, ...], tokens: int, heads: int = 3, dim: int = 8, seed: int = 0):
    g = torch.Generator().manual_seed(seed)
    q, k, v = (torch.randn(heads, tokens, dim, generator=g) for _ in range(3))
    drawn = {
        "beta": torch.rand(heads, tokens, generator=g),
        "log_decay": -torch.rand(heads, tokens, generator=g) * 2,
    }
    state = torch.randn(heads, dim, dim, generator=g)
    k = torch.nn.functional.normalize(k, dim=-1)
    return [q, k, v, *(drawn[name] for name in gates), state]


@pytest.mark.parametrize("tokens", [1, 2, 63, 64, 65, 200])
@pytest.mark.parametrize("chunk_tokens", [16, 64])
def test_chunked_equals_loop(rule, tokens, chunk_tokens):
    naive, chunked, make = rule
    args = make(tokens)
    y, state = chunked(*args, chunk_tokens=chunk_tokens)
    y_loop, state_loop = naive(*args)
    torch.testing.assert_close(y, y_loop, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(state, state_loop, rtol=1e-4, atol=1e-4)


def test_a_single_step_equals_the_loop():
    args = arguments(("beta", "log_decay"), 1, heads=14, dim=64)
    before = args[-1].clone()
    for ours, expected in zip(
        step_gated_delta_rule(*args), naive_gated_delta_rule(*args), strict=True
    ):
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(args[-1], before)


def test_the_given_state_is_not_changed(rule):
    naive, chunked, make = rule
    for scan in (naive, chunked):
        args = make(70)
        before = args[-1].clone()
        scan(*args)
        assert torch.equal(args[-1], before)


def test_no_tokens_leave_the_state_alone(rule):
    naive, chunked, make = rule
    args = make(0)
    for scan in (naive, chunked):
        y, state = scan(*args)
        assert y.shape == (3, 0, 8)
        assert torch.equal(state, args[-1])


@pytest.mark.parametrize("name", ["gated delta rule", "linear attention"])
def test_strong_decay_stays_finite(name):
    _, chunked, gates = RULES[name]
    args = arguments(gates, 130)
    args[-2] = args[-2] * 100
    y, state = chunked(*args)
    assert y.isfinite().all() and state.isfinite().all()


def test_one_write_is_read_back():
    """With an empty memory, beta 1 and no decay, reading with the key returns the value."""
    k = torch.nn.functional.normalize(torch.ones(1, 1, 4), dim=-1)
    v = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])
    one, zero, empty = torch.ones(1, 1), torch.zeros(1, 1), torch.zeros(1, 4, 4)
    torch.testing.assert_close(naive_gated_delta_rule(k, k, v, one, zero, empty)[0], v)
    torch.testing.assert_close(naive_delta_rule(k, k, v, one, empty)[0], v)
    torch.testing.assert_close(naive_gated_linear_attention(k, k, v, zero, empty)[0], v)


def test_the_delta_rule_replaces_what_a_key_held_and_linear_attention_adds():
    k = torch.nn.functional.normalize(torch.ones(1, 2, 4), dim=-1)
    v = torch.tensor([[[1.0, 1.0, 1.0, 1.0], [5.0, 5.0, 5.0, 5.0]]])
    one, zero, empty = torch.ones(1, 2), torch.zeros(1, 2), torch.zeros(1, 4, 4)
    torch.testing.assert_close(naive_delta_rule(k, k, v, one, empty)[0][:, 1], v[:, 1])
    added, _ = naive_gated_linear_attention(k, k, v, zero, empty)
    torch.testing.assert_close(added[:, 1], v.sum(dim=1))
