"""Joins the pieces of text that pypdf finds on a page to lines and table rows.

In many tables pypdf ends a line after each cell, because the drawing of the cell ends with a move
to a next line that is not used. The position of the following piece shows this: if it is on the
same baseline and further along, it is the next cell of the row, and a tab is put between them. For
right-to-left lines the positions also show in which order the pieces are read (`bidi.py`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.pdf.bidi import Piece, line_in_order

# Fractions of the font size within which two baselines are the same.
_SAME_BASELINE = 0.3


@dataclass(frozen=True)
class _Position:
    """Where a piece begins, in coordinates that are rotated to its own writing direction."""

    angle: float
    along: float
    baseline: float
    font_size: float

    def continues(self, before: "_Position") -> bool:
        """Return whether this position is further along on the line of `before`."""
        return (
            abs(self.angle - before.angle) < 0.01
            and abs(self.baseline - before.baseline) < _SAME_BASELINE * before.font_size
            and self.along > before.along + before.font_size
        )


@dataclass
class PageLines:
    """Collects the pieces of a page, which come in the order of their drawing."""

    _parts: list[str] = field(default_factory=list)
    _line: list[Piece] = field(default_factory=list)
    _before: _Position | None = None
    _line_ended: bool = False

    def add(
        self, text: str, space: Sequence[float], matrix: Sequence[float], font_size: float
    ) -> None:
        """Add a piece.

        Args:
            text: of the piece; newlines end lines.
            space: the current transformation matrix, six numbers as in the PDF's `cm`.
            matrix: the text matrix, six numbers as in `Tm`.
            font_size: before both transformations.
        """
        if not text.strip():
            self._line_ended = self._line_ended or "\n" in text
            self._append(text)
            return
        position = _position(space, matrix, font_size)
        if self._line_ended and self._before and position and position.continues(self._before):
            self._join_row()
        self._before = position
        self._append(text)
        if "\n" in text.rstrip("\n"):
            self._before = None
        self._line_ended = text.endswith("\n")

    def text(self) -> str:
        """Return the text of the page."""
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
        """Replace the white space at the end of the text by a tab."""
        self._end_line()
        while self._parts and not self._parts[-1].strip():
            self._parts.pop()
        if self._parts:
            self._parts[-1] = self._parts[-1].rstrip() + "\t"


def _position(
    space: Sequence[float], matrix: Sequence[float], font_size: float
) -> _Position | None:
    """Return the position that both transformations give, None if it is not a finite number."""
    a, b, e, f = (
        matrix[0] * space[0] + matrix[1] * space[2],
        matrix[0] * space[1] + matrix[1] * space[3],
        matrix[4] * space[0] + matrix[5] * space[2] + space[4],
        matrix[4] * space[1] + matrix[5] * space[3] + space[5],
    )
    scale = math.hypot(a, b)
    if not math.isfinite(scale + e + f) or scale == 0:
        return None
    return _Position(
        angle=math.atan2(b, a),
        along=(a * e + b * f) / scale,
        baseline=(a * f - b * e) / scale,
        font_size=scale * abs(font_size) or 1.0,
    )
