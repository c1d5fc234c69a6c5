"""The pieces of text that pypdf finds on a page, put together as lines and table rows.

pypdf ends a line after each cell of many tables, because the cell's drawing moves on to a next
line that is never used. The position of the piece that follows tells: on the same baseline and
further on, it is the next cell of the row, and a tab stands between them. The positions also tell
in which order the pieces of a right-to-left line are read; see `pdf_bidi.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.pdf.bidi import Piece, line_in_order

# Fractions of the font size within which two baselines are the same.
_SAME_BASELINE = 0.3


@dataclass(frozen=True)
class _Place:
    """Where a piece begins, in the turned coordinates of its own writing direction."""

    angle: float
    along: float
    baseline: float
    font_size: float

    def continues(self, before: "_Place") -> bool:
        """Return whether this place is further on in the line of `before`."""
        return (
            abs(self.angle - before.angle) < 0.01
            and abs(self.baseline - before.baseline) < _SAME_BASELINE * before.font_size
            and self.along > before.along + before.font_size
        )


@dataclass
class PageLines:
    """Collects the pieces of a page in the order of their drawing."""

    _parts: list[str] = field(default_factory=list)
    _line: list[Piece] = field(default_factory=list)
    _before: _Place | None = None
    _line_ended: bool = False

    def add(
        self, text: str, space: Sequence[float], matrix: Sequence[float], font_size: float
    ) -> None:
        """Take a piece.

        Args:
            space: the transformation of the page's space, six numbers as in the PDF's `cm`.
            matrix: the transformation of the text, six numbers as in `Tm`.
            font_size: before both transformations.
        """
        if not text.strip():
            self._line_ended = self._line_ended or "\n" in text
            self._append(text)
            return
        place = _place(space, matrix, font_size)
        if self._before and place and self._line_ended and place.continues(self._before):
            self._join_row()
        self._before = place
        self._append(text)
        if "\n" in text.rstrip("\n"):
            self._before = None
        self._line_ended = text.endswith("\n")

    def text(self) -> str:
        """Return all pieces, joined."""
        self._end_line()
        return "".join(self._parts)

    def _append(self, text: str) -> None:
        for number, piece in enumerate(text.split("\n")):
            if number:
                self._end_line()
                self._parts.append("\n")
            if piece:
                self._line.append(Piece(piece, self._before.along if self._before else 0.0))

    def _end_line(self) -> None:
        if self._line:
            self._parts.append(line_in_order(self._line))
            self._line = []

    def _join_row(self) -> None:
        """Put a tab in the place of the white space that ends the parts."""
        self._end_line()
        while self._parts and not self._parts[-1].strip():
            self._parts.pop()
        if self._parts:
            self._parts[-1] = self._parts[-1].rstrip() + "\t"


def _place(space: Sequence[float], matrix: Sequence[float], font_size: float) -> _Place | None:
    """Return the place that the product of both transformations gives, None for nonsense."""
    a, b, e, f = (
        matrix[0] * space[0] + matrix[1] * space[2],
        matrix[0] * space[1] + matrix[1] * space[3],
        matrix[4] * space[0] + matrix[5] * space[2] + space[4],
        matrix[4] * space[1] + matrix[5] * space[3] + space[5],
    )
    scale = math.hypot(a, b)
    if not math.isfinite(scale + e + f) or scale == 0:
        return None
    return _Place(
        angle=math.atan2(b, a),
        along=(a * e + b * f) / scale,
        baseline=(a * f - b * e) / scale,
        font_size=scale * abs(font_size) or 1.0,
    )
