"""The states of a document, and which state may follow which.

The values are the strings that the database stores; they never change. This is the only place that
says which transitions are legal: the statements that store a state check it here, and the page
derives its buttons from it. Knows nothing of the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from storage.errors import IllegalTransition


class DocumentState(StrEnum):
    """How far the work on a document is."""

    INDEXING = "indexing"
    """Its text is being taken from the file, or waits to be."""
    QUEUED = "queued"
    """Its text is stored, and it waits to be read by the model."""
    READING = "reading"
    """The model reads it, or has read a part and continues after the other sessions' turns."""
    PAUSED = "paused"
    """It is read no further until it is resumed; a followed log, until it grows."""
    DONE = "done"
    """All of it was read."""
    FAILED = "failed"
    """Indexing, reading or following it ended with the error that is stored with it."""
    CANCELLED = "cancelled"
    """What was not read of it is left out of the session, unless it is resumed."""

    @classmethod
    def _missing_(cls, value: object) -> DocumentState:
        known = ", ".join(cls)
        raise ValueError(f"{value!r} is not a document state; use one of: {known}.")

    def can_become(self, new: DocumentState) -> bool:
        """Whether a document in this state may get the new one; the same state always may."""
        return new is self or new in TRANSITIONS[self]

    def check(self, new: DocumentState, title: str) -> None:
        """Refuse a transition that is not legal.

        Args:
            new: the state that the document shall get.
            title: the document's, for the message.

        Raises:
            IllegalTransition: a document in this state cannot get the new one.
        """
        if not self.can_become(new):
            allowed = ", ".join(state for state in DocumentState if state in TRANSITIONS[self])
            raise IllegalTransition(
                f"The document {title!r} is in state {self.value!r} and cannot become "
                f"{new.value!r}, only: {allowed}. Its state may have changed meanwhile: look at it "
                "again."
            )


_S = DocumentState

TRANSITIONS: dict[DocumentState, frozenset[DocumentState]] = {
    # Without stored text there is nothing to read, pause or keep: cancelling deletes the document.
    _S.INDEXING: frozenset({_S.QUEUED, _S.FAILED}),
    _S.QUEUED: frozenset({_S.INDEXING, _S.READING, _S.PAUSED, _S.DONE, _S.FAILED, _S.CANCELLED}),
    # Never back to indexing: that would drop the segments while the model reads them.
    _S.READING: frozenset({_S.QUEUED, _S.PAUSED, _S.DONE, _S.FAILED, _S.CANCELLED}),
    # To reading, because the reader may begin a document in the moment in which it is paused.
    _S.PAUSED: frozenset({_S.INDEXING, _S.QUEUED, _S.READING, _S.DONE, _S.FAILED, _S.CANCELLED}),
    # Only going back to an earlier checkpoint makes it unread again.
    _S.DONE: frozenset({_S.QUEUED, _S.READING}),
    # To reading and done, because following a log may fail while the model still reads the log.
    _S.FAILED: frozenset({_S.INDEXING, _S.QUEUED, _S.READING, _S.PAUSED, _S.DONE, _S.CANCELLED}),
    # Resumed; or done, by a re-reading of the session that began before it was cancelled.
    _S.CANCELLED: frozenset({_S.INDEXING, _S.QUEUED, _S.DONE}),
}
"""The states that may follow each state; see `DocumentState.can_become`."""

OPEN_STATES = frozenset({_S.INDEXING, _S.QUEUED, _S.READING})
"""Of documents that are being worked on, or will be without anybody asking."""

STALLED_STATES = frozenset({_S.PAUSED, _S.FAILED})
"""Of documents that stopped on the way; one that is read in part holds up those behind it."""

RESUMABLE_STATES = STALLED_STATES | {_S.CANCELLED}
"""Of documents that are read on when a person asks for it."""


def states_sql(states: Iterable[DocumentState]) -> str:
    """The states as a list in SQL, such as ``('queued', 'reading')``."""
    wanted = set(states)
    quoted = [f"'{state.value}'" for state in DocumentState if state in wanted]
    return f"({', '.join(quoted)})"
