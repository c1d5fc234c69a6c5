"""Everything that can go wrong with a document, as one tree.

    IngestError
    ├── DocumentNotFound    nothing readable at that path
    ├── UnsupportedFormat   a file, but of a kind that Ammon does not read
    ├── EncryptedDocument   a password, or a decryption package, is missing
    ├── DamagedDocument     the format is known, the content cannot be followed
    ├── EmptyDocument       sound, but without any text
    ├── LimitExceeded       larger or slower than the limits allow
    └── ReaderFailed        its reader crashed, or met what it was not written for

Each message is one sentence for a person: the file, the place in it where known, and what to do.
"""


class IngestError(Exception):
    """A document could not be read; the message may be shown as it is."""


class DocumentNotFound(IngestError):
    """The path is missing, unreadable, or not a regular file."""


class UnsupportedFormat(IngestError):
    """The content is of a kind that no reader takes."""


class EncryptedDocument(IngestError):
    """The document is encrypted and cannot be opened as it is."""


class DamagedDocument(IngestError):
    """The document claims a known format, but nothing in it can be read."""


class EmptyDocument(IngestError):
    """The document holds no text: zero bytes, zero pages, white space, or scanned pages only."""


class LimitExceeded(IngestError):
    """The document is larger, or takes longer, than the limits allow."""


class ReaderFailed(IngestError):
    """The reader ended in a way that none should: a crash, or a fault in it."""
