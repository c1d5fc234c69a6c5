"""Where one segment ends and the next begins, in any running text.

Knows no format and no files. A cut depends only on the characters after the last cut, never on
the blocks in which they arrive; `cut_rows` also keeps lines whole where there are rows of a table.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_PARAGRAPH = re.compile(r"\n(?:[^\S\n]*\n)+")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？][\"”’」』）]*\s*")
_SPACE = re.compile(r"\s+")
# The label of a list's item ("b. ", "iv) ") says nothing about the line.
_LINE_START = re.compile(r"\n[^\S\n]*(?!\w{1,5}[.)]\s)(\w)")
# Enough to step back over an emoji sequence or a series of accents.
_MAX_STEP_BACK = 32


class Row(NamedTuple):
    """A block of text for `cut_rows`.

    Args:
        text: of the block.
        header: what to repeat before a piece that begins in this block, with its newline: the
            header line of a table's row; empty for other text.
    """

    text: str
    header: str = ""


class Piece(NamedTuple):
    """The text of one segment, and what is repeated before it from earlier text."""

    text: str
    repeated: str = ""


def cut_text(text: str, target: int, limit: int) -> Iterator[str]:
    """Yield pieces of at most `limit` characters, near `target`; joined they are `text`."""
    start = 0
    while start < len(text):
        # One character more than the limit: the cut must know whether there is a next one.
        length = cut_length(text[start : start + limit + 1], target, limit)
        yield text[start : start + length]
        start += length


def cut_blocks(blocks: Iterable[str], target: int, limit: int) -> Iterator[str]:
    """Cut a stream of text as `cut_text` cuts a whole text, holding at most one block."""
    start, text = 0, ""
    for block in blocks:
        text = text[start:] + block
        start = 0
        # A cut needs one character beyond the limit, else it would depend on the block's end.
        while len(text) - start > limit:
            length = cut_length(text[start : start + limit + 1], target, limit)
            yield text[start : start + length]
            start += length
    yield from cut_text(text[start:], target, limit)


def cut_rows(rows: Iterable[Row], target: int, limit: int) -> Iterator[Piece]:
    """Cut a stream of text, in which there may be rows of tables, holding at most one block.

    The joined texts of the pieces are the joined texts of the rows. A piece that begins in a row
    repeats the row's header, and both together have at most `limit` characters. A header of more
    than half of that is not repeated. Without any header it cuts as `cut_blocks` does.
    """
    start, text = 0, ""
    headers: deque[tuple[int, str]] = deque()
    for row in rows:
        headers = deque((max(0, offset - start), header) for offset, header in headers)
        text, start = text[start:], 0
        headers.append((len(text), row.header if 2 * len(row.header) <= limit else ""))
        text += row.text
        while len(text) - start > limit - len(_header_at(headers, start)):
            piece = _next_piece(text, start, headers, target, limit)
            yield piece
            start += len(piece.text)
    while start < len(text):
        piece = _next_piece(text, start, headers, target, limit)
        yield piece
        start += len(piece.text)


def _header_at(headers: deque[tuple[int, str]], start: int) -> str:
    """Return the header of the row at an offset; forget those of earlier rows."""
    while len(headers) > 1 and headers[1][0] <= start:
        headers.popleft()
    return headers[0][1]


def _next_piece(
    text: str, start: int, headers: deque[tuple[int, str]], target: int, limit: int
) -> Piece:
    repeated = _header_at(headers, start)
    target, limit = max(1, target - len(repeated)), limit - len(repeated)
    has_rows = any(header for offset, header in headers if offset < start + limit)
    length = cut_length(text[start : start + limit + 1], target, limit, keep_lines=has_rows)
    return Piece(text[start : start + length], repeated)


def cut_length(text: str, target: int, limit: int, *, keep_lines: bool = False) -> int:
    """Return how many characters of `text` the first segment takes.

    The cut is at the best kind of boundary within the first `limit` characters (the end of a
    paragraph, a sentence, a line, or a word), at the one nearest to `target`.

    Args:
        text: not empty; longer than `limit` unless the document ends with it.
        keep_lines: whether a line's end is a better boundary than a sentence's in any case.
    """
    if len(text) <= min(limit, target + target // 4):
        return len(text)
    window = text[:limit]
    for pattern in _boundaries(window, keep_lines):
        length = _nearest_end(pattern, window, target)
        if length is not None:
            return length
    return _forced_length(text, limit)


def _boundaries(window: str, keep_lines: bool) -> tuple[re.Pattern[str], ...]:
    """Return the kinds of boundary, best first.

    Wrapped prose begins some of its lines in lower case, and then a line's end means nothing. A
    log, a table, or a book with one paragraph per line does not: there each line is a unit.
    """
    wrapped = not keep_lines and any(match[1].islower() for match in _LINE_START.finditer(window))
    if wrapped:
        return (_PARAGRAPH, _SENTENCE, _LINE, _SPACE)
    return (_PARAGRAPH, _LINE, _SENTENCE, _SPACE)


def _nearest_end(pattern: re.Pattern[str], window: str, target: int) -> int | None:
    """Return the end of the match nearest to `target`; a tiny first piece is not considered."""
    ends = (match.end() for match in pattern.finditer(window))
    return min(
        (end for end in ends if end >= max(1, target // 4)),
        key=lambda end: abs(end - target),
        default=None,
    )


def _forced_length(text: str, limit: int) -> int:
    """Return `limit`, or less where a letter would lose its accents or an emoji its parts."""
    if len(text) <= limit:
        return len(text)
    length = limit
    lowest = max(1, limit - _MAX_STEP_BACK)
    while length > lowest and _joins(text[length - 1], text[length]):
        length -= 1
    return limit if _joins(text[length - 1], text[length]) else length


def _joins(left: str, right: str) -> bool:
    joiner = "\u200d"
    return left == joiner or right == joiner or unicodedata.category(right) in {"Mn", "Mc", "Me"}
