"""Exponentials in loops against the library's."""

import numpy as np
import torch

from ahn_runtime.backends.cpu.fast_exp import exponential, silu
from ahn_runtime.backends.cpu.jit import jit


@jit
def all_of(x, out):
    for i in range(len(x)):
        out[0, i] = exponential(x[i] - np.float32(100))
        out[1, i] = silu(x[i])


def test_exponentials_and_silu_are_those_of_the_library():
    x = np.linspace(-100, 100, 50_001, dtype=np.float32)
    out = np.empty((2, len(x)), np.float32)
    all_of(x, out)
    exact = np.exp(np.maximum(x.astype(np.float64) - 100, -87))
    np.testing.assert_allclose(out[0], exact, rtol=5e-6)
    expected = torch.nn.functional.silu(torch.from_numpy(x).double()).numpy()
    np.testing.assert_allclose(out[1], expected, rtol=5e-6, atol=1e-30)
