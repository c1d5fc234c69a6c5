"""The labels that a PDF gives its pages: "i, ii, 1, 2, A-1".

pypdf has this too, but makes the labels of all pages at once: a prefix of a megabyte times 20,000
pages would be gigabytes. A damaged entry gives no label.

Source: ISO 32000-1, 12.4.2 (page labels).
"""

import bisect
from collections.abc import Callable
from typing import Any, NamedTuple

from ingest.naming import clean_line
from ingest.pdf.trees import resolved, tree_pairs

_MAX_LABEL_CHARS = 24
_MAX_RANGES = 20_000
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


class _Range(NamedTuple):
    first_index: int
    style: str
    prefix: str
    first_number: int


class PageLabels:
    """The labels of a document's pages, each made when it is asked for."""

    def __init__(self, root: Any) -> None:
        """Read the label ranges.

        Args:
            root: the PDF's catalog, as pypdf gives it.
        """
        self._ranges: list[_Range] = []
        for index, value in tree_pairs(root.get("/PageLabels"), "/Nums", _MAX_RANGES):
            self._add(index, resolved(value))
        self._ranges.sort(key=lambda label_range: label_range.first_index)
        self._starts = [label_range.first_index for label_range in self._ranges]

    def label(self, index: int) -> str | None:
        """Return the label of the page at a 0-based index, None if it has none but its number."""
        at = bisect.bisect_right(self._starts, index) - 1
        if at < 0:
            return None
        label_range = self._ranges[at]
        numeral = _NUMERALS.get(label_range.style, _no_numeral)
        number = label_range.first_number + index - label_range.first_index
        label = clean_line(label_range.prefix + numeral(number), _MAX_LABEL_CHARS)
        return label if label and label != str(index + 1) else None

    def _add(self, index: Any, value: Any) -> None:
        if not isinstance(index, int) or not isinstance(value, dict):
            return
        style, prefix = resolved(value.get("/S")), resolved(value.get("/P"))
        number = resolved(value.get("/St"))
        self._ranges.append(
            _Range(
                first_index=int(index),
                style=str(style) if isinstance(style, str) else "",
                prefix=str(prefix)[:_MAX_LABEL_CHARS] if isinstance(prefix, str) else "",
                first_number=int(number) if isinstance(number, int) else 1,
            )
        )


def _no_numeral(number: int) -> str:
    return ""


def _roman(number: int) -> str:
    if not 1 <= number <= 3999:
        return str(number)
    parts = []
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        parts.append(letters * count)
    return "".join(parts)


def _letters(number: int) -> str:
    """Return a..z, aa..zz, aaa..zzz: the letter is repeated, as in the standard."""
    if not 1 <= number <= 26 * _MAX_LABEL_CHARS:
        return str(number)
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


_NUMERALS: dict[str, Callable[[int], str]] = {
    "/D": str,
    "/r": _roman,
    "/R": lambda number: _roman(number).upper(),
    "/a": _letters,
    "/A": lambda number: _letters(number).upper(),
}
