"""A session as it was at an earlier position.

The caller restores the nearest checkpoint at or before the position; the stored tokens from there
up to the position are fed again, on the grid of the reading. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator

import storage
from app.errors import NoSuchPlace
from app.service.reading.open_session import OpenSession
from app.service.reading.stream_text import document_pieces
from app.settings import Settings
from ingest import token_chunks
from storage import Database


def feed_up_to(
    db: Database, settings: Settings, opened: OpenSession, position: int
) -> Iterator[None]:
    """Feed a separate copy of a session what was read up to a position; yields after each chunk.

    Raises:
        NoSuchPlace: the session has not read that far.
    """
    row, tokens = opened.row, opened.session.runtime.tokenizer
    for document in storage.list_documents(db, row.id):
        if document.start_position is None or opened.position >= position:
            continue
        done = opened.document_tokens if document.id == opened.document_id else 0
        if document.start_position + document.tokens_read <= opened.position:
            continue
        wanted = min(document.tokens_read, position - document.start_position)
        pieces = document_pieces(db, document, tokens, done)
        for chunk in token_chunks(pieces, opened.chunk_tokens(settings)):
            chunk = chunk[: max(0, wanted - done)]
            if not chunk:
                break
            opened.session.feed(chunk, logits=None)
            done += len(chunk)
            yield
    if opened.position < position:
        raise NoSuchPlace(f"The session {row.name!r} has not read as far as token {position:,}.")
