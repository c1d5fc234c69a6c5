"""A session is read again, with another memory, window, model or quantization.

The old state answers until the new one is complete; then `storage.switch_reread` replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass

import storage
from app.service.reading.locks import SessionLocks
from app.service.session_config import SessionConfig
from storage import Database, DocumentState, SessionRow


@dataclass(frozen=True)
class Rereading:
    """How far a re-reading is.

    Args:
        tokens_read: of all its documents.
        tokens: of all its documents, None while they are being counted.
        config: how the session will have been made.
    """

    tokens_read: int
    tokens: int | None
    config: SessionConfig

    @property
    def share(self) -> float:
        """The share of its tokens that is read, from 0 to 1."""
        return self.tokens_read / self.tokens if self.tokens else 0.0

    def __str__(self) -> str:
        if self.tokens is None:
            return (
                "This session is about to be read again; until that is done it answers as before."
            )
        return (
            f"This session is being read again, {self.tokens_read:,} of {self.tokens:,} tokens "
            f"({self.share:.0%}); until that is done it answers as before."
        )


def progress_of(db: Database, reread: SessionRow) -> Rereading:
    """How far a re-reading is."""
    tokens = storage.count_tokens(db, reread.id)
    total = tokens.in_documents if tokens.is_complete else None
    return Rereading(tokens.read, total, SessionConfig.from_row(reread))


def switch(db: Database, locks: SessionLocks, reread: SessionRow) -> bool:
    """Replace the session's state by the re-reading's, unless the session has more to read by now.

    The old state is hidden; `storage.delete_hidden_sessions` deletes it.

    Returns:
        True if the session has documents that the re-reading has to read first.

    Raises:
        SessionBusy: another process is reading the session.
    """
    assert reread.rereads is not None
    with locks.held(reread.rereads):
        if storage.catch_up(db, reread.id):
            return True
        if any(d.state != DocumentState.DONE for d in storage.list_documents(db, reread.id)):
            return False  # one could not be read: its error is shown, and `reread` tries it again
        storage.switch_reread(db, reread.id)
    return False
