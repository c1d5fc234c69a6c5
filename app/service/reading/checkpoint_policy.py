"""Where checkpoints are written, so that the ones worth keeping are there, and which then stay."""

from __future__ import annotations

import storage
from app.settings import Settings
from storage import Database, DocumentRow

_LEAST_SHARE = 4


def next_stop(
    db: Database, settings: Settings, document: DocumentRow, done: int, chunk_tokens: int
) -> int:
    """How many of a document's tokens are read when the next checkpoint is due.

    After about `checkpoint_tokens`, or sooner at a chapter's end: at the last point of the grid
    that is not behind it, so that nothing of the next chapter is known there. Chapters far shorter
    than a checkpoint's interval get none of their own.

    Args:
        done: how many are read.
    """
    due = done + settings.checkpoint_tokens
    least = done + settings.checkpoint_tokens // _LEAST_SHARE
    ends = (end // chunk_tokens * chunk_tokens for end in storage.chapter_ends(db, document.id))
    return next((end for end in ends if least <= end <= due and end > done), due)


def prune(db: Database, settings: Settings, session_id: int) -> None:
    """Delete the checkpoints of a session that its retention does not keep."""
    kept = settings.retention
    storage.prune_checkpoints(
        db, session_id, budget_bytes=kept.budget_bytes, every_tokens=kept.every_tokens
    )
