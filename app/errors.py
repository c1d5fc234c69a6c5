"""The errors that the application itself raises.

    AppError
    ├── SessionBusy      another Ammon process is reading this session
    ├── NothingRead      a question to a session that has read nothing
    ├── BadQuestion      an empty or far too long question
    ├── BadNote          an empty or far too long note, or nothing to keep
    ├── TooManyQuestions the queue of questions is full
    ├── AlreadyAnswering a second question to a session before the first one is answered
    ├── NoSuchPlace      a question as of a place that does not exist or is not yet read
    ├── NoSuchDocument   a name that no document of the session has, or that several may have
    ├── NotAllowed       a text, URL or path that this installation does not accept
    ├── ModelNotFetched  a model for a new session that is not on this machine yet
    ├── CannotFollow     a log that cannot be followed in this session now
    ├── RereadStopped    a re-reading stopped before its end, with the reason
    ├── TooManyTransfers the queue of imports and exports is full
    ├── TransferStopped  an import or export was stopped before its end
    ├── PortTaken        the web page's address is in use
    └── InternalFault    a fault of Ammon itself, reported in a sentence instead of a traceback

The packages below have roots of their own: AhnError, IngestError, StorageError.
"""

from __future__ import annotations


class AppError(Exception):
    """Root of the errors that the application raises on purpose."""


class SessionBusy(AppError):
    """Another process is reading the session."""


class NothingRead(AppError):
    """The session has read nothing yet, so there is nothing to ask about."""


class BadQuestion(AppError):
    """The question is empty or too long."""


class BadNote(AppError):
    """A note is empty or too long, or what is to be kept is no answer."""


class TooManyQuestions(AppError):
    """The queue of questions is full."""


class AlreadyAnswering(AppError):
    """The session is answering another question; it answers one at a time."""


class NotAllowed(AppError):
    """This installation does not accept a text, URL or path; the message says why."""


class NoSuchPlace(AppError):
    """The session cannot be asked as of a place, or set back to it."""


class NoSuchDocument(AppError):
    """No document is called so, or several are; the message says which there are."""


class ModelNotFetched(AppError):
    """A model is not on this machine, and may not be fetched without being asked for."""


class CannotFollow(AppError):
    """The session cannot follow the log now; the message says why."""


class RereadStopped(AppError):
    """A session could not be read again to its end."""


class TooManyTransfers(AppError):
    """The queue of imports and exports is full."""


class TransferStopped(AppError):
    """An import or export was stopped, and leaves nothing."""


class InternalFault(AppError):
    """A fault of Ammon itself; the log has the traceback."""

    @classmethod
    def of(cls, fault: Exception) -> InternalFault:
        """The error that reports a fault to a person."""
        return cls(
            f"Ammon itself failed here ({type(fault).__name__}: {fault}); the log says where. "
            "What was read before is saved, and reading can be resumed."
        )


class PortTaken(AppError):
    """The web page cannot be served at an address that is in use."""
