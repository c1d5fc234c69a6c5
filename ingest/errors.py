"""Everything that can go wrong with a document, as one tree.

    IngestError
    ├── DocumentNotFound    there is no readable file at the path
    ├── UnsupportedFormat   a file of a kind that Ammon does not read
    ├── UnknownEncoding     the user names an encoding that does not exist
    ├── EncryptedDocument   a password, or a package for decryption, is missing
    ├── DamagedDocument     the format is known, the content cannot be read
    ├── EmptyDocument       undamaged, but without text
    ├── LimitExceeded       larger or slower than the limits allow
    └── ReaderFailed        the reader crashed, or has a fault

Each message is written for the user: the file, the place in it if known, and what to do.
"""


class IngestError(Exception):
    """A document could not be read; the message can be shown as it is."""


class DocumentNotFound(IngestError):
    """The path is missing, unreadable, or not a regular file."""


class UnsupportedFormat(IngestError):
    """The content is of a kind that no reader supports."""


class UnknownEncoding(IngestError):
    """The encoding that the user names does not exist, or is not one of texts."""


class EncryptedDocument(IngestError):
    """The document is encrypted and cannot be opened as it is."""


class DamagedDocument(IngestError):
    """The document has a known format, but nothing in it can be read."""


class EmptyDocument(IngestError):
    """The document has no text: zero bytes, zero pages, white space, or scanned pages only."""


class LimitExceeded(IngestError):
    """The document is larger, or takes longer, than the limits allow."""


class ReaderFailed(IngestError):
    """The reader crashed, or raised an error that it should not raise."""


def too_much_text(name: str, max_chars: int) -> LimitExceeded:
    """Return the error for a file with more than `max_chars` characters of text.

    Args:
        name: what messages call the file.
    """
    return LimitExceeded(
        f"{name} has more than {max_chars:,} characters, the limit for one document: "
        "split it into parts and read them one after another."
    )
