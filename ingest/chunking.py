"""Segments to tokens to chunks on a grid.

Knows no tokenizer (`encode` is passed in) and no model. The grid is counted from the document's
start, so that an interrupted reading makes the same calls as one without interruption.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from ingest.document import Segment


def encode_segments(
    segments: Iterable[Segment], encode: Callable[[str], list[int]]
) -> Iterator[tuple[Segment, list[int]]]:
    """Yield each segment with its token ids, one at a time, in order.

    A segment is encoded alone: its ids do not depend on the segments around it.

    Args:
        encode: returns the token ids of a text.
    """
    for segment in segments:
        yield segment, encode(segment.text)


def token_chunks(
    pieces: Iterable[Sequence[int]], chunk_tokens: int, skip_tokens: int = 0
) -> Iterator[list[int]]:
    """Regroup a stream of encoded pieces into chunks of `chunk_tokens`; the last may be shorter.

    Worked example, `chunk_tokens=4`:

        pieces                 [1 2 3] [4 5] [6 7 8 9 10]
        chunks                 [1 2 3 4] [5 6 7 8] [9 10]
        with skip_tokens=4               [5 6 7 8] [9 10]
        with skip_tokens=8                         [9 10]
        with skip_tokens=10    no chunks: all tokens were read

    Args:
        pieces: token ids in pieces of any length, also empty; their lengths do not change the
            chunks.
        skip_tokens: how many tokens were read before: a multiple of `chunk_tokens`, or all.

    Raises:
        ValueError: at once for a bad number; during iteration if `skip_tokens` is neither a
            multiple of `chunk_tokens` nor the document's end, or is beyond the end.
    """
    if chunk_tokens < 1:
        raise ValueError(f"chunk_tokens must be at least 1, got {chunk_tokens}")
    if skip_tokens < 0:
        raise ValueError(f"skip_tokens must not be negative, got {skip_tokens}")
    return _chunks(_skipped(pieces, chunk_tokens, skip_tokens), chunk_tokens)


def _skipped(
    pieces: Iterable[Sequence[int]], chunk_tokens: int, skip_tokens: int
) -> Iterator[Sequence[int]]:
    """Yield what follows the first `skip_tokens` tokens."""
    left_tokens = skip_tokens
    for piece in pieces:
        rest = piece[left_tokens:]
        left_tokens = max(0, left_tokens - len(piece))
        if rest and skip_tokens % chunk_tokens:
            raise ValueError(
                f"skip_tokens must be a multiple of {chunk_tokens} or the document's end, "
                f"got {skip_tokens} with more to read"
            )
        if rest:
            yield rest
    if left_tokens:
        raise ValueError(
            f"skip_tokens is {skip_tokens}, "
            f"but the document has only {skip_tokens - left_tokens} tokens"
        )


def _chunks(pieces: Iterable[Sequence[int]], chunk_tokens: int) -> Iterator[list[int]]:
    chunk: list[int] = []
    for piece in pieces:
        start = 0
        while start < len(piece):
            part = piece[start : start + chunk_tokens - len(chunk)]
            chunk.extend(part)
            start += len(part)
            if len(chunk) == chunk_tokens:
                yield chunk
                chunk = []
    if chunk:
        yield chunk
