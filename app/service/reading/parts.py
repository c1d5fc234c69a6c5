"""The parts of a document on which notes are taken: chapters, or pieces of long ones.

Where a part ends depends on the document and the session alone, never on time or on what was noted
before, so a reading that is resumed or repeated takes its notes at the same tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

MAX_PART_TOKENS = 2048
"""Of a part, if the window holds so many."""
MIN_PART_TOKENS = 1024
"""A chapter that is shorter is noted with the next one, and the rest of a document not at all."""

MIN_LONGEST_TOKENS = 1536
"""In a smaller window the halves of a chapter would be too short for a note."""


@dataclass(frozen=True)
class Part:
    """Tokens of a document from `start` up to, but not including, `end`."""

    start: int
    end: int

    @property
    def tokens(self) -> int:
        """How many tokens it has."""
        return self.end - self.start


def longest_part(window: int | None, chunk_tokens: int) -> int:
    """The most tokens of a part, a multiple of the grid; 0 if the window has too little room.

    Args:
        window: of the session in tokens; None: no limit.
        chunk_tokens: the grid of the session's reading.
    """
    most = MAX_PART_TOKENS if window is None else min(MAX_PART_TOKENS, window)
    most = most // chunk_tokens * chunk_tokens
    return most if most >= MIN_LONGEST_TOKENS else 0


def document_parts(
    total: int, chapter_ends: Sequence[int], chunk_tokens: int, longest: int
) -> Iterator[Part]:
    """The parts of a document, in order.

    A part ends at a chapter's end, at the last grid point that is not after it: a note there knows
    nothing of the next chapter. A long chapter is cut into parts of about the same length.

    Args:
        total: tokens of the document.
        chapter_ends: how many of its tokens precede the end of each chapter, in order.
        chunk_tokens: the grid of the session's reading.
        longest: from `longest_part`; 0 gives no parts.
    """
    start, ends = 0, iter(chapter_ends)
    while longest and total - start >= MIN_PART_TOKENS:
        # An end that is too near to this start is too near to every later one, too.
        far = (end for end in ends if _grid(end, chunk_tokens) - start >= MIN_PART_TOKENS)
        stop = min(next(far, total), total)
        last = stop if stop == total else _grid(stop, chunk_tokens)
        yield from _pieces(start, last, chunk_tokens, longest)
        start = stop


def _pieces(start: int, last: int, chunk_tokens: int, longest: int) -> list[Part]:
    """The tokens of a chapter, in as few parts of about the same length as they fit into."""
    count = -(-(last - start) // longest)
    while True:
        cuts = [_grid(start + k * (last - start) // count, chunk_tokens) for k in range(1, count)]
        parts = [Part(*ends) for ends in pairwise([start, *cuts, last])]
        if all(part.tokens <= longest for part in parts):
            return parts
        count += 1


def _grid(tokens: int, chunk_tokens: int) -> int:
    """The last grid point that is not after a token."""
    return tokens // chunk_tokens * chunk_tokens
