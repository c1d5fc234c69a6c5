"""What a variant predicts along a text, computed in one pass instead of read by a session.

The pass is that of the training (`training.distill`): it equals a session's reading up to rounding,
and on a GPU it takes a fraction of the time, because a text's positions are computed side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor

from ahn_runtime import Runtime
from training.distill import Shared, Window, student_forward, teacher_forward

Scored = Callable[[Tensor, Tensor, Tensor], None]
"""Called with positions [N], and with the log-probabilities that full attention and the variant
give to the tokens after them, float32 [N, vocabulary] each."""

HEAD_TOKENS = 256
"""Positions whose log-probabilities are held at once."""

Key = TypeVar("Key")


@torch.no_grad()
def compare_at_once(
    ids: Tensor, variants: Mapping[Key, Runtime], positions: Tensor, scored: Callable[[Key], Scored]
) -> None:
    """Compare variants of a model with full attention at some positions of a text.

    Args:
        ids: token ids, int64 [L], on the models' device.
        variants: runtimes of one base model, each with a window.
        positions: ascending; each variant is compared at those past its W + S + R.
        scored: gives the function that takes a variant's comparison, a part of it at a time.
    """
    teacher: tuple[Window, Tensor, list[Shared]] | None = None
    for key, runtime in variants.items():
        stream, model = runtime.stream, runtime.model
        assert stream.window is not None
        view = Window(stream.window, stream.sinks, len(ids), stream.retain)
        if teacher is None or teacher[0] != view:  # variants of one size often follow each other
            teacher = view, *teacher_forward(model, runtime.backend, ids, view)
        _, full, shares = teacher
        ours = student_forward(
            model, runtime.backend, ids, view, shares, memory_scale=stream.memory_scale
        )
        at = positions[positions >= view.first]
        take = scored(key)
        for part in at.split(HEAD_TOKENS):
            log_p_full, log_p = (
                model.lm_head(states[part - view.first]).float().log_softmax(-1)
                for states in (full, ours)
            )
            take(part, log_p_full, log_p)
