"""The states of a document and the table of legal transitions between them.

The values are the strings that the database stores; they never change. This table is the only place
that says which transitions are legal: every function that stores a state checks it, and the page
derives its buttons from it. This file does not know the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from storage.errors import IllegalTransition


class DocumentState(StrEnum):
    """How far the work on a document is."""

    INDEXING = "indexing"
    """Its text is being extracted from the file, or waits to be extracted."""
    QUEUED = "queued"
    """Its text is stored, and it waits to be read by the model."""
    READING = "reading"
    """The model is reading it, or read a part and continues at the session's next turn."""
    PAUSED = "paused"
    """It is not read until a user resumes it; a followed log, until the log grows."""
    DONE = "done"
    """All of it was read."""
    FAILED = "failed"
    """Indexing, reading or following it ended with the error that is stored with it."""
    CANCELLED = "cancelled"
    """Its unread part is left out of the session, unless a user resumes it."""

    @classmethod
    def _missing_(cls, value: object) -> DocumentState:
        known = ", ".join(cls)
        raise ValueError(f"{value!r} is not a document state; use one of: {known}.")

    def can_become(self, new: DocumentState) -> bool:
        """Return whether a document in this state may get the new state, or keep its own."""
        return new is self or new in TRANSITIONS[self]

    def check(self, new: DocumentState, title: str) -> None:
        """Raise unless a document in this state may get the new state.

        Args:
            title: the title of the document, for the message.

        Raises:
            IllegalTransition: the transition is not legal.
        """
        if not self.can_become(new):
            raise IllegalTransition(
                f"The document {title!r} is {self.value} now and cannot become {new.value}: "
                "another page or command has changed it. Look at it again, then try again."
            )


_S = DocumentState

TRANSITIONS: dict[DocumentState, frozenset[DocumentState]] = {
    # Without stored text there is nothing to read, pause or keep: cancelling deletes the document.
    _S.INDEXING: frozenset({_S.QUEUED, _S.FAILED}),
    _S.QUEUED: frozenset({_S.INDEXING, _S.READING, _S.PAUSED, _S.DONE, _S.FAILED, _S.CANCELLED}),
    # Never back to indexing: that would drop the segments while the model reads them.
    _S.READING: frozenset({_S.QUEUED, _S.PAUSED, _S.DONE, _S.FAILED, _S.CANCELLED}),
    # To reading, because the worker may begin a document at the moment in which it is paused.
    _S.PAUSED: frozenset({_S.INDEXING, _S.QUEUED, _S.READING, _S.DONE, _S.FAILED, _S.CANCELLED}),
    # Only going back to an earlier checkpoint makes it unread again.
    _S.DONE: frozenset({_S.QUEUED, _S.READING}),
    # To reading and done, because following a log may fail while the model still reads the log.
    _S.FAILED: frozenset({_S.INDEXING, _S.QUEUED, _S.READING, _S.PAUSED, _S.DONE, _S.CANCELLED}),
    # To done by a re-reading of the session that began before the document was cancelled.
    _S.CANCELLED: frozenset({_S.INDEXING, _S.QUEUED, _S.DONE}),
}
"""For each state, the other states that may follow it."""

OPEN_STATES = frozenset({_S.INDEXING, _S.QUEUED, _S.READING})
"""The states of documents that the program is working on, or will work on by itself."""

STALLED_STATES = frozenset({_S.PAUSED, _S.FAILED})
"""The states of documents that stopped early; one that was read in part blocks the later ones."""

RESUMABLE_STATES = STALLED_STATES | {_S.CANCELLED}
"""The states of documents that stopped and that a user can resume."""


def states_sql(states: Iterable[DocumentState]) -> str:
    """Return the states as a list in SQL, such as ``('queued', 'reading')``."""
    wanted = set(states)
    quoted = [f"'{state.value}'" for state in DocumentState if state in wanted]
    return f"({', '.join(quoted)})"
