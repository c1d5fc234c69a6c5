"""Token ids of documents, for measurements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ahn_runtime.tokenizer import Tokenizer
from ingest import encode_segments, open_document

AROUND = 4
"""A passage from the middle of the first so many times its length: past title pages and prefaces,
without reading a whole library for it."""


def pieces(path: Path, tokenizer: Tokenizer) -> Iterator[list[int]]:
    """Tokens of a document, segment by segment."""
    for _, ids in encode_segments(open_document(path).segments(), tokenizer.encode):
        yield ids


def beginning(path: Path, tokenizer: Tokenizer, count: int) -> list[int]:
    """The first segments of a document that hold `count` tokens; all of it if it has fewer."""
    ids: list[int] = []
    for piece in pieces(path, tokenizer):
        ids += piece
        if len(ids) >= count:
            break
    return ids


def middle(path: Path, tokenizer: Tokenizer, length: int) -> list[int] | None:
    """`length` tokens from inside a document; None if it is shorter."""
    ids = beginning(path, tokenizer, AROUND * length)
    start = max(0, (len(ids) - length) // 2)
    return ids[start : start + length] if len(ids) >= length else None


def stream(paths: Sequence[Path], tokenizer: Tokenizer) -> Iterator[list[int]]:
    """Tokens of the documents one after another, from the first again after the last; pieces.

    Raises:
        ValueError: the documents hold no text.
    """
    while True:
        found = False
        for path in paths:
            for ids in pieces(path, tokenizer):
                found = found or bool(ids)
                if ids:
                    yield ids
        if not found:
            raise ValueError("The texts are empty; name one with words in it.")
