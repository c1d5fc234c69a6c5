"""Removes running headers and footers: the title and the page number that a book has on each page.

Knows no PDF: it takes the text of pages in order and compares each with a few pages before and
after it. A line is removed only if several of these pages have it at the same edge, with the same
words, and with numbers that are equal or count the pages. Rows of a table are kept, and so is the
only line of a page.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

# More than needed: left and right pages differ, and a page with a picture may have no header.
_PAGES_EACH_WAY = 6
_MIN_OTHERS = 2
_LINES_AT_AN_EDGE = 2
_MAX_HEADER_CHARS = 120
_NUMBER = re.compile(r"[0-9]{1,9}")


class _EdgeLine(NamedTuple):
    """A line near a page's edge: its index, its words with "#" for numbers, and its numbers."""

    line_index: int
    words: str
    numbers: tuple[int, ...]

    def recurs_as(self, other: "_EdgeLine", page_distance: int) -> bool:
        """Return whether `other`, which is that many pages later, is the same running header."""
        if self.words != other.words or len(self.numbers) != len(other.numbers):
            return False
        steps = {right - left for left, right in zip(self.numbers, other.numbers, strict=True)}
        # A number alone is a page number only if it counts the pages.
        return steps == {page_distance} if self.words == "#" else steps <= {0, page_distance}


@dataclass(frozen=True)
class _Page:
    number: int
    lines: list[str]
    edges: tuple[list[_EdgeLine], list[_EdgeLine]]

    @classmethod
    def of(cls, number: int, text: str) -> "_Page":
        """Return the page of a number and a text."""
        lines = text.splitlines(keepends=True)
        full = [index for index, line in enumerate(lines) if line.strip()]
        top, bottom = full[:_LINES_AT_AN_EDGE], full[: -_LINES_AT_AN_EDGE - 1 : -1]
        edges = [_edge_lines(lines, edge) for edge in (top, bottom)]
        return cls(number, lines, (edges[0], edges[1]))

    def body(self, others: Iterable["_Page"]) -> str:
        """Return the page's text without the lines that recur on the other pages."""
        others = list(others)
        headers = {line.line_index for edge in (0, 1) for line in self._recurring(edge, others)}
        if not headers:
            return "".join(self.lines)
        body = "".join(line for index, line in enumerate(self.lines) if index not in headers)
        return body if body.strip() else "".join(self.lines)

    def _recurring(self, edge: int, others: list["_Page"]) -> Iterator[_EdgeLine]:
        """Yield the lines from the edge inwards until one does not recur.

        A second line of the same words is no header: it may be the title on the first page.
        """
        seen: set[str] = set()
        for line in self.edges[edge]:
            if line.words in seen:
                return
            seen.add(line.words)
            count = sum(
                # At either edge: pages are not all read in the same order.
                any(
                    line.recurs_as(there, page.number - self.number) for there in chain(*page.edges)
                )
                for page in others
            )
            if count < _MIN_OTHERS:
                return
            yield line


def without_running_headers(pages: Iterable[str]) -> Iterator[str]:
    """Yield each page's text without running headers and footers, holding a few pages at a time.

    Args:
        pages: the text of each page in order.
    """
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
    """Return the lines at an edge, up to the first that cannot be a running header."""
    found = []
    for index in edge:
        line = lines[index].strip()
        if "\t" in line or len(line) > _MAX_HEADER_CHARS:
            break
        words = " ".join(_NUMBER.sub("#", line).casefold().split())
        found.append(_EdgeLine(index, words, tuple(map(int, _NUMBER.findall(line)))))
    return found
