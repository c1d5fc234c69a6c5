"""Where in a document checkpoints are written, and which of them are kept."""

from __future__ import annotations

import storage
from app.settings import Settings
from storage import Database, DocumentRow

_LEAST_SHARE = 4


def next_stop(
    db: Database, settings: Settings, document: DocumentRow, done: int, chunk_tokens: int
) -> int:
    """The number of a document's tokens after which the next checkpoint is due.

    That is after about `checkpoint_tokens`, or sooner at a chapter's end: at the last grid point
    that is not after the end, so that a checkpoint there knows nothing of the next chapter.
    Chapters far shorter than the interval get no checkpoint of their own.

    Args:
        done: the number of the document's tokens at the last checkpoint.
        chunk_tokens: the grid of the session's reading.
    """
    due = done + settings.checkpoint_tokens
    least = done + settings.checkpoint_tokens // _LEAST_SHARE
    ends = (end // chunk_tokens * chunk_tokens for end in storage.chapter_ends(db, document.id))
    return next((end for end in ends if least <= end <= due and end > done), due)


def prune(db: Database, settings: Settings, session_id: int) -> None:
    """Delete the checkpoints of a session that `Settings.retention` does not keep."""
    kept = settings.retention
    storage.prune_checkpoints(
        db, session_id, budget_bytes=kept.budget_bytes, every_tokens=kept.every_tokens
    )
