"""The comments on the cells of an Excel sheet, also those that are conversations.

Of a conversation, programs store a copy as a simple comment, which says so; it is not read twice.

Source: ECMA-376 part 1, SpreadsheetML; [MS-XLSX] 2.4.85, threaded comments.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ingest.errors import DamagedDocument, LimitExceeded
from ingest.markup.archive import Archive
from ingest.markup.opc import relations
from ingest.markup.xml import BrokenXml, elements, local_name, parse_tree
from ingest.tables.rows import comment_line

_ENTRY = re.compile(r"xl/(?:.*/)?(?:threadedC|c)omment[^/]*\.xml")
_SIMPLE = re.compile(rb"<(?:\w{1,40}:)?comment\s")
_PLACE = re.compile(r"[A-Z]{1,3}([0-9]{1,7})")
_COPY = "[Threaded comment]"
_MAX_BYTES = 16 * 1024 * 1024
_MAX_COMMENTS = 100_000


def count_comments(archive: Archive) -> int:
    """Return how many comments all sheets have; a conversation on a cell is one."""
    count = 0
    for entry in archive.names():
        if _ENTRY.fullmatch(entry) and "threaded" not in entry:
            try:
                count += len(_SIMPLE.findall(archive.read(entry, _MAX_BYTES)))
            except (DamagedDocument, LimitExceeded):
                continue
    return count


def read_comments(archive: Archive, sheet: str) -> dict[int, list[str]]:
    """Return the comments on a sheet as lines, by the number of their row.

    Args:
        archive: the workbook.
        sheet: the entry of the sheet.
    """
    threads: dict[str, list[str]] = defaultdict(list)
    simple: dict[str, str] = {}
    for _, kind, part in relations(archive, sheet) if sheet else ():
        if kind == "threadedComment":
            for comment in _elements(archive, part, "threadedComment"):
                threads[comment.get("ref", "")].append(_text(comment, "text"))
        elif kind == "comments":
            for comment in _elements(archive, part, "comment"):
                simple[comment.get("ref", "")] = _text(comment, "t")
    lines: dict[int, list[str]] = defaultdict(list)
    for place, text in simple.items():
        match = _PLACE.fullmatch(place)
        if text.startswith(_COPY) and threads[place]:
            text = " – ".join(threads[place])
        line = comment_line(place, text)
        if match and line:
            lines[int(match[1])].append(line)
    return lines


def _elements(archive: Archive, part: str, name: str) -> Iterator[Any]:
    try:
        root = parse_tree(archive.read(part, _MAX_BYTES))
    except (DamagedDocument, LimitExceeded, BrokenXml):
        return
    for count, element in enumerate(elements(root, name)):
        if count == _MAX_COMMENTS:
            return
        yield element


def _text(comment: Any, name: str) -> str:
    """Return the texts of the elements of a name, without the readings of East Asian words."""
    return "".join(
        element.text or ""
        for element in elements(comment, name)
        if local_name(element.getparent().tag) != "rPh"
    )
