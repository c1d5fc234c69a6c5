"""Prompts that a benchmark prescribes, and its way of shortening one that is too long."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.tasks.item import CONTEXT


def filled(template: str, **fields: str) -> str:
    """A template with its fields filled in, but for the text: `{context}` stays."""
    return template.format(context=CONTEXT, **fields)


def without_context(prompt: str) -> str:
    """What a prompt says before and after the text, as one instruction."""
    before, _, after = prompt.partition(CONTEXT)
    return "\n\n".join(part.strip() for part in (before, after) if part.strip())


def cut_middle(ids: Sequence[int], limit: int) -> list[int]:
    """At most `limit` tokens: the first and the last half of them, the middle left out.

    LV-Eval, InfiniteBench and LongBench shorten the whole prompt so, since instructions stand at
    both ends ("Lost in the Middle", arXiv 2307.03172).

    Args:
        ids: token ids of the whole prompt.
        limit: tokens that the model can take.

    Raises:
        ValueError: fewer than two tokens are to be kept.
    """
    if limit < 2:
        raise ValueError(f"A prompt can be cut to 2 tokens or more; got {limit}.")
    if len(ids) <= limit:
        return list(ids)
    half = limit // 2
    return [*ids[:half], *ids[-half:]]
