"""Positions in a session's stream by the names that people give them."""

from __future__ import annotations

import re

import storage
from app.errors import NoSuchPlace
from storage import CheckpointRow, Database, SessionRow

_CHECKPOINT = re.compile(r"#?\s*(\d+)")
_LOCATOR = re.compile(r"(?:(?P<title>.+?)[:,]\s*)?(?P<kind>[^\W\d]+)\s+(?P<number>\d+)")


def find_position(db: Database, row: SessionRow, at: str) -> int:
    """The number of tokens of a session's stream that a person means by a name.

    Args:
        at: a checkpoint's number ("12"), or the last page, chapter or line that may be known
            ("page 120"), after the document's title if several documents have one ("Moby Dick:
            page 120").

    Raises:
        NoSuchPlace: there is no such position, or it is not read yet; the message says what there
            is instead.
    """
    text = at.strip()
    if match := _CHECKPOINT.fullmatch(text):
        return find_checkpoint(db, row, int(match[1])).position
    match = _LOCATOR.fullmatch(text)
    kinds = storage.locator_kinds(db, row.id)
    kind = next((k for k in kinds if match and match["kind"].lower() in (k, f"{k}s")), None)
    if match is None or kind is None:
        known = ", ".join(f'"{kind} 12"' for kind in kinds) or "nothing, because nothing is read"
        raise NoSuchPlace(
            f"{at!r} is no place in this session; name a checkpoint by its number (see checkpoints "
            f"NAME), or how far the answer may know: {known}."
        )
    positions = storage.find_positions(db, row.id, kind, int(match["number"]))
    if match["title"]:
        wanted = match["title"].casefold()
        named = [p for p in positions if wanted in p.document_title.casefold()]
        # A whole title is preferred to one that contains it, such as a newer version's.
        positions = [p for p in named if wanted == p.document_title.casefold()] or named
    if not positions:
        raise NoSuchPlace(f"No document of this session has anything up to {text!r}.")
    if len(positions) > 1:
        name = f"{kind} {match['number']}"
        titles = "; ".join(f'"{p.document_title}: {name}"' for p in positions)
        raise NoSuchPlace(f"Several documents have a {name}; say one of {titles}.")
    (found,) = positions
    if found.position is None:
        raise NoSuchPlace(
            f"{found.document_title} has not been read up to {found.locator} yet; ask again later."
        )
    return found.position


def find_checkpoint(db: Database, row: SessionRow, number: int) -> CheckpointRow:
    """The session's checkpoint of this number.

    Raises:
        NoSuchPlace: the session has no such checkpoint.
    """
    for checkpoint in storage.list_checkpoints(db, row.id):
        if checkpoint.id == number:
            return checkpoint
    raise NoSuchPlace(
        f"The session {row.name!r} has no checkpoint number {number}; see checkpoints {row.name!r}."
    )
