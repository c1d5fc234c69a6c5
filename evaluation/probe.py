"""Which tokens' writes change the output most: a gradient probe of a memory's content.

Every value that is written to the memory gets a factor, which is 1 in a session. The gradient of
KL(full || memory) at the last positions with respect to these factors is, to first order, the
change of the loss if a head did not write a token. Its norm over all layers and heads is the
token's influence.

Source: the gradient visualisation of "Artificial Hippocampus Networks" (arXiv 2510.07318),
section 4, which differentiates with respect to the tokens' embeddings instead.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch

from ahn_runtime import Runtime
from training.distill import Window, distillation_loss, student_forward, teacher_forward


@dataclass(frozen=True)
class Influence:
    """The influence of a passage's tokens.

    Args:
        tokens: the written tokens, as text.
        influence: one number for each token, 0 or more.
    """

    tokens: tuple[str, ...]
    influence: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return asdict(self)


def measure(runtime: Runtime, ids: list[int], window: int, sinks: int, scored: int) -> Influence:
    """Probe the memory over one passage.

    Args:
        runtime: loaded with a memory; the gradients of its parameters are switched off.
        ids: token ids of the passage, more than window + sinks + scored.
        window, sinks: W and S.
        scored: number of positions at the end of the passage that the loss is computed at.

    Raises:
        ValueError: the runtime has no memory, or the passage is too short.
    """
    if runtime.stream.cell is None:
        raise ValueError("There is no memory to probe: name one with --ahn.")
    view = Window(window, sinks, len(ids))
    written = len(ids) - view.first
    if written <= scored:
        raise ValueError(
            f"{len(ids)} tokens leave nothing to probe beyond a window of {window} with {sinks} "
            f"sinks and {scored} scored positions; choose a longer passage."
        )
    model, backend = runtime.model, runtime.backend
    tokens = torch.tensor(ids, device=runtime.device)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    teacher_states, shares = teacher_forward(model, backend, tokens, view)
    shape = (runtime.config.num_layers, runtime.config.num_heads, written)
    strengths = torch.ones(shape, device=runtime.device, requires_grad=True)
    student_states = student_forward(model, backend, tokens, view, shares, strengths=strengths)
    rows = slice(written - scored - 1, written - 1)
    targets = tokens[view.first :][rows.start + 1 : rows.stop + 1]
    weights = torch.full((scored,), 1 / scored, device=runtime.device)
    _, gradient = distillation_loss(
        model.lm_head, student_states[rows], teacher_states[rows], targets, weights
    )
    student_states[rows].backward(gradient)
    assert strengths.grad is not None
    influence = strengths.grad.square().sum(dim=(0, 1)).sqrt()
    # Tokens written during the scored positions are left out: only some positions read them.
    shown = written - scored
    pieces = [runtime.tokenizer.decode([i]) for i in ids[sinks : sinks + shown]]
    return Influence(tuple(pieces), tuple(influence[:shown].tolist()))
