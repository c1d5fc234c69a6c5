"""Numbers of pages, lines or paragraphs, listed for a note in bounded space."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Runs:
    """Collects ascending numbers, neighbours drawn together; only the first runs are kept.

    >>> runs = Runs()
    >>> for number in (3, 7, 8, 9):
    ...     runs.add(number)
    >>> runs.words("Page")
    'Pages 3, 7–9'
    """

    most: int = 12
    count: int = 0
    _kept: list[tuple[int, int]] = field(default_factory=list)
    _listed: int = 0

    def add(self, number: int) -> None:
        """Take the next number; it is greater than the ones before."""
        self.count += 1
        # Once a number was left out, a later one never stands beside the last that was kept.
        whole = self._listed == self.count - 1
        if whole and self._kept and self._kept[-1][1] == number - 1:
            self._kept[-1] = (self._kept[-1][0], number)
        elif whole and len(self._kept) < self.most:
            self._kept.append((number, number))
        else:
            return
        self._listed += 1

    def as_dict(self) -> dict[str, Any]:
        return {"count": self.count, "kept": self._kept}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Runs":
        kept = [(int(first), int(last)) for first, last in values["kept"]]
        listed = sum(last - first + 1 for first, last in kept)
        return cls(count=int(values["count"]), _kept=kept, _listed=listed)

    def words(self, noun: str) -> str:
        """Return "Page 3" or "Pages 3, 7–9 and 40 more"."""
        words = [str(first) if first == last else f"{first}–{last}" for first, last in self._kept]
        rest = self.count - self._listed
        listed = ", ".join(words) + (f" and {rest:,} more" if rest else "")
        return f"{noun} {listed}" if self.count == 1 else f"{noun}s {listed}"
