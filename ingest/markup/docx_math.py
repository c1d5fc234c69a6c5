"""Writes the formulas of a Word document as text: (a+b)/c, x², √(x+1), ∑_(i=1)ⁿ.

Source: ECMA-376 part 1, 22.1 (math).
"""

from collections.abc import Mapping

from ingest.markup.inline import Run, Script, joined_runs
from ingest.markup.xml import attribute

_SCRIPTS: dict[str, Script] = {"sup": "sup", "sub": "sub"}
_BEFORE = {"rad": "√", "den": "/"}
_GROUPS = frozenset({"num", "den", "rad"})
_DELIMITERS = {"begChr": 0, "endChr": 1}


class FormulaWriter:
    """Follows the elements of a formula; what it adds goes to the runs of the paragraph."""

    def __init__(self) -> None:
        self._depth = 0
        self._scripts: list[Script] = []
        self._groups: list[int] = []
        self._delimiters: list[list[str]] = []

    @property
    def script(self) -> Script:
        """How text at this place is set."""
        return self._scripts[-1] if self._scripts else ""

    def start(self, name: str, attributes: Mapping[str, str], runs: list[Run]) -> None:
        """Take the start of an element; outside a formula only the formula itself counts."""
        if name == "oMath":
            self._depth += 1
        elif not self._depth:
            return
        elif name in _SCRIPTS:
            self._scripts.append(_SCRIPTS[name])
        elif name in _GROUPS:
            runs.extend([Run(_BEFORE[name])] if name in _BEFORE else [])
            self._groups.append(len(runs))
        elif name == "chr":
            runs.append(Run(attribute(attributes, "val")))
        elif name == "d":
            runs.append(Run("("))
            self._delimiters.append(["(", ")"])
        elif name in _DELIMITERS and self._delimiters and runs:
            self._delimiters[-1][_DELIMITERS[name]] = attribute(attributes, "val")
            runs[-1] = Run(self._delimiters[-1][0])

    def end(self, name: str, runs: list[Run]) -> None:
        """Take the end of an element."""
        if not self._depth:
            return
        if name == "oMath":
            self._depth -= 1
            if not self._depth:
                self._scripts, self._groups, self._delimiters = [], [], []
        elif name in _SCRIPTS and self._scripts:
            self._scripts.pop()
        elif name in _GROUPS and self._groups:
            _group(runs, self._groups.pop())
        elif name == "d" and self._delimiters:
            runs.append(Run(self._delimiters.pop()[1]))


def _group(runs: list[Run], start: int) -> None:
    """Put brackets around the runs from an index on, if they are more than a number or a name."""
    text = joined_runs(runs[start:]).strip()
    if text and not text.isalnum():
        runs.insert(start, Run("("))
        runs.append(Run(")"))
