"""The text of a question: earlier turns, passages, the question itself.

A question ends the chat turn that the stream of a session is, in a fork. Control tokens are put in
by id here and in the stream's text, nowhere else: text from documents and people is only ever text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.service.reading.stream_text import Encoder

ASK_FROM_PASSAGES = "Using only these passages, answer in a few words: "
ASK = "Answer in a few words: "
SEPARATOR = "\n\n---\n"
PASSAGES = "Passages found for the question, the most relevant last:\n\n"
NO_PASSAGES = "No passage of the documents matches the words of this question.\n\n"
OTHER_PASSAGES = (
    "No passage of the documents names what this question asks about. These come nearest, the "
    "most relevant last:\n\n"
)


@dataclass(frozen=True)
class Turn:
    """An earlier question with its answer."""

    question: str
    answer: str


def passage_text(number: int, title: str, locator: str, text: str) -> str:
    """A passage as it is read again."""
    return f"[{number}] {title}, {locator}:\n{text.strip()}\n\n"


def history_text(turn: Turn) -> str:
    """An earlier turn as it is read again."""
    return f"Earlier question: {turn.question}\nEarlier answer: {turn.answer}\n\n"


def question_head(any_passages: bool, found: bool) -> str:
    """What stands before the passages; `found`: they speak of what was asked."""
    if not any_passages:
        return NO_PASSAGES
    return PASSAGES if found else OTHER_PASSAGES


def question_tail(tokens: Encoder, question: str, found: bool) -> list[int]:
    """The question, the end of the user's turn, and the start of the answer."""
    return [
        *tokens.encode((ASK_FROM_PASSAGES if found else ASK) + question),
        tokens.control["<|im_end|>"],
        *tokens.encode("\n"),
        tokens.control["<|im_start|>"],
        *tokens.encode("assistant\n"),
    ]


def join(tokens: Encoder, parts: Sequence[str], tail: Sequence[int]) -> list[int]:
    """Encode the parts one by one, so that each costs what it was counted for."""
    ids: list[int] = []
    for part in parts:
        ids.extend(tokens.encode(part))
    return [*ids, *tail]
