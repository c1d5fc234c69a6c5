"""What the application itself refuses.

    AppError
    ├── SessionBusy      another Ammon process is reading this session
    ├── NothingRead      a question to a session that has read nothing
    ├── BadQuestion      an empty or far too long question
    ├── TooManyQuestions so many wait for an answer that no more are taken
    ├── AlreadyAnswering a second question to a session before the first one is answered
    ├── NoSuchPlace      a question as of a place that is not there, or not yet read
    ├── NotAllowed       a text, URL or path that is not taken here
    ├── CannotFollow     a log that cannot be followed in this session now
    ├── RereadStopped    a re-reading stands still, with the reason
    ├── PortTaken        the web page's address is in use
    └── InternalFault    a fault of Ammon itself, told to the person instead of a traceback

The rooms below have roots of their own: AhnError, IngestError, StorageError.
"""

from __future__ import annotations


class AppError(Exception):
    """Root of what the application raises on purpose."""


class SessionBusy(AppError):
    """Another process holds the session."""


class NothingRead(AppError):
    """There is nothing to ask about yet."""


class BadQuestion(AppError):
    """The question cannot be asked."""


class TooManyQuestions(AppError):
    """The line of questions is full."""


class AlreadyAnswering(AppError):
    """A session answers one question at a time."""


class NotAllowed(AppError):
    """Something to read that this installation does not take, with the reason."""


class NoSuchPlace(AppError):
    """A place in a session that cannot be gone back to."""


class CannotFollow(AppError):
    """The session does not follow the log, with the reason."""


class RereadStopped(AppError):
    """Not all of a session could be read anew."""


class InternalFault(AppError):
    """Something that should not have happened; the log has the traceback."""

    @classmethod
    def of(cls, fault: Exception) -> InternalFault:
        return cls(
            f"Ammon itself failed here ({type(fault).__name__}: {fault}); the log says where. "
            "What was read before is saved, and reading can be resumed."
        )


class PortTaken(AppError):
    """The page cannot be served at that address."""
