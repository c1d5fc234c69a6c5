"""Recognises pages whose text has another order, or other signs, than its drawing suggests.

pypdf gives text in the order in which it is drawn, and without its height over the line. On most
pages that is right. This file watches the drawing operators for signs that it may not be: cells of
a table, columns drawn side by side, raised figures, letters drawn twice, text that the file gives
in other words. Such a page is then laid out by the positions of its words (`layout.py`).
"""

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_SHOWING = frozenset((b"Tj", b"TJ", b"'", b'"'))
WATCHED = _SHOWING | {b"Tf", b"BT", b"Ts", b"BDC"}
# Em per letter of a string, and for the space between two words: what one word may take at most.
_LETTER_EM, _GAP_EM = 0.45, 1.5
_SAME_BASELINE_EM = 0.2
_TWICE_EM = 0.12
_MAX_JUMPS_UP = 1
# Strings of fewer letters may be cells; of the lines of columns of prose, fewer than this share.
_CELL_LETTERS, _MAX_SHORT = 16, 0.3
_SMALLER, _LARGER = 0.85, 1.8


class _Shown(NamedTuple):
    """A string that was drawn: where it begins, its size in points, and its text object.

    Strings that follow each other without a move count as one, of which `text` is the last.
    """

    text: Any
    letters: int
    x: float
    y: float
    size: float
    block: int

    def width(self) -> float:
        """Return how wide the string and a space may be at most."""
        return (_LETTER_EM * self.letters + _GAP_EM) * self.size


@dataclass
class DrawingOrder:
    """Watches the operators of a page."""

    _is_doubtful: bool = False
    _is_beside: bool = False
    _strings: int = 0
    _short: int = 0
    _before: _Shown | None = None
    _baselines: set[int] = field(default_factory=set)
    _jumps_up: int = 0
    _font_size: float = 1.0
    _block: int = 0

    @property
    def is_doubtful(self) -> bool:
        """Whether positions are to be looked at.

        What is drawn beside earlier text may be the values of labels, or a column of prose, which
        is drawn in order: the lengths of the strings tell them apart.
        """
        has_cells = self._short >= _MAX_SHORT * self._strings
        return self._is_doubtful or (self._is_beside and has_cells)

    def see(self, operator: bytes, operands: Any, space: Any, matrix: Any) -> None:
        """Look at an operator of `WATCHED`.

        The arguments are those of pypdf's `visitor_operand_before`.
        """
        if self._is_doubtful:
            return
        if operator in _SHOWING:
            self._show(operands, space, matrix)
        elif operator == b"Tf" and len(operands) == 2:
            self._font_size = abs(_number(operands[1])) or 1.0
        elif operator == b"BT":
            self._block += 1
        elif operator == b"Ts":
            self._is_doubtful = bool(operands) and _number(operands[0]) != 0
        elif operator == b"BDC":
            self._is_doubtful = any(isinstance(o, dict) and "/ActualText" in o for o in operands)

    def _show(self, operands: Any, space: Any, matrix: Any) -> None:
        text = operands[-1] if operands else ""
        scale = abs(matrix[0] * space[0] + matrix[1] * space[2])
        if not scale:
            return  # drawn upwards: pypdf's order is taken
        shown = _Shown(
            text,
            _letter_count(text),
            matrix[4] * space[0] + matrix[5] * space[2] + space[4],
            matrix[4] * space[1] + matrix[5] * space[3] + space[5],
            self._font_size * scale,
            self._block,
        )
        if not math.isfinite(shown.x + shown.y + shown.size):
            return
        before = self._before
        if before is not None and before[2:] == shown[2:]:
            self._before = shown._replace(letters=before.letters + shown.letters)
            return
        if before is not None:
            self._compare(before, shown)
        self._strings += 1
        self._short += shown.letters < _CELL_LETTERS
        self._before = shown
        self._baselines.add(round(shown.y))

    def _compare(self, before: _Shown, shown: _Shown) -> None:
        em = max(before.size, shown.size)
        up, along = shown.y - before.y, shown.x - before.x
        if abs(up) < _SAME_BASELINE_EM * em:
            is_twice = abs(along) < _TWICE_EM * em and before.text == shown.text
            self._is_doubtful = along > before.width() or along < -em or is_twice
        elif up > 0:
            is_raised = up < em and shown.size < _SMALLER * before.size
            is_beside = bool({round(shown.y + step) for step in (-1, 0, 1)} & self._baselines)
            self._jumps_up += not is_raised and not is_beside
            self._is_beside |= is_beside
            self._is_doubtful = is_raised or self._jumps_up > _MAX_JUMPS_UP
        if before.size > _LARGER * shown.size and before.letters <= 2:
            self._is_doubtful = True  # a drop cap


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _letter_count(text: Any) -> int:
    """Return how many letters are drawn; in some fonts each takes two bytes."""
    if isinstance(text, list):
        return sum(_letter_count(part) for part in text)
    if not isinstance(text, str | bytes):
        return 0
    zero = "\x00" if isinstance(text, str) else b"\x00"
    return len(text) // 2 if zero in text else len(text)  # type: ignore[operator]
