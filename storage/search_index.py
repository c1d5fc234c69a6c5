"""The search index: which segments are in it, and how the others come into it.

The tokens of new segments are made in Python (`storage.tokens`) before they are stored together. A
segment that is stored or changed without its tokens is noted by triggers, in ``segments_to_index``:
what an older version of the program stored, and what was copied or imported. It is indexed
afterwards in small transactions: a search begins with what its session lacks, and an interrupted
indexing resumes where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.database import PAUSE_S, Database
from storage.languages import MAX_SAMPLE_CHARACTERS, detect_language
from storage.stop_words import STOP_WORDS
from storage.tokens import index_tokens

BATCH_SEGMENTS = 200
"""Segments that are indexed in one transaction; it takes a tenth of a second."""
_SAMPLES = 16
_MERGE_PAGES = 500
"""Pages of the index that are merged in one transaction; it takes some hundredths of a second."""


@dataclass(frozen=True)
class IndexState:
    """How many segments are in the search index, and how many there are."""

    indexed: int
    total: int


def language_of(texts: Sequence[str]) -> str:
    """Return the language of some segments of one document, by whose stems they are indexed."""
    # Pieces from all over, so that a foreign title page or quotation counts little.
    chosen = texts[:: max(1, len(texts) // _SAMPLES)]
    characters = MAX_SAMPLE_CHARACTERS // max(1, len(chosen))
    return detect_language("\n".join(text[:characters] for text in chosen))


def segment_tokens(text: str, language: str) -> str:
    """Return the tokens of a segment, separated by spaces."""
    return index_tokens(text, language, STOP_WORDS)


def store_tokens(
    db: Database, document_id: int, language: str, tokens: Sequence[tuple[int, str]]
) -> None:
    """Store the tokens of segments, by their ids; call this inside a transaction.

    Segments that are stored after their tokens are in the search index at once.
    """
    if tokens:
        db.execute(
            "INSERT OR IGNORE INTO document_languages VALUES (?, ?)", [document_id, language]
        )
        db.execute_many("INSERT INTO segment_tokens (id, tokens) VALUES (?, ?)", tokens)


def index_state(db: Database, session_id: int | None = None) -> IndexState:
    """Return how far the search index is built, for one session or for all (None)."""
    among = "FROM documents WHERE :session IS NULL OR session_id = :session"
    row = db.row(
        f"""
        SELECT (SELECT count(*) FROM segments_to_index WHERE document_id IN (SELECT id {among}))
            AS missing, (SELECT count(*) FROM segments WHERE document_id IN (SELECT id {among}))
            AS total
        """,
        {"session": session_id},
    )
    assert row is not None  # an aggregate always has a row
    return IndexState(row["total"] - row["missing"], row["total"])


def lacks_segments(db: Database, session_id: int | None = None) -> bool:
    """Return whether segments of a session, or of any (None), are not in the search index yet."""
    return _next_document(db, session_id) is not None


def index_segments(
    db: Database, session_id: int | None = None, is_stopped: Callable[[], bool] = lambda: False
) -> int:
    """Index segments that are not in the search index yet, in batches; return how many.

    Args:
        session_id: only those of this session; None: all.
        is_stopped: asked before each batch.
    """
    count = 0
    while not is_stopped() and (done := index_batch(db, session_id)):
        count += done
        if done == BATCH_SEGMENTS:
            time.sleep(PAUSE_S)
    return count


def index_batch(db: Database, session_id: int | None = None) -> int:
    """Index some segments of one document that are not in the index yet; return how many."""
    if not lacks_segments(db, session_id):
        return 0  # without the write lock, which a search mostly needs not wait for
    with db.transaction():
        document_id = _next_document(db, session_id)
        return 0 if document_id is None else _index_document_batch(db, document_id)


def _index_document_batch(db: Database, document_id: int) -> int:
    rows = db.rows(
        """
        SELECT segments.id, segments.text FROM segments_to_index
        JOIN segments ON segments.id = segment_id
        WHERE segments_to_index.document_id = ? ORDER BY segment_id LIMIT ?
        """,
        [document_id, BATCH_SEGMENTS],
    )
    language = language_of([row["text"] for row in rows])
    tokens = [(row["id"], segment_tokens(row["text"], language)) for row in rows]
    db.execute_many("DELETE FROM segment_tokens WHERE id = ?", ([row["id"]] for row in rows))
    store_tokens(db, document_id, language, tokens)
    db.execute_many(
        "DELETE FROM segments_to_index WHERE document_id = ? AND segment_id = ?",
        ((document_id, row["id"]) for row in rows),
    )
    return len(rows)


def session_languages(db: Database, session_id: int) -> list[str]:
    """Return the languages by whose stems the documents of a session are indexed."""
    rows = db.rows(
        "SELECT DISTINCT language FROM document_languages "
        "JOIN documents ON documents.id = document_id WHERE session_id = ? ORDER BY language",
        [session_id],
    )
    return [row["language"] for row in rows]


def rebuild_search_index(db: Database) -> None:
    """Build the search index again from the text of the segments.

    `Database.integrity_check` reports when this is needed.
    """
    with db.transaction():
        # From the tokens: the tokens of a segment can only be replaced in an index that has them.
        db.execute("INSERT INTO segments_fts (segments_fts) VALUES ('rebuild')")
        db.execute("INSERT OR IGNORE INTO segments_to_index SELECT document_id, id FROM segments")
    index_segments(db)


def optimize_search_index(db: Database) -> None:
    """Merge the index, which forgets the words of deleted segments, in short transactions."""
    pages = -_MERGE_PAGES  # a negative number begins to merge all of it; see FTS5's 'merge'
    while True:
        with db.transaction():
            before = db.value("SELECT total_changes()")
            db.execute("INSERT INTO segments_fts (segments_fts, rank) VALUES ('merge', ?)", [pages])
            written = db.value("SELECT total_changes()") - before
        if written < 2:
            return
        pages = _MERGE_PAGES
        db.pause()


def _next_document(db: Database, session_id: int | None) -> int | None:
    found = db.value("SELECT document_id FROM segments_to_index LIMIT 1")
    if session_id is not None and found is not None:
        found = db.value(
            "SELECT id FROM documents WHERE session_id = ? AND EXISTS "
            "(SELECT 1 FROM segments_to_index WHERE document_id = documents.id) LIMIT 1",
            [session_id],
        )
    return None if found is None else int(found)
