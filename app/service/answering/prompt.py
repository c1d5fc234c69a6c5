"""The words around the reading: the opening, a document's introduction, the question.

The stream of a session is one long chat turn. The opening begins it and is what the sinks hold;
each document is introduced by its title; a question closes the turn, in a fork. Control tokens are
put in by id here and nowhere else: text from documents and people is only ever text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

SYSTEM = (
    "You are Ammon, a careful reading assistant. You are given long documents to read, and then a "
    "question with passages from them. Answer from the text, briefly and exactly. Name the "
    "passage you used, like [1]. If the text does not say it, answer: I could not find it."
)
USER_OPENING = "Here is what I would like you to read.\n"
ASK_FROM_PASSAGES = "Using only these passages, answer in a few words: "
ASK = "Answer in a few words: "
SEPARATOR = "\n\n---\n"
PASSAGES = "Passages found for the question, the most relevant last:\n\n"
NO_PASSAGES = "No passage of the documents matches the words of this question.\n\n"
OTHER_PASSAGES = (
    "No passage of the documents names what this question asks about. These come nearest, the "
    "most relevant last:\n\n"
)


class Encoder(Protocol):
    """What this room needs of a tokenizer."""

    control: dict[str, int]

    def encode(self, text: str) -> list[int]: ...


@dataclass(frozen=True)
class Turn:
    """An earlier question with its answer."""

    question: str
    answer: str


def opening(tokens: Encoder) -> list[int]:
    """System prompt and the start of the user's turn."""
    return [
        tokens.control["<|im_start|>"],
        *tokens.encode(f"system\n{SYSTEM}"),
        tokens.control["<|im_end|>"],
        *tokens.encode("\n"),
        tokens.control["<|im_start|>"],
        *tokens.encode(f"user\n{USER_OPENING}"),
    ]


def introduction(tokens: Encoder, title: str) -> list[int]:
    """What stands before a document's first segment."""
    return tokens.encode(f"\n\n# {title}\n\n")


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
