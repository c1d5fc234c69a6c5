"""Token ids of documents, for measurements.

Every function raises `IngestError` for a document that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ahn_runtime.tokenizer import Tokenizer
from ingest import encode_segments, open_document

AROUND = 4
"""A passage is taken from the middle of the first AROUND times its length: that is past title pages
and prefaces, and needs only the beginning of a long document."""


def pieces(path: Path, tokenizer: Tokenizer) -> Iterator[list[int]]:
    """Yield the token ids of a document, segment by segment."""
    for _, ids in encode_segments(open_document(path).segments(), tokenizer.encode):
        yield ids


def beginning(path: Path, tokenizer: Tokenizer, count: int) -> list[int]:
    """The token ids of a document's first segments.

    Returns:
        `count` tokens or more, up to the end of a segment; fewer if the document has fewer.
    """
    ids: list[int] = []
    for piece in pieces(path, tokenizer):
        ids += piece
        if len(ids) >= count:
            break
    return ids


def middle(path: Path, tokenizer: Tokenizer, length: int) -> list[int] | None:
    """The token ids of a passage of `length` tokens; None if the document is shorter.

    The passage is from the middle of the document's first AROUND * `length` tokens.
    """
    ids = beginning(path, tokenizer, AROUND * length)
    start = max(0, (len(ids) - length) // 2)
    return ids[start : start + length] if len(ids) >= length else None


def stream(paths: Sequence[Path], tokenizer: Tokenizer) -> Iterator[list[int]]:
    """Yield the token ids of all documents in pieces, without end: after the last, the first again.

    Raises:
        ValueError: the documents contain no text.
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
