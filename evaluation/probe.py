"""Which tokens' writes move the output most: a gradient probe of what a memory keeps.

Every written value gets a factor, 1 as in a session. The gradient of KL(full || memory) at the last
positions with respect to these factors says, to first order, how much the loss would change had a
head not written a token. Its length over all layers and heads is the token's influence.

Source: the gradient visualisation of "Artificial Hippocampus Networks" (arXiv 2510.07318),
section 4, which differentiates with respect to the tokens' embeddings instead.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch

from ahn_runtime import Runtime
from training.distill import Window, compare, study, teach


@dataclass(frozen=True)
class Influence:
    """A passage's written tokens as text, and each one's influence."""

    tokens: tuple[str, ...]
    influence: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(runtime: Runtime, ids: list[int], window: int, sinks: int, scored: int) -> Influence:
    """Probe the memory over one passage.

    Args:
        ids: the passage, longer than window + sinks + scored.
        scored: the loss is taken at the last so many positions.

    Raises:
        ValueError: no memory, or a passage too short.
    """
    if runtime.stream.cell is None:
        raise ValueError("There is no memory to probe: name one with --ahn.")
    view = Window(window, sinks, len(ids))
    written = len(ids) - view.first
    if written <= scored:
        raise ValueError(
            f"{len(ids)} tokens leave nothing to probe beyond a window of {window} with {sinks} "
            f"sinks and {scored} scored positions; take a longer passage."
        )
    model, backend = runtime.model, runtime.backend
    tokens = torch.tensor(ids, device=runtime.device)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    taught, shares = teach(model, backend, tokens, view)
    shape = (runtime.config.num_layers, runtime.config.num_heads, written)
    strengths = torch.ones(shape, device=runtime.device, requires_grad=True)
    studied = study(model, backend, tokens, view, shares, strengths=strengths)
    rows = slice(written - scored - 1, written - 1)
    targets = tokens[view.first :][rows.start + 1 : rows.stop + 1]
    weights = torch.full((scored,), 1 / scored, device=runtime.device)
    _, gradient = compare(model.lm_head, studied[rows], taught[rows], targets, weights)
    studied[rows].backward(gradient)
    assert strengths.grad is not None
    influence = strengths.grad.square().sum(dim=(0, 1)).sqrt()
    # What is written after the scored positions began is read by some of them only.
    shown = written - scored
    pieces = [runtime.tokenizer.decode([i]) for i in ids[sinks : sinks + shown]]
    return Influence(tuple(pieces), tuple(influence[:shown].tolist()))
