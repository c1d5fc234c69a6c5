"""Positions in a session's stream by the names that people give them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import storage
from app.errors import NoSuchPlace
from app.service.reading.titles import documents_called, list_shown_keys
from storage import CheckpointRow, Database, DocumentKey, SessionRow, StreamPosition

_CHECKPOINT = re.compile(r"#?\s*(\d{1,18})")
_TITLE_LAST = re.compile(r"(?P<place>[^\W\d]+\s+\S+)\s+(?:of|in)\s+(?P<title>.+)", re.IGNORECASE)
# A locator as citations print it: "page 12", "page A-4 (9, The Mill)", "lines 3–9".
_LOCATOR = re.compile(
    r"(?:(?P<title>.+?)[:,]\s*)?(?P<kind>[^\W\d]+)\s+(?P<label>[^\s:,()][^:,()]*?)"
    r"(?:\s*\((?:(?P<counted>\d{1,9})(?:,.*)?|.*)\))?"
)
_LAST_NUMBER = re.compile(r"(?:\d+\s*-\s*)?(\d{1,9})")


class NamedPosition(NamedTuple):
    """A position in tokens, and the name that says which of several pages was taken."""

    position: int
    name: str


def find_position(db: Database, row: SessionRow, at: str) -> int:
    """The number of tokens of a session's stream that a person means by a name.

    See `name_position`, which also returns what names the position and no other.
    """
    return name_position(db, row, at).position


def name_position(db: Database, row: SessionRow, at: str) -> NamedPosition:
    """The position that a person means by a name.

    Args:
        at: a checkpoint's number ("12"), or the last page, chapter or line that may be known
            ("page 120"), after the document's title if several documents have one ("Moby Dick:
            page 120", "page 120 of Moby Dick"); the title may have its folder ("docs/README"). A
            page may have the label that is printed on it ("page iii", "page A-4"); a number is a
            label where a page has it, else the page is counted.

    Returns:
        The position; its name is `at`, or "page iii (3)" where label and count differ.

    Raises:
        NoSuchPlace: there is no such position, or it is not read yet; the message says what there
            is instead.
    """
    text = at.strip()
    if match := _CHECKPOINT.fullmatch(text):
        return NamedPosition(find_checkpoint(db, row, int(match[1])).position, at)
    documents = list_shown_keys(db, row.id)
    match = _LOCATOR.fullmatch(_title_first(documents, text))
    kinds = storage.locator_kinds(db, row.id)
    kind = next((k for k in kinds if match and match["kind"].lower() in (k, f"{k}s")), None)
    if match is None or kind is None:
        known = ", ".join(f'"{kind} 12"' for kind in kinds) or "nothing, because nothing is read"
        raise NoSuchPlace(
            f"{at!r} is no place in this session; name a checkpoint by its number (see checkpoints "
            f"NAME), or how far the answer may know: {known}."
        )
    label = match["label"].split("–")[-1].strip()  # the end of a range
    number = _LAST_NUMBER.fullmatch(label)
    positions = storage.find_positions(
        db,
        row.id,
        kind,
        int(number[1]) if number else None,
        label,
        int(match["counted"]) if match["counted"] else None,
    )
    positions = _in_document(documents, positions, match["title"] or "")
    if not positions:
        raise NoSuchPlace(f"No document of this session has anything up to {text!r}.")
    if len(positions) > 1:
        titles = "; ".join(f'"{p.document_title}: {p.name(kind)}"' for p in positions)
        raise NoSuchPlace(f"Several documents have a {kind} {match['label']}; say one of {titles}.")
    (found,) = positions
    if found.position is None:
        raise NoSuchPlace(
            f"{found.document_title} has not been read up to {found.locator} yet; ask again later."
        )
    name = found.name(kind)
    if name == f"{kind} {found.number}":
        return NamedPosition(found.position, at)
    title = f"{match['title']}: " if match["title"] else ""
    return NamedPosition(found.position, title + name)


def _title_first(documents: Sequence[DocumentKey], text: str) -> str:
    """A place, with the title before it if it came after it ("page 3 of README")."""
    match = _TITLE_LAST.fullmatch(text)
    if match is None or not documents_called(documents, match["title"]):
        return text
    return f"{match['title']}: {match['place']}"


def _in_document(
    documents: Sequence[DocumentKey], positions: Sequence[StreamPosition], title: str
) -> list[StreamPosition]:
    """The positions in the documents that a person means by a title, with the titles to show.

    Args:
        documents: of the session, with the titles to show.
        title: empty: all documents. A part of a title is enough where no document is called so.
    """
    titles = {document.id: document.title for document in documents}
    shown = [replace(p, document_title=titles[p.document_id]) for p in positions]
    if not title:
        return shown
    called = {document.id for document in documents_called(documents, title)}
    if called:
        return [p for p in shown if p.document_id in called]
    return [p for p in shown if title.casefold() in p.document_title.casefold()]


def find_checkpoint(db: Database, row: SessionRow, number: int) -> CheckpointRow:
    """The session's checkpoint of this number.

    Raises:
        NoSuchPlace: the session has no such checkpoint.
    """
    with contextlib.suppress(storage.NotFound, OverflowError):  # SQLite's numbers end at 2^63
        checkpoint = storage.get_checkpoint(db, number)
        if checkpoint.session_id == row.id:
            return checkpoint
    raise NoSuchPlace(
        f"The session {row.name!r} has no checkpoint number {number}; see checkpoints {row.name!r}."
    )
