"""Token ids of documents, for measurements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ahn_runtime.tokenizer import Tokenizer
from ingest import open_document

AROUND = 4
"""A passage from the middle of the first so many times its length: past title pages and prefaces,
without reading a whole library for it."""


def middle(path: Path, tokenizer: Tokenizer, length: int) -> list[int] | None:
    """`length` tokens from inside a document; None if it is shorter."""
    ids: list[int] = []
    for segment in open_document(path).segments():
        ids.extend(tokenizer.encode(segment.text))
        if len(ids) >= AROUND * length:
            break
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
            for segment in open_document(path).segments():
                ids = tokenizer.encode(segment.text)
                found = found or bool(ids)
                if ids:
                    yield ids
        if not found:
            raise ValueError("The texts are empty; name one with words in it.")
