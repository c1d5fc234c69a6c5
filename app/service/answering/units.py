"""The numbered units inside a passage: its lines, rows or paragraphs, each with its number.

A passage has a range of units ("lines 95–101") and a text. Where the text has as many lines as the
range has units, each line is one; else it is not known which is which, and the passage stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import storage
from ingest import is_lettered
from storage import Database, Passage

UNITS_OF_A_LINE = frozenset(("line", "row", "paragraph"))
"""Kinds of units that are one line of their passage's text each."""
SMALL_UNITS = UNITS_OF_A_LINE | {"cue", "cell"}
"""Kinds of units that are mostly shorter than a passage."""
_MAX_ABOVE = 2
"""Lines above the rows of a table: its caption and its header."""
_DETAILS = re.compile(r" \(.*\)$", re.DOTALL)


def units_of(passage: Passage, repeated: int = 0) -> list[tuple[int, str]]:
    """The units of a passage with their numbers; none if they cannot be told apart.

    Args:
        repeated: how many lines above the units are those of a table's caption and header.
    """
    if passage.locator_kind not in UNITS_OF_A_LINE:
        return []
    lines = passage.text.split("\n")[repeated:]
    if passage.locator_kind == "line":  # empty lines count, but for those at the ends
        while lines and not lines[0].strip():
            lines.pop(0)
        while lines and not lines[-1].strip():
            lines.pop()
    else:
        lines = [line for line in lines if line.strip()]
    numbers = range(passage.locator_start, passage.locator_end + 1)
    return list(zip(numbers, lines, strict=True)) if len(lines) == len(numbers) else []


def cut_to(db: Database, passage: Passage, first: int, last: int) -> Passage:
    """The units of a passage in a range; all of it if they cannot be told apart.

    A row keeps the header of its table.

    Args:
        first, last: numbers of units, both included.
    """
    repeated = _repeated_lines(db, passage) if passage.locator_kind == "row" else []
    units = units_of(passage, len(repeated))
    inside = [(number, text) for number, text in units if first <= number <= last]
    if not inside or len(inside) == len(units):
        return passage
    return of_units(passage, inside, repeated)


def of_units(
    passage: Passage, units: Sequence[tuple[int, str]], repeated: Sequence[str] = ()
) -> Passage:
    """A passage of some of the units of another, with their locator.

    Args:
        repeated: lines above the units.
    """
    kind, first, last = passage.locator_kind, units[0][0], units[-1][0]
    place = f"{kind} {first}" if first == last else f"{kind}s {first}–{last}"
    # The times of all lines are not those of one; a heading or sheet is that of each.
    details = None if kind == "line" else _DETAILS.search(passage.locator)
    return replace(
        passage,
        text="\n".join([*repeated, *(text for _, text in units)]),
        locator=place + (details[0] if details else ""),
        locator_start=first,
        locator_end=last,
    )


def _repeated_lines(db: Database, passage: Passage) -> list[str]:
    """The lines above the rows of a passage: those that the passage before it has, too.

    The letters of columns are no row, so what ends with them is above the rows of the first, too.
    """
    above = passage.text.split("\n")[:_MAX_ABOVE]
    for number, line in enumerate(above, start=1):
        if is_lettered(line):
            return above[:number]
    near = storage.segments_around(db, passage.segment_id, before=1, after=0)
    if len(near) < 2:
        return []
    pairs = zip(near[0].text.split("\n"), passage.text.split("\n"), strict=False)
    lines: list[str] = []
    for before, line in pairs:
        if before != line:
            break
        lines.append(line)
    return lines
