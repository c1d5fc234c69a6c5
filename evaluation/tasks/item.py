"""One question over long material, as every task of the evaluation gives it."""

from __future__ import annotations

from dataclasses import dataclass

CONTEXT = "{context}"


@dataclass(frozen=True)
class Item:
    """A question, the documents it is asked about, and how its answer is scored.

    `documents` are (title, text) pairs in reading order. `prompt` is the whole prompt where a
    benchmark prescribes one, with `{context}` where the text of the documents goes; empty if none
    is prescribed. `choices` are the options of a multiple-choice question, which is answered by
    likelihood; empty for free text. `metric` is a key of `evaluation.metrics.METRICS`.
    """

    id: str
    documents: tuple[tuple[str, str], ...]
    question: str
    prompt: str
    references: tuple[str, ...]
    choices: tuple[str, ...]
    max_new_tokens: int
    metric: str
