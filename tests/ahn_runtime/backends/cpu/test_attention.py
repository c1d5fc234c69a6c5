"""Attention in loops against attention in torch calls."""

import numpy as np
import pytest
import torch

from ahn_runtime.backends.cpu.attention import decode_attention
from ahn_runtime.model.attention import attend, attend_few


@pytest.mark.parametrize("heads, kv_heads, held", [(6, 2, 1), (6, 2, 67), (14, 2, 300), (4, 4, 64)])
def test_attention_of_a_single_token_equals_the_one_in_calls(heads, kv_heads, held):
    torch.manual_seed(0)
    q, (k, v) = 3 * torch.randn(heads, 1, 8), torch.randn(2, kv_heads, held + 5, 8)
    out, scores = np.empty((heads, 1, 8), np.float32), np.empty((heads, held), np.float32)
    for first, last in ((0, 1), (1, heads)):
        decode_attention(q.numpy(), k.numpy(), v.numpy(), held, scores, out, first, last)
    for twin in (attend, attend_few):
        expected = twin(q, k[:, :held], v[:, :held], None)
        torch.testing.assert_close(torch.from_numpy(out), expected, rtol=1e-5, atol=1e-6)
