"""The text of a session's stream: its opening, each document's introduction, then the segments.

The stream is one long chat turn. The opening begins it and is what the sinks hold; each document
is introduced by its title. Control tokens are put in by id here and in the question's text, nowhere
else: text from documents and people is only ever text.
"""

from __future__ import annotations

from collections.abc import Iterator

import storage
from ahn_runtime.tokenizer import Encoder, no_thinking
from storage import Database, DocumentRow

SYSTEM = (
    "You are Ammon, a careful reading assistant. You are given long documents to read, and then a "
    "question with passages from them. Answer from the text, briefly and exactly. Name the "
    "passage you used, like [1]. If the text does not say it, answer: I could not find it."
)
USER_OPENING = "Here is what I would like you to read.\n"


def opening(tokens: Encoder) -> list[int]:
    """Token ids of the system prompt and of the start of the user's turn."""
    return [
        tokens.control["<|im_start|>"],
        *tokens.encode(f"system\n{SYSTEM}"),
        tokens.control["<|im_end|>"],
        *tokens.encode("\n"),
        tokens.control["<|im_start|>"],
        *tokens.encode(f"user\n{USER_OPENING}"),
    ]


def introduction(tokens: Encoder, title: str) -> list[int]:
    """Token ids that precede a document's first segment."""
    return tokens.encode(f"\n\n# {title}\n\n")


def end_turn(tokens: Encoder, request: str, beginning: str = "") -> list[int]:
    """Token ids that end the user's turn with a request and begin the assistant's.

    Args:
        tokens: without chat control tokens, the request is a line of the text.
        beginning: what the assistant says first.
    """
    end, start = tokens.control.get("<|im_end|>"), tokens.control.get("<|im_start|>")
    if end is None or start is None:
        return tokens.encode(f"{request}\n{beginning}")
    asked = [*tokens.encode(request), end, *tokens.encode("\n"), start]
    thought = no_thinking(tokens)
    if not thought:
        return [*asked, *tokens.encode(f"assistant\n{beginning}")]
    return [*asked, *tokens.encode("assistant\n"), *thought, *tokens.encode(beginning)]


def document_pieces(
    db: Database, document: DocumentRow, tokens: Encoder, from_token: int
) -> Iterator[list[int]]:
    """Token ids of an indexed document in pieces: the introduction, then segment by segment.

    Args:
        from_token: the document's tokens before this one are left out.
    """
    intro = introduction(tokens, document.title)
    if from_token < len(intro):
        yield intro[from_token:]
    for segment in storage.iter_segments(db, document.id, from_token=from_token):
        ids = tokens.encode(segment.text)
        yield ids[max(0, from_token - segment.token_start) :]
