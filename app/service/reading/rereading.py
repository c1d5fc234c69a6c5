"""Reading a session anew, with another memory, window, model or quantization, beside the old state.

The old state answers until the new one is done. See `storage.rereads` for what is switched.
"""

from __future__ import annotations

from dataclasses import dataclass

import storage
from app.service.reading.locks import SessionLocks
from app.service.session_config import SessionConfig
from storage import Database, DocumentState, SessionRow


@dataclass(frozen=True)
class Rereading:
    """How far a re-reading is, and what the session will be made with then.

    Args:
        tokens: of all its documents, None while they are counted.
        config: how the session will be made.
    """

    tokens_read: int
    tokens: int | None
    config: SessionConfig

    @property
    def share(self) -> float:
        """What is read of it, from 0 to 1."""
        return self.tokens_read / self.tokens if self.tokens else 0.0

    def __str__(self) -> str:
        if self.tokens is None:
            return "This session is about to be read anew; until that is done it answers as before."
        return (
            f"This session is being read anew, {self.tokens_read:,} of {self.tokens:,} tokens "
            f"({self.share:.0%}); until that is done it answers as before."
        )


def progress_of(db: Database, reread: SessionRow) -> Rereading:
    """How far a re-reading is."""
    documents = storage.list_documents(db, reread.id)
    counts = [document.token_count for document in documents]
    known = [count for count in counts if count is not None]
    total = sum(known) if len(known) == len(counts) else None
    tokens_read = sum(document.tokens_read for document in documents)
    return Rereading(tokens_read, total, SessionConfig.from_row(reread))


def finish(db: Database, locks: SessionLocks, reread: SessionRow) -> bool:
    """Switch, unless the session has got more to read meanwhile; True if it has.

    Raises:
        SessionBusy: another process is reading the session.
    """
    assert reread.rereads is not None
    with locks.held(reread.rereads):
        if storage.catch_up(db, reread.id):
            return True
        if any(d.state != DocumentState.DONE for d in storage.list_documents(db, reread.id)):
            return False  # one could not be read: its error is shown, `reread` tries again
        storage.finish_reread(db, reread.id)
    return False
