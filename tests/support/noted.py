"""Documents with notes, stored without a model."""

from __future__ import annotations

from collections.abc import Sequence

import storage
from app.service import Service
from storage import Database

HOSTILE = "<b>A</b> \x1b[2J boat"


def add_document(
    db: Database,
    session_id: int,
    title: str,
    segments: Sequence[tuple[str, str, str, int | None]],
    tokens_read: int | None = None,
    kind: str = "text",
) -> int:
    """A document of segments of 1,000 tokens each, given as (text, locator, kind, chapter)."""
    document = storage.add_document(
        db, session_id, title=title, kind=kind, file_name=title, sha256=title, byte_count=9
    )
    storage.add_segments(
        db,
        document.id,
        [
            storage.NewSegment(text, place, of, i + 1, i + 1, 1000 * i, 1000, chapter)
            for i, (text, place, of, chapter) in enumerate(segments)
        ],
    )
    total = 1000 * len(segments)
    storage.finish_indexing(db, document.id, token_count=total, unit_count=1, unit_name="pages")
    storage.set_start_position(db, document.id, 100)
    read = total if tokens_read is None else tokens_read
    state = "done" if read == total else "paused"
    db.execute(
        "UPDATE documents SET tokens_read = ?, state = ? WHERE id = ?", [read, state, document.id]
    )
    return document.id


def add_noted_novel(service: Service, session: str = "s") -> int:
    """Add a novel of two chapters, with two notes on the first; its id."""
    segments = [
        ("text", "chapter 1 (The Mill)", "chapter", 1),
        ("text", "chapter 1 (The Mill)", "chapter", 1),
        ("text", "chapter 2 (The Sea)", "chapter", 2),
    ]
    number = add_document(
        service.db, service.sessions.ensure(session).id, "novel", segments, kind="epub"
    )
    storage.add_note(service.db, number, 0, 1024, HOSTILE)
    storage.add_note(service.db, number, 1024, 2000, "The mill burns")
    return number
