"""Numbers of pages, lines or paragraphs, listed for a note in bounded space."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class NumberRanges:
    """Collects ascending numbers and joins consecutive ones; only the first ranges are kept.

    Args:
        max_ranges: how many ranges are kept; the other numbers are only counted.
        count: how many numbers were added.

    >>> ranges = NumberRanges()
    >>> for number in (3, 7, 8, 9):
    ...     ranges.add(number)
    >>> ranges.describe("Page")
    'Pages 3, 7–9'
    """

    max_ranges: int = 12
    count: int = 0
    _ranges: list[tuple[int, int]] = field(default_factory=list)
    _listed: int = 0

    def add(self, number: int) -> None:
        """Add the next number, which must be greater than the ones before."""
        self.count += 1
        # After a number was left out, no later one can continue the last range.
        is_complete = self._listed == self.count - 1
        if is_complete and self._ranges and self._ranges[-1][1] == number - 1:
            self._ranges[-1] = (self._ranges[-1][0], number)
        elif is_complete and len(self._ranges) < self.max_ranges:
            self._ranges.append((number, number))
        else:
            return
        self._listed += 1

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that can be stored, for `from_dict`."""
        return {"count": self.count, "kept": self._ranges}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "NumberRanges":
        """Return the ranges of which `as_dict` made the values."""
        ranges = [(int(first), int(last)) for first, last in values["kept"]]
        listed = sum(last - first + 1 for first, last in ranges)
        return cls(count=int(values["count"]), _ranges=ranges, _listed=listed)

    def describe(self, noun: str) -> str:
        """Return "Page 3" or "Pages 3, 7–9 and 40 more" for the noun "Page"."""
        words = [str(first) if first == last else f"{first}–{last}" for first, last in self._ranges]
        rest = self.count - self._listed
        listed = ", ".join(words) + (f" and {rest:,} more" if rest else "")
        return f"{noun} {listed}" if self.count == 1 else f"{noun}s {listed}"
