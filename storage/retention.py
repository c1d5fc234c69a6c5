"""Retention: which checkpoints of a session are kept, within a budget of bytes.

The last checkpoint of each document, of each chapter and of each interval of tokens is kept, so
that any position is soon reached by reading on from one of them. Of the others only the latest two
are kept, the second in case the first is damaged. If the pages exceed the budget, more checkpoints
are deleted, the oldest first and those at the end of a document last; the latest is always kept. A
page is deleted with the last checkpoint that uses it.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from storage.checkpoints import checkpoint_bytes
from storage.database import Database, Row
from storage.pages import free_unused_pages
from storage.values import SQL_TOTAL, whole

_KEPT_LATEST = 2
_BATCH_CHECKPOINTS = 4
_VACUUM_PAGES = 65_536  # 256 MiB: limits how long a pruning keeps the disk busy


def prune_checkpoints(
    db: Database,
    session_id: int,
    *,
    budget_bytes: int,
    every_tokens: int = 1,
    keep_latest: int = 1,
) -> int:
    """Delete the checkpoints that need not be kept, and more until the pages fit the budget.

    Args:
        budget_bytes: limit for the pages of the session's checkpoints, each page counted once.
        every_tokens: length of an interval of a document or chapter, in tokens; of the checkpoints
            in an interval only the last is kept.
        keep_latest: how many checkpoints of the highest positions are kept even over the budget.

    Returns:
        How many checkpoints were deleted.

    Raises:
        ValueError: ``keep_latest`` or ``every_tokens`` is less than 1.
    """
    if keep_latest < 1:
        raise ValueError(
            f"At least one checkpoint must be kept, not {keep_latest}: reading resumes from it."
        )
    if every_tokens < 1:
        raise ValueError(f"The tokens between checkpoints must be 1 or more, not {every_tokens}.")
    doomed = _not_last_in_interval(db, session_id, every_tokens)
    _delete(db, doomed)
    if checkpoint_bytes(db, session_id) > budget_bytes:
        more = _over_budget(db, session_id, keep_latest, budget_bytes)
        _delete(db, more)
        doomed += more
    if doomed:
        _give_back(db, session_id)
    return len(doomed)


def _delete(db: Database, checkpoint_ids: list[int]) -> None:
    """Delete checkpoints with the pages that only they use, a few in each transaction."""
    for first in range(0, len(checkpoint_ids), _BATCH_CHECKPOINTS):
        batch = checkpoint_ids[first : first + _BATCH_CHECKPOINTS]
        with db.transaction():
            db.execute_many("DELETE FROM checkpoints WHERE id = ?", ([id] for id in batch))
            free_unused_pages(db)
        if first + _BATCH_CHECKPOINTS < len(checkpoint_ids):
            db.pause()


def _give_back(db: Database, session_id: int) -> None:
    """Return free pages of the file to the disk, except as many as the next checkpoint needs."""
    page_bytes = int(db.value("PRAGMA page_size"))
    latest = db.value(
        f"SELECT {SQL_TOTAL.format('byte_count')} FROM pages WHERE hash IN (SELECT hash "
        "FROM checkpoint_pages WHERE checkpoint_id = (SELECT id FROM checkpoints "
        "WHERE session_id = ? ORDER BY position DESC, id DESC LIMIT 1))",
        [session_id],
    )
    spare = int(db.value("PRAGMA freelist_count")) - int(latest) // page_bytes
    db.incremental_vacuum(min(_VACUUM_PAGES, spare))


def _not_last_in_interval(db: Database, session_id: int, every_tokens: int) -> list[int]:
    """Return the ids of checkpoints that are neither the last of an interval nor of the latest."""
    rows = db.rows(
        """
        SELECT id, position, document_id, document_tokens, (
            SELECT chapter FROM segments WHERE segments.document_id = checkpoints.document_id
                AND token_start < document_tokens ORDER BY token_start DESC, ordinal DESC LIMIT 1
        ) AS chapter
        FROM checkpoints WHERE session_id = ? ORDER BY position, id
        """,
        [session_id],
    )
    older = pairwise(rows[: len(rows) - _KEPT_LATEST + 1])
    return [
        row["id"]
        for row, next_row in older
        if _interval(row, every_tokens) == _interval(next_row, every_tokens)
    ]


def _interval(row: Row, every_tokens: int) -> tuple[int | None, int | None, int]:
    """Return where a checkpoint is: its document, its chapter, and the number of its interval."""
    tokens = row["position"] if row["document_id"] is None else row["document_tokens"]
    return row["document_id"], row["chapter"], (tokens - 1) // every_tokens


def _over_budget(db: Database, session_id: int, keep_latest: int, budget_bytes: int) -> list[int]:
    """Return the ids of the checkpoints to delete for the budget, in the order of deletion."""
    candidates = db.rows(
        """
        SELECT checkpoints.id FROM checkpoints
        LEFT JOIN documents ON documents.id = checkpoints.document_id
        WHERE checkpoints.session_id = :session AND checkpoints.id NOT IN (
            SELECT id FROM checkpoints WHERE session_id = :session
            ORDER BY position DESC, id DESC LIMIT :keep)
        ORDER BY documents.token_count IS NOT NULL
            AND checkpoints.document_tokens = documents.token_count, position, checkpoints.id
        """,
        {"session": session_id, "keep": keep_latest},
    )
    links = db.rows(
        "SELECT checkpoint_id, pages.hash, byte_count FROM checkpoint_pages "
        "JOIN checkpoints ON checkpoints.id = checkpoint_id "
        "JOIN pages ON pages.hash = checkpoint_pages.hash WHERE session_id = ?",
        [session_id],
    )
    sizes = {link["hash"]: whole(link["byte_count"]) for link in links}
    uses = Counter(link["hash"] for link in links)
    pages_of: dict[int, list[str]] = {}
    for link in links:
        pages_of.setdefault(link["checkpoint_id"], []).append(link["hash"])
    total, doomed = sum(sizes.values()), []
    for candidate in candidates:
        if total <= budget_bytes:
            break
        doomed.append(candidate["id"])
        for hash in pages_of.get(candidate["id"], []):
            uses[hash] -= 1
            total -= 0 if uses[hash] else sizes[hash]
    return doomed
