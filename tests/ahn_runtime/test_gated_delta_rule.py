"""Law 3: the chunked form equals the loop, output and final state."""

import pytest
import torch

from ahn_runtime.ops.gated_delta_rule import chunk_gated_delta_rule, naive_gated_delta_rule


def inputs(tokens: int, heads: int = 3, dim: int = 8, seed: int = 0):
    g = torch.Generator().manual_seed(seed)
    q, k, v = (torch.randn(heads, tokens, dim, generator=g) for _ in range(3))
    k = torch.nn.functional.normalize(k, dim=-1)
    beta = torch.rand(heads, tokens, generator=g)
    log_decay = -torch.rand(heads, tokens, generator=g) * 2
    state = torch.randn(heads, dim, dim, generator=g)
    return q, k, v, beta, log_decay, state


@pytest.mark.parametrize("tokens", [1, 2, 63, 64, 65, 200])
@pytest.mark.parametrize("chunk_tokens", [16, 64])
def test_chunked_equals_loop(tokens, chunk_tokens):
    args = inputs(tokens)
    y, state = chunk_gated_delta_rule(*args, chunk_tokens=chunk_tokens)
    y_loop, state_loop = naive_gated_delta_rule(*args)
    torch.testing.assert_close(y, y_loop, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(state, state_loop, rtol=1e-4, atol=1e-4)


def test_strong_decay_stays_finite():
    q, k, v, beta, log_decay, state = inputs(130)
    y, state = chunk_gated_delta_rule(q, k, v, beta, log_decay * 100, state)
    assert y.isfinite().all() and state.isfinite().all()


def test_no_tokens_leave_the_state_alone():
    args = inputs(0)
    for rule in (chunk_gated_delta_rule, naive_gated_delta_rule):
        y, state = rule(*args)
        assert y.shape == (3, 0, 8)
        assert torch.equal(state, args[-1])


def test_one_write_is_read_back():
    """With an empty memory, beta 1 and no decay, reading with the key returns the value."""
    k = torch.nn.functional.normalize(torch.ones(1, 1, 4), dim=-1)
    v = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])
    one, zero = torch.ones(1, 1), torch.zeros(1, 1)
    y, _ = naive_gated_delta_rule(k, k, v, one, zero, torch.zeros(1, 4, 4))
    torch.testing.assert_close(y, v)
