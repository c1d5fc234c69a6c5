"""What the application itself refuses.

    AppError
    ├── SessionBusy      another Ammon process is reading this session
    ├── NothingRead      a question to a session that has read nothing
    ├── BadQuestion      an empty or far too long question
    └── PortTaken        the web page's address is in use

The rooms below have roots of their own: AhnError, IngestError, StorageError.
"""


class AppError(Exception):
    """Root of what the application raises on purpose."""


class SessionBusy(AppError):
    """Another process holds the session."""


class NothingRead(AppError):
    """There is nothing to ask about yet."""


class BadQuestion(AppError):
    """The question cannot be asked."""


class PortTaken(AppError):
    """The page cannot be served at that address."""
