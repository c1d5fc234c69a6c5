"""The prompts of an overview, and of an end of a text: what was taken, then what is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from ahn_runtime.tokenizer import Encoder
from app.service.answering.prompt import SEPARATOR, without_numbers
from app.service.reading.stream_text import end_turn

HEAD = "Notes on {title}, part by part, from its beginning to its end:\n\n"
HEAD_OF_SEVERAL = "Notes on {title}, part by part, each after the title of its document:\n\n"
ASK = (
    "\n{question}\nAnswer from these notes, in a paragraph of several whole sentences, in your own "
    "words."
)
HEAD_OF_END = "The end of {title}, word for word:\n\n"
HEAD_OF_BEGINNING = "The beginning of {title}, word for word:\n\n"
ASK_OF_END = (
    "\n{question}\nAnswer from this text, in three or four whole sentences, in your own words."
)
GROUP_HEAD = "Notes on a part of the text:\n\n"
GROUP_ASK = "\nSummarise these notes in two or three sentences. Name the people and what they do."
MAX_NUMBER = 99
"""Of a part, or a group of them: answers name them with two digits."""


def overview_prompt(
    tokens: Encoder,
    question: str,
    title: str,
    earlier: str,
    texts: Sequence[str],
    head: str = HEAD,
    ask: str = ASK,
) -> tuple[list[int], int, int]:
    """The prompt of the answer.

    Args:
        title: of what is told of.
        earlier: the turn before, as the model reads it; may be empty.
        texts: of the parts, or of groups of them; they are numbered from 1 on.
        head: before the texts, with `{title}`.
        ask: after them, with `{question}`.

    Returns:
        Its token ids, how many of them the texts have, and how many there are from the question on.
    """
    begin = tokens.encode(SEPARATOR + earlier + head.format(title=title))
    lines = [
        id_ for number, text in enumerate(texts, 1) for id_ in tokens.encode(line(number, text))
    ]
    tail = end_turn(tokens, ask.format(question=question))
    return [*begin, *lines, *tail], len(lines), len(tail)


def group_prompt(tokens: Encoder, texts: Sequence[str]) -> list[int]:
    """The prompt that has a group of parts condensed."""
    lines = "".join(f"- {text}\n" for text in texts)
    ids = tokens.encode(SEPARATOR + GROUP_HEAD + lines)
    return [*ids, *end_turn(tokens, GROUP_ASK)]


def line(number: int, text: str) -> str:
    """A part as the model reads it; only its own number is in square brackets."""
    return f"[{number}] {without_numbers(text, MAX_NUMBER)}\n"
