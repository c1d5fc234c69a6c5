"""Which checkpoints of a session stay: those worth going back to, within a budget.

Worth going back to is the end of each document, of each chapter, and in between every so many
tokens: from there any place is soon reached by reading on. Of the others only the latest two stay,
the second for the case that the first is damaged. Over the budget more goes, the oldest first, the
ends of documents only when nothing else is left, the latest never. A page that no checkpoint uses
any more is gone with the last one that did.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from storage.checkpoints import checkpoint_bytes
from storage.database import Database, Row
from storage.pages import free_unused_pages

_SPARED_LATEST = 2
_VACUUM_PAGES = 65_536  # 256 MiB: bounds how long a pruning keeps the disk busy


def prune_checkpoints(
    db: Database,
    session_id: int,
    *,
    budget_bytes: int,
    every_tokens: int = 1,
    keep_latest: int = 1,
) -> int:
    """Delete the checkpoints that are not worth keeping, and more until the pages fit the budget.

    Args:
        budget_bytes: for the pages of the session's checkpoints, each page counted once.
        every_tokens: of a stretch of so many tokens of a document or chapter only the last stays.
        keep_latest: the furthest on that stay even if they alone exceed the budget.

    Returns:
        How many were deleted.
    """
    if keep_latest < 1:
        raise ValueError("At least one checkpoint is kept, or the reading would be lost.")
    if every_tokens < 1:
        raise ValueError(f"Checkpoints are kept every so many tokens, not every {every_tokens}.")
    with db.transaction():
        doomed = _within_stretches(db, session_id, every_tokens)
        _delete(db, doomed)
        if checkpoint_bytes(db, session_id) > budget_bytes:
            more = _over_budget(db, session_id, keep_latest, budget_bytes)
            _delete(db, more)
            doomed += more
        if doomed:
            free_unused_pages(db)
    if doomed:
        _give_back(db, session_id)
    return len(doomed)


def _delete(db: Database, checkpoint_ids: list[int]) -> None:
    db.execute_many("DELETE FROM checkpoints WHERE id = ?", ([id] for id in checkpoint_ids))


def _give_back(db: Database, session_id: int) -> None:
    """Give free room back to the disk, but for what the next checkpoint is about to take."""
    page_bytes = int(db.value("PRAGMA page_size"))
    latest = db.value(
        "SELECT coalesce(sum(byte_count), 0) FROM pages WHERE hash IN (SELECT hash "
        "FROM checkpoint_pages WHERE checkpoint_id = (SELECT id FROM checkpoints "
        "WHERE session_id = ? ORDER BY position DESC, id DESC LIMIT 1))",
        [session_id],
    )
    spare = int(db.value("PRAGMA freelist_count")) - int(latest) // page_bytes
    db.incremental_vacuum(min(_VACUUM_PAGES, spare))


def _within_stretches(db: Database, session_id: int, every_tokens: int) -> list[int]:
    """Those that stand neither at the end of a stretch nor among the latest."""
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
    passed = pairwise(rows[: len(rows) - _SPARED_LATEST + 1])
    return [
        row["id"]
        for row, next_row in passed
        if _stretch(row, every_tokens) == _stretch(next_row, every_tokens)
    ]


def _stretch(row: Row, every_tokens: int) -> tuple[int | None, int | None, int]:
    """What a checkpoint stands in: document, chapter, and the how-manieth so many tokens."""
    tokens = row["position"] if row["document_id"] is None else row["document_tokens"]
    return row["document_id"], row["chapter"], (tokens - 1) // every_tokens


def _over_budget(db: Database, session_id: int, keep_latest: int, budget_bytes: int) -> list[int]:
    """Which checkpoints must go, in the order of their going."""
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
    sizes = {link["hash"]: link["byte_count"] for link in links}
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
