"""A session as it was: which position is meant, and the state there.

The nearest checkpoint at or before the position is restored, and the stored tokens up to it are fed
again, on the grid of the reading. Nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import storage
from ahn_runtime import Runtime
from app.errors import NoSuchPlace
from app.service.library.indexing import document_pieces
from app.service.reading.open_session import OpenSession, open_session
from app.settings import Settings
from ingest import token_chunks
from storage import CheckpointRow, Database, SessionRow

_CHECKPOINT = re.compile(r"#?\s*(\d+)")
_LOCATOR = re.compile(r"(?:(?P<title>.+?)[:,]\s*)?(?P<kind>[^\W\d]+)\s+(?P<number>\d+)")


def find_position(db: Database, row: SessionRow, at: str) -> int:
    """The position that a person means.

    Args:
        at: a checkpoint's number ("12"), or the last page, chapter or line that may be known
            ("page 120"), with the document before it where several have such ("Moby Dick: page
            120").

    Raises:
        NoSuchPlace: with what there is instead.
    """
    text = at.strip()
    if match := _CHECKPOINT.fullmatch(text):
        return find_checkpoint(db, row, int(match[1])).position
    match = _LOCATOR.fullmatch(text)
    kinds = storage.locator_kinds(db, row.id)
    kind = next((k for k in kinds if match and match["kind"].lower() in (k, f"{k}s")), None)
    if match is None or kind is None:
        known = ", ".join(f'"{kind} 12"' for kind in kinds) or "nothing, for nothing is read"
        raise NoSuchPlace(
            f"{at!r} is no place in this session; name a checkpoint by its number (see checkpoints "
            f"NAME), or how far the answer may know: {known}."
        )
    places = storage.find_positions(db, row.id, kind, int(match["number"]))
    if match["title"]:
        wanted = match["title"].casefold()
        named = [place for place in places if wanted in place.document_title.casefold()]
        # A whole title counts before one that it is a part of, such as of a newer version.
        places = [p for p in named if wanted == p.document_title.casefold()] or named
    if not places:
        raise NoSuchPlace(f"No document of this session has anything up to {text!r}.")
    if len(places) > 1:
        place_name = f"{kind} {match['number']}"
        titles = "; ".join(f'"{place.document_title}: {place_name}"' for place in places)
        raise NoSuchPlace(f"Several documents have a {place_name}; say one of {titles}.")
    place = places[0]
    if place.position is None:
        raise NoSuchPlace(
            f"{place.document_title} has not been read up to {place.locator} yet; ask again then."
        )
    return place.position


def find_checkpoint(db: Database, row: SessionRow, number: int) -> CheckpointRow:
    """The session's checkpoint of this number.

    Raises:
        NoSuchPlace: it has none.
    """
    for checkpoint in storage.list_checkpoints(db, row.id):
        if checkpoint.id == number:
            return checkpoint
    raise NoSuchPlace(
        f"The session {row.name!r} has no checkpoint number {number}; see checkpoints {row.name!r}."
    )


def open_at(
    db: Database, settings: Settings, row: SessionRow, runtime: Runtime, position: int
) -> OpenSession:
    """Bring a session of its own to a position.

    Raises:
        NoSuchPlace: the session has not read that far.
    """
    live = open_session(db, row, runtime, max_position=position)
    for _ in feed_up_to(db, settings, live, position):
        pass
    return live


def feed_up_to(
    db: Database, settings: Settings, live: OpenSession, position: int
) -> Iterator[None]:
    """Feed a session of its own what was read up to a position; yields after each chunk.

    Raises:
        NoSuchPlace: the session has not read that far.
    """
    row, tokens = live.row, live.session.runtime.tokenizer
    for document in storage.list_documents(db, row.id):
        if document.start_position is None or live.position >= position:
            continue
        done = live.document_tokens if document.id == live.document_id else 0
        if document.start_position + document.tokens_read <= live.position:
            continue
        wanted = min(document.tokens_read, position - document.start_position)
        pieces = document_pieces(db, document, tokens, done)
        for chunk in token_chunks(pieces, live.chunk_tokens(settings)):
            chunk = chunk[: max(0, wanted - done)]
            if not chunk:
                break
            live.session.feed(chunk, logits=None)
            done += len(chunk)
            yield
    if live.position < position:
        raise NoSuchPlace(f"The session {row.name!r} has not read as far as token {position:,}.")
