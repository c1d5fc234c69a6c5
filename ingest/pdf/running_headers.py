"""Running heads and feet: the title and the number that a book prints on each of its pages.

Knows no PDF: it takes the lines of pages in order and looks a few pages back and ahead. A line
goes only if it stands on the same edge of several pages nearby, its words alike and each number in
it either the same or counting the pages; a row of a table stays, and so does a page's only line.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

# Left and right pages differ, and one with a picture has no head: so some more than needed.
_PAGES_EACH_WAY = 6
_MIN_OTHERS = 2
_LINES_AT_AN_EDGE = 2
_MAX_HEAD_CHARS = 120
_NUMBER = re.compile(r"[0-9]{1,9}")


class _EdgeLine(NamedTuple):
    """A line near a page's edge: where it is, its words without numbers, its numbers."""

    at: int
    words: str
    numbers: tuple[int, ...]

    def recurs_as(self, other: "_EdgeLine", pages_on: int) -> bool:
        if self.words != other.words or len(self.numbers) != len(other.numbers):
            return False
        steps = {right - left for left, right in zip(self.numbers, other.numbers, strict=True)}
        # A number alone is a page's number only if it counts the pages.
        return steps == {pages_on} if self.words == "#" else steps <= {0, pages_on}


@dataclass(frozen=True)
class _Page:
    number: int
    lines: list[str]
    edges: tuple[list[_EdgeLine], list[_EdgeLine]]

    @classmethod
    def of(cls, number: int, text: str) -> "_Page":
        lines = text.splitlines(keepends=True)
        full = [index for index, line in enumerate(lines) if line.strip()]
        top, bottom = full[:_LINES_AT_AN_EDGE], full[: -_LINES_AT_AN_EDGE - 1 : -1]
        edges = [_edge_lines(lines, edge) for edge in (top, bottom)]
        return cls(number, lines, (edges[0], edges[1]))

    def body(self, others: Iterable["_Page"]) -> str:
        """Return the page's text without the lines that recur on the other pages."""
        others = list(others)
        heads = {line.at for edge in (0, 1) for line in self._recurring(edge, others)}
        if not heads:
            return "".join(self.lines)
        body = "".join(line for index, line in enumerate(self.lines) if index not in heads)
        return body if body.strip() else "".join(self.lines)

    def _recurring(self, edge: int, others: list["_Page"]) -> Iterator[_EdgeLine]:
        """Yield the lines from the edge inwards, as far as they recur."""
        for line in self.edges[edge]:
            count = sum(
                any(line.recurs_as(there, page.number - self.number) for there in page.edges[edge])
                for page in others
            )
            if count < _MIN_OTHERS:
                return
            yield line


def without_running_heads(pages: Iterable[str]) -> Iterator[str]:
    """Yield each page's text without its running heads; a few pages are held at a time."""
    before: deque[_Page] = deque(maxlen=_PAGES_EACH_WAY)
    waiting: deque[_Page] = deque()
    for number, text in enumerate(pages):
        waiting.append(_Page.of(number, text))
        if len(waiting) > _PAGES_EACH_WAY:
            yield _next_body(before, waiting)
    while waiting:
        yield _next_body(before, waiting)


def _next_body(before: deque[_Page], waiting: deque[_Page]) -> str:
    page = waiting.popleft()
    body = page.body(chain(before, waiting))
    before.append(page)
    return body


def _edge_lines(lines: list[str], edge: list[int]) -> list[_EdgeLine]:
    """Return the lines at an edge, up to the first that can be no head."""
    found = []
    for index in edge:
        line = lines[index].strip()
        if "\t" in line or len(line) > _MAX_HEAD_CHARS:
            break
        words = " ".join(_NUMBER.sub("#", line).casefold().split())
        found.append(_EdgeLine(index, words, tuple(map(int, _NUMBER.findall(line)))))
    return found
