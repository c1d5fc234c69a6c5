"""The chapters of a PDF according to its outline, the tree of bookmarks.

Chapters are the entries of the first level, numbered in the order of their pages. If that level is
a single entry (the book's title), its children are the chapters; if an entry is a part ("Part II"),
the children of the part are. Deeper entries are sections.

pypdf has this too, but recurses and keeps everything: an outline from outside may be cyclic,
endless, or point nowhere. An entry that points nowhere has no pages, but it is counted, so that the
chapters after it keep their numbers.

Source: ISO 32000-1, 12.3.3 (outline), 12.3.2 (destinations), 12.6.4.2 (go-to actions).
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest.document import Chapter
from ingest.markup.paragraphs import heading_label
from ingest.pdf.trees import resolved, tree_pairs

_MAX_ENTRIES = 20_000
_MAX_NAMES = 100_000
_MAX_LONE_LEVELS = 4
_PART = re.compile(
    r"\s*(?:part|book|volume|teil|band|buch|partie|livre|tome|parte|libro|deel|часть|том)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Entry:
    """An entry of the outline; `index` is that of its page, None if it points nowhere."""

    title: str | None
    index: int | None
    first_child: Any


class Outline:
    """The chapters of a document, looked up by page."""

    def __init__(self, root: Any, pages: Sequence[Any]) -> None:
        """Read the outline; no objects of the PDF are kept.

        Args:
            root: the PDF's catalog, as pypdf gives it.
            pages: its pages.
        """
        self._chapters: list[Chapter] = []
        self._starts: list[int] = []
        outline = resolved(root.get("/Outlines"))
        if not isinstance(outline, dict):
            return
        entries = _OutlineWalk(root, pages).chapters(outline.get("/First"))
        for number, entry in enumerate(_by_page(entries), start=1):
            if entry.index is not None:
                self._chapters.append(Chapter(number, entry.title or f"chapter {number}"))
                self._starts.append(entry.index)

    def chapter(self, index: int) -> Chapter | None:
        """Return the chapter of the page at a 0-based index, None before the first chapter.

        It is the first chapter that begins on the page, else the last that begins before it.
        """
        at = bisect.bisect_left(self._starts, index)
        if at < len(self._starts) and self._starts[at] == index:
            return self._chapters[at]
        return self._chapters[at - 1] if at else None


class _OutlineWalk:
    """Reads the entries of an outline once; finds the pages to which they point."""

    def __init__(self, root: Any, pages: Sequence[Any]) -> None:
        self._seen: set[int] = set()
        self._left = _MAX_ENTRIES
        self._root = root
        self._names: dict[Any, Any] | None = None
        self._index_of: dict[int, int] = {}
        self._page_count = len(pages)
        for index, page in enumerate(pages):
            number = getattr(page.indirect_reference, "idnum", None)
            if number is not None:
                self._index_of.setdefault(number, index)

    def chapters(self, first: Any) -> list[_Entry]:
        """Return the chapters in the order of the outline, which begins with the entry `first`."""
        level = list(self._level(first))
        for _ in range(_MAX_LONE_LEVELS):
            if len(level) != 1 or level[0].first_child is None:
                break
            level = list(self._level(level[0].first_child)) or level
        return [chapter for entry in level for chapter in self._chapters_of(entry)]

    def _chapters_of(self, entry: _Entry) -> list[_Entry]:
        """Return the chapters of a part, the first of which gets the part's opening pages.

        An entry that is not a part is itself a chapter.
        """
        if entry.first_child is None or not _PART.match(entry.title or ""):
            return [entry]
        inside = list(self._level(entry.first_child))
        if not inside:
            return [entry]
        known = [index for index in (entry.index, inside[0].index) if index is not None]
        return [replace(inside[0], index=min(known, default=None)), *inside[1:]]

    def _level(self, reference: Any) -> Iterator[_Entry]:
        """Yield an entry and the entries after it on its level; none is yielded twice."""
        while reference is not None and self._left > 0:
            self._left -= 1
            number = getattr(reference, "idnum", None)
            if number in self._seen:
                return
            if number is not None:
                self._seen.add(number)
            item = resolved(reference)
            if not isinstance(item, dict):
                return
            title = resolved(item.get("/Title"))
            label = heading_label(title) if isinstance(title, str) else None
            yield _Entry(label, self._page_of(item), item.get("/First"))
            # `get` does not resolve references: their numbers show cycles.
            reference = item.get("/Next")

    def _page_of(self, item: Any) -> int | None:
        """Return the index of the page to which an entry points, None if there is none."""
        target = resolved(item.get("/Dest"))
        if target is None:
            action = resolved(item.get("/A"))
            if not isinstance(action, dict) or resolved(action.get("/S")) != "/GoTo":
                return None
            target = resolved(action.get("/D"))
        if isinstance(target, str | bytes):
            target = resolved(self._named(target))
        if isinstance(target, dict):
            target = resolved(target.get("/D"))
        if not isinstance(target, list) or not target:
            return None
        # A number instead of a page is meant for links to other files, but occurs here, too.
        page = target[0]
        if isinstance(page, int):
            return int(page) if 0 <= page < self._page_count else None
        return self._index_of.get(getattr(page, "idnum", 0))

    def _named(self, name: str | bytes) -> Any:
        if self._names is None:
            old = resolved(self._root.get("/Dests"))
            self._names = dict(old.items()) if isinstance(old, dict) else {}
            names = resolved(self._root.get("/Names"))
            tree = names.get("/Dests") if isinstance(names, dict) else None
            for key, value in tree_pairs(tree, "/Names", _MAX_NAMES):
                if isinstance(key, str | bytes):
                    self._names[key] = value
        return self._names.get(name)


def _by_page(entries: list[_Entry]) -> list[_Entry]:
    """Sort entries by page; an entry that points nowhere stays after the one before it."""
    at, placed = -1, []
    for entry in entries:
        at = at if entry.index is None else entry.index
        placed.append((at, entry))
    return [entry for _, entry in sorted(placed, key=lambda pair: pair[0])]
