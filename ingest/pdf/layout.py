"""Puts the words of a page into reading order by where they are drawn.

Words on one baseline are a row. Rows that leave the same gaps free make a band, and the gaps divide
it: into columns of prose, which are read one after the other, or into a table, whose rows become
lines with a tab between the cells, also between empty ones. What is prose is decided by its lines:
several words each, most of them as wide as the column.

Three things are joined on the way: a raised figure and the number before it, as 10⁵; a drop cap
and the rest of its word; a word that is drawn twice to look bold, which is kept once.
"""

import statistics
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.pdf.bidi import is_mostly_rtl
from ingest.sandbox.pdfium import PageWord

# Fractions of a word's height, which is about 1.15 em.
_SAME_BASELINE = 0.35
_WORD_GAP = 0.16
_COLUMN_GAP = 0.8
_TWICE = 0.15
_RAISED, _RAISED_SIZE, _RAISED_GAP = (0.15, 1.0), (0.4, 0.85), 0.25
_CAP_SIZE = 1.7
# Prose: lines of that many words on average, most of them at least that part of the column's width.
_MIN_ROWS, _MIN_WORDS, _FULL_WIDTH, _MOST = 3, 3.0, 0.6, 0.6
_INDENT = (0.5, 5.0)
_MAX_COLUMNS, _MAX_DEPTH = 5, 4
_SAME_ANGLE = 0.9
_SUPERSCRIPTS = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_RAISED_SIGNS = frozenset("0123456789+-−=()ni")

Gap = tuple[float, float]


@dataclass
class _Row:
    """Words on one baseline, from left to right."""

    words: list[PageWord] = field(default_factory=list)
    begins_paragraph: bool = False

    def text(self) -> str:
        parts: list[str] = []
        for before, word in zip([None, *self.words], self.words, strict=False):
            gap = word.left - before.right if before else 0.0
            is_apart = before and (word.has_space or gap > _WORD_GAP * word.height)
            parts.append(f" {word.text}" if is_apart else word.text)
        return "".join(parts)

    def is_indented(self, following: "_Row") -> bool:
        """Return whether the row begins a little further in than the next one: a paragraph.

        Lines that are centred begin further in, too, and end as much earlier.
        """
        low, high = _INDENT
        height = self.words[0].height
        further_in = self.words[0].left - following.words[0].left
        earlier = following.words[-1].right - self.words[-1].right
        is_centred = abs(further_in - earlier) < low * height
        return low * height < further_in < high * height and not is_centred

    def width(self) -> float:
        return self.words[-1].right - self.words[0].left

    def gaps(self, left: float, right: float, narrowest: float) -> list[Gap]:
        """Return where the row leaves space between `left` and `right`."""
        found, at = [], left
        for word in self.words:
            if word.left - at >= narrowest:
                found.append((at, word.left))
            at = max(at, word.right)
        return [*found, (at, right)] if right - at >= narrowest else found

    def parts(self, columns: Sequence[Gap]) -> "list[_Row]":
        """Return the words whose middle is in each of the columns, which are in order.

        All columns are cut in one pass: a row may have thousands of words and as many gaps.
        """
        lefts = [left for left, _ in columns]
        found = [_Row() for _ in columns]
        for word in self.words:
            middle = (word.left + word.right) / 2
            index = bisect_right(lefts, middle) - 1
            if index >= 0 and middle < columns[index][1]:
                found[index].words.append(word)
        return found


@dataclass
class _Band:
    """Rows that leave the same gaps free."""

    rows: list[_Row]
    free: list[Gap]

    def columns(self) -> list[Gap]:
        """Return the left and right ends of the columns; a gap without a column is none."""
        middles = [(left + right) / 2 for left, right in self.free]
        edges = [float("-inf"), *middles, float("inf")]
        ends = list(zip(edges, edges[1:], strict=False))
        filled = {
            index for row in self.rows for index, part in enumerate(row.parts(ends)) if part.words
        }
        return [end for index, end in enumerate(ends) if index in filled]


def page_layout(words: Sequence[PageWord]) -> str:
    """Return the text of a page in reading order; "" where positions do not show it.

    That is so for right-to-left scripts, and for pages on which words run in several directions.

    Args:
        words: of the page, in the order of their drawing.
    """
    words = [word if word.height > 0 else word._replace(height=1.0) for word in words]
    if not words:
        return ""
    angle, count = Counter(word.angle for word in words).most_common(1)[0]
    if count < _SAME_ANGLE * len(words) or is_mostly_rtl("".join(word.text for word in words)):
        return ""
    straight = [word for word in words if word.angle == angle]
    others = " ".join(word.text for word in words if word.angle != angle)
    joined = list(_with_raised(_with_drop_caps(_drawn_once(straight))))
    return "\n".join([*_lines(_rows(joined), 0), *([others] if others else [])])


def _drawn_once(words: Iterable[PageWord]) -> Iterator[PageWord]:
    """Leave out words that are drawn again at nearly the same place."""
    seen: dict[tuple[str, int, int], PageWord] = {}
    for word in words:
        column, line = int(word.left // 4), int(word.baseline // 4)
        near = ((word.text, column + x, line + y) for x in (-1, 0, 1) for y in (-1, 0, 1))
        if any(_is_twice(word, seen[key]) for key in near if key in seen):
            continue
        seen[word.text, column, line] = word
        yield word


def _is_twice(word: PageWord, other: PageWord) -> bool:
    reach = _TWICE * word.height
    return abs(word.left - other.left) < reach and abs(word.baseline - other.baseline) < reach


def _with_drop_caps(words: Iterable[PageWord]) -> Iterator[PageWord]:
    """Join a large first letter and the word that is drawn next to its top."""
    all_words = list(words)
    usual = statistics.median(word.height for word in all_words)
    cap: PageWord | None = None
    for word in all_words:
        if cap and _begins_with(cap, word):
            word = word._replace(text=cap.text + word.text, left=cap.left)
            cap = None
        if cap:
            yield cap
        is_cap = len(word.text) == 1 and word.text.isupper() and word.height > _CAP_SIZE * usual
        cap = word if is_cap else None
        if not is_cap:
            yield word
    if cap:
        yield cap


def _begins_with(cap: PageWord, word: PageWord) -> bool:
    is_beside = -0.2 * cap.height < word.left - cap.right < word.height
    is_smaller = word.height * _CAP_SIZE < cap.height
    is_at_top = cap.baseline <= word.baseline + 1 and word.baseline < cap.baseline + cap.height
    return is_beside and is_smaller and is_at_top and not word.has_space


def _with_raised(words: Iterable[PageWord]) -> Iterator[PageWord]:
    """Join raised figures and signs with the word before them."""
    before: PageWord | None = None
    for word in words:
        if before and _is_raised(before, word):
            raised = _raised_text(word.text)
            before = before._replace(text=before.text + raised, right=word.right)
            continue
        if before:
            yield before
        before = word
    if before:
        yield before


def _is_raised(before: PageWord, word: PageWord) -> bool:
    up, gap = word.baseline - before.baseline, word.left - before.right
    low, high = _RAISED
    smallest, largest = _RAISED_SIZE
    return (
        low * before.height < up < high * before.height
        and smallest * before.height < word.height < largest * before.height
        and abs(gap) < _RAISED_GAP * before.height
        and not word.has_space
    )


def _raised_text(text: str) -> str:
    if set(text) <= _RAISED_SIGNS:
        return text.translate(_SUPERSCRIPTS)
    return f"^{text}" if any(sign.isdigit() for sign in text) else text


def _rows(words: Sequence[PageWord]) -> list[_Row]:
    """Return rows from top to bottom."""
    rows: list[_Row] = []
    for word in sorted(words, key=lambda word: -word.baseline):
        reach = _SAME_BASELINE * word.height
        if not rows or rows[-1].words[0].baseline - word.baseline > reach:
            rows.append(_Row())
        rows[-1].words.append(word)
    return [_Row(sorted(row.words, key=lambda word: word.left)) for row in rows]


def _lines(rows: list[_Row], depth: int) -> Iterator[str]:
    """Yield the lines of rows in reading order."""
    if depth == _MAX_DEPTH:
        yield from (row.text() for row in rows)
        return
    for before, row, following in zip([None, *rows], rows, rows[1:], strict=False):
        row.begins_paragraph = row.is_indented(following) and (
            before is None or row.is_indented(before)
        )
    for band in _bands(rows):
        columns = band.columns()
        if len(columns) > 1 and _is_prose(band, columns):
            for parts in _column_rows(band, columns):
                yield from _lines([row for row in parts if row.words], depth + 1)
        else:
            yield from _table_lines(band, columns)


def _table_lines(band: _Band, columns: list[Gap]) -> Iterator[str]:
    cells = [[part.text() for part in row.parts(columns)] for row in band.rows]
    full_rows = sum(len(texts) - texts.count("") > 1 for texts in cells)
    # Two words far apart are no table: a title and a page number, say.
    if full_rows > 1 or (full_rows and len(columns) > 2):
        yield from ("\t".join(texts).rstrip("\t") for texts in cells)
    else:
        for row in band.rows:
            # A space that is drawn there is an indentation, too.
            yield " " * (row.begins_paragraph or row.words[0].has_space) + row.text()


def _bands(rows: list[_Row]) -> Iterator[_Band]:
    if not rows:
        return
    left = min(row.words[0].left for row in rows)
    right = max(word.right for row in rows for word in row.words)
    narrowest = _COLUMN_GAP * statistics.median(word.height for row in rows for word in row.words)
    band: _Band | None = None
    has_cells = False
    for row in rows:
        gaps = row.gaps(left, right, narrowest)
        in_cells = any(gap[0] > row.words[0].left and gap[1] < row.words[-1].right for gap in gaps)
        common = _common(band.free, gaps, narrowest) if band else []
        if band and common and (has_cells or not in_cells):
            band.rows.append(row)
            band.free = common
            continue
        if band:
            yield band
        band, has_cells = _Band([row], gaps), in_cells
    if band:
        yield band


def _common(first: list[Gap], second: list[Gap], narrowest: float) -> list[Gap]:
    """Return where both leave space; the gaps of each are in order and apart."""
    found = []
    one = other = 0
    while one < len(first) and other < len(second):
        left = max(first[one][0], second[other][0])
        right = min(first[one][1], second[other][1])
        if right - left >= narrowest:
            found.append((left, right))
        if first[one][1] < second[other][1]:
            one += 1
        else:
            other += 1
    return found


def _column_rows(band: _Band, columns: list[Gap]) -> Iterator[list[_Row]]:
    """Yield for each column the parts of the rows that are in it."""
    rows = [row.parts(columns) for row in band.rows]
    yield from (list(parts) for parts in zip(*rows, strict=True))


def _is_prose(band: _Band, columns: list[Gap]) -> bool:
    if len(columns) > _MAX_COLUMNS:
        return False
    return all(map(_is_prose_column, _column_rows(band, columns)))


def _is_prose_column(rows: list[_Row]) -> bool:
    rows = [row for row in rows if row.words]
    if len(rows) < _MIN_ROWS:
        return False
    words = [word.text for row in rows for word in row.words]
    signs = "".join(words)
    widths = sorted(row.width() for row in rows)
    # Not the widest: a heading above the column may be wider than its lines.
    usual = widths[3 * (len(rows) - 1) // 4]
    full = sum(width >= _FULL_WIDTH * usual for width in widths)
    return (
        len(words) >= _MIN_WORDS * len(rows)
        and full >= _MOST * len(rows)
        and 2 * sum(map(str.isalpha, signs)) > len(signs)
    )
