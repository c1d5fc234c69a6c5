"""From logits to the next token."""

from __future__ import annotations

import torch
from torch import Tensor


class Sampler:
    """Greedy at temperature 0, nucleus sampling above.

    Args:
        temperature: 0 for the likeliest token; above 0, logits are divided by it.
        top_p: tokens are drawn from the smallest set whose probability reaches this.
        seed: makes the draws repeatable; None draws a fresh one.

    Raises:
        ValueError: temperature below 0, top_p outside (0, 1].
    """

    def __init__(
        self, temperature: float = 0.0, top_p: float = 1.0, seed: int | None = None
    ) -> None:
        if temperature < 0:
            raise ValueError(f"temperature must be 0 or more; got {temperature}.")
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1]; got {top_p}.")
        self.temperature, self.top_p = temperature, top_p
        self._generator = torch.Generator()
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)

    def pick(self, logits: Tensor) -> int:
        """The next token id from logits [vocab]."""
        if self.temperature == 0:
            return int(logits.argmax())
        scaled = (logits.float() / self.temperature).cpu()
        probabilities, ids = torch.softmax(scaled, dim=-1).sort(descending=True)
        # A token stays while the mass before it is below top_p, so the first always stays.
        probabilities[probabilities.cumsum(-1) - probabilities >= self.top_p] = 0
        return int(ids[torch.multinomial(probabilities, 1, generator=self._generator)])
