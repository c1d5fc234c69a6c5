"""How far a piece of long work is, in words that the page and the terminal show alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from storage import IndexState


class WorkStep(NamedTuple):
    """What is being done, and how far that is.

    Args:
        what: for people, such as "Taking out the text".
        done: units that are done, or the number of the one that is being worked on.
        total: units there are; None while that is unknown.
        unit: what is counted, in the singular, such as "page"; "": only the share is of use.

    >>> str(WorkStep("Taking out the text", 12, 80, "page"))
    'Taking out the text: 12 of 80 pages'
    >>> str(WorkStep("Taking out the text", 1200, None, "line"))
    'Taking out the text: 1,200 lines so far'
    >>> str(WorkStep("Checking the file", 1, 4)), str(WorkStep("Opening the file"))
    ('Checking the file: 25%', 'Opening the file')
    """

    what: str
    done: int = 0
    total: int | None = None
    unit: str = ""

    @property
    def share(self) -> float | None:
        """The share that is done, from 0 to 1; None while that is unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    def __str__(self) -> str:
        if self.unit and self.total and self.total >= self.done:
            plural = "" if self.total == 1 else "s"
            return f"{self.what}: {self.done:,} of {self.total:,} {self.unit}{plural}"
        if self.unit and self.done:
            plural = "" if self.done == 1 else "s"
            return f"{self.what}: {self.done:,} {self.unit}{plural} so far"
        if not self.unit and self.share is not None:
            return f"{self.what}: {self.share:.0%}"
        return self.what


StepReport = Callable[[WorkStep], None]
"""Is told each step; it returns at once."""


def unreported(step: WorkStep) -> None:
    """Reports to nobody."""


def index_step(state: IndexState) -> WorkStep:
    """How far the search index is.

    >>> str(index_step(IndexState(1200, 5000)))
    'Building the search index: 1,200 of 5,000 passages'
    """
    return WorkStep("Building the search index", state.indexed, state.total, "passage")
