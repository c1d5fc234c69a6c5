"""Fills a database with many sessions, and one of them with many documents, messages, checkpoints.

The rows are what reading writes: each document has text that the search finds, and a checkpoint at
its end. They are stored without a model, so that ten thousand take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import storage
from storage import Database, DocumentState, NewSegment, SessionRow

SEGMENT_TOKENS = 40
SEGMENTS = 2
_WORDS = "harbour ledger lantern winter copper meadow signal orchard granite violet".split()


def add_sessions(db: Database, count: int, settings: Mapping[str, Any]) -> None:
    """Add empty sessions "Volume 1", "Volume 2", and so on.

    Args:
        settings: of each.
    """
    with db.transaction():
        for number in range(1, count + 1):
            storage.create_session(db, f"Volume {number}", settings)


def add_trash(db: Database, count: int, settings: Mapping[str, Any]) -> None:
    """Add sessions "Discarded 1", "Discarded 2", and so on, and move them to the trash.

    Args:
        settings: of each.
    """
    with db.transaction():
        for number in range(1, count + 1):
            row = storage.create_session(db, f"Discarded {number}", settings)
            storage.trash_session(db, row.id)


def add_documents(
    db: Database,
    session: SessionRow,
    count: int,
    manifest: Mapping[str, Any],
    page_hashes: Sequence[str],
) -> None:
    """Add documents that were read, each with a checkpoint at its end.

    Args:
        manifest, page_hashes: of a stored checkpoint of the session, for those of the documents.
            Their positions begin at 1, one after the other.
    """
    with db.transaction():
        for number in range(1, count + 1):
            _add_document(db, session.id, number, manifest, page_hashes)


def _add_document(
    db: Database,
    session_id: int,
    number: int,
    manifest: Mapping[str, Any],
    page_hashes: Sequence[str],
) -> None:
    document = storage.add_document(
        db,
        session_id,
        title=f"report {number}",
        kind="text",
        file_name=f"report {number}.txt",
        sha256=f"{number:064x}",
        byte_count=1000,
    )
    segments = storage.prepare_segments(_segments(number), "english")
    storage.store_segments(db, document.id, segments)
    tokens = SEGMENTS * SEGMENT_TOKENS
    storage.finish_indexing(
        db, document.id, token_count=tokens, unit_count=SEGMENTS, unit_name="line"
    )
    storage.set_start_position(db, document.id, number)
    storage.save_checkpoint(
        db,
        session_id,
        position=number,
        manifest=manifest,
        pages={},
        page_hashes=page_hashes,
        document_id=document.id,
        document_tokens=tokens,
        document_state=DocumentState.DONE,
    )


def _segments(number: int) -> Iterator[NewSegment]:
    for part in range(SEGMENTS):
        word, other = _WORDS[number % 10], _WORDS[number // 10 % 10]
        yield NewSegment(
            text=f"Entry {part} of report {number}: the {word} and the {other} were counted twice.",
            locator=f"line {part + 1}",
            locator_kind="line",
            locator_start=part + 1,
            locator_end=part + 1,
            token_start=part * SEGMENT_TOKENS,
            token_count=SEGMENT_TOKENS,
        )


def add_messages(db: Database, session: SessionRow, count: int) -> None:
    """Add questions and answers, `count` messages in all."""
    with db.transaction():
        for number in range(count):
            role = "assistant" if number % 2 else "user"
            storage.add_message(
                db,
                session.id,
                role=role,
                text=f"Message {number}: what was counted, and what came of it in the end?",
                position=number,
            )
