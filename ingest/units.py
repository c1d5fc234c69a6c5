"""Packs the texts of units (messages, slides, chapters) into segments, none of which spans two.

Knows no format: the readers of e-mail, slides and FictionBook provide the units.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.document import Document, Locator, Segment
from ingest.errors import EmptyDocument, LimitExceeded
from ingest.limits import Limits
from ingest.segmenting import Row, cut_rows

_MAX_NAMED = 8


class UnitText(NamedTuple):
    """A part of the text of a unit.

    Args:
        locator: of the unit.
        text: with the newlines that end it.
        header: of a table's row, what a segment that begins in this row repeats: the table's
            caption and header line, each with its newline. Empty for other text.
    """

    locator: Locator
    text: str
    header: str = ""


class UnitCutter:
    """Cuts the units of a document into segments; `count` is the number of the last unit.

    Args:
        name: what messages call the file.
        limits: the target and the maximum length of a segment, and of the whole text.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.count = 0
        self._name = name
        self._limits = limits
        self._chars = 0

    def segments(self, texts: Iterable[UnitText], document: Document) -> Iterator[Segment]:
        """Yield the segments of a document, and set its unit count at the end; call it once.

        Raises:
            EmptyDocument: no unit has text.
            LimitExceeded: the units have too much text.
        """
        target, limit = self._limits.target_segment_chars, self._limits.max_segment_chars
        is_empty = True
        for locator, group in itertools.groupby(texts, key=lambda text: text.locator):
            self.count = max(self.count, locator.end)
            for piece in cut_rows(map(self._clean_row, group), target, limit):
                if piece.text.strip():
                    is_empty = False
                    yield Segment(piece.repeated + piece.text, locator)
        if is_empty:
            raise EmptyDocument(f"{self._name} has no text: there is nothing to read.")
        document.unit_count = self.count

    def _clean_row(self, unit: UnitText) -> Row:
        text = _clean(unit.text)
        self._chars += len(text)
        if self._chars > self._limits.max_text_chars:
            raise LimitExceeded(
                f"{self._name} has more than {self._limits.max_text_chars:,} characters up to "
                f"{unit.locator.kind} {unit.locator.start}, the limit for one document: split it "
                "and read the parts."
            )
        return Row(text, _clean(unit.header))


def _clean(text: str) -> str:
    return without_typesetting(without_controls(without_surrogates(text)))


def few_of(names: Iterable[str], count: int) -> str:
    """Return the first names with commas, and how many more there are.

    Args:
        names: the first of them, or all.
        count: of all names.

    >>> few_of(["a", "b"], 5)
    'a, b and 3 more'
    """
    shown = list(itertools.islice(names, _MAX_NAMED))
    rest = f" and {count - len(shown):,} more" if count > len(shown) else ""
    return ", ".join(shown) + rest
