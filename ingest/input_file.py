"""A file from outside before its kind is known: its first bytes, and where all bytes come from."""

import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.errors import DocumentNotFound, EmptyDocument, LimitExceeded, UnsupportedFormat
from ingest.limits import Limits
from ingest.lines.encoding import Encoding
from ingest.naming import without_gz
from ingest.sniffing import HEAD_BYTES, starts_as_pdf
from ingest.source import GZIP_MAGIC, GzipSource, Source


@dataclass(frozen=True)
class InputFile:
    """A file that is there and within the limits.

    Args:
        name: what messages call it.
        suffix: of the name, in lower case.
        head: the first bytes; of a gzip file that was looked into, the first bytes inside.
        source: gives all bytes from `head` on.
    """

    path: Path
    name: str
    suffix: str
    head: bytes
    source: Source
    limits: Limits
    password: str | None = field(repr=False)
    encoding: Encoding | None = None


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, with its dot."""
    return os.path.splitext(name)[1].lower()


def unpacked(file: InputFile) -> InputFile:
    """Return the content of a gzip file as a file, which must be text.

    Raises:
        IngestError: it is empty or damaged, or holds a PDF or another gzip file.
    """
    source = GzipSource(file.path, file.name, file.limits)
    with source.open(lambda note: None) as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise EmptyDocument(f"{file.name} holds an empty file: there is nothing to read.")
    if starts_as_pdf(head) or head.startswith(GZIP_MAGIC):
        kind = "a PDF" if starts_as_pdf(head) else "another gzip file"
        raise UnsupportedFormat(f"{file.name} holds {kind}: unpack it and read what is inside.")
    return replace(file, source=source, head=head, suffix=suffix_of(without_gz(file.name)))


def read_head(path: Path, shown: str, limits: Limits) -> tuple[int, bytes]:
    """Return the file's size and first bytes.

    Raises:
        IngestError: it is not a readable regular file, is empty, or is larger than the limit.
    """
    try:
        # Checked before the file is opened: opening a pipe would wait for its writer for ever.
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DocumentNotFound(f"{shown} is a directory: name a file in it.")
        if not stat.S_ISREG(status.st_mode):
            raise DocumentNotFound(f"{shown} is not a regular file: copy its content to one.")
        if status.st_size > limits.max_bytes:
            raise LimitExceeded(
                f"{shown} has {status.st_size:,} bytes, the limit is {limits.max_bytes:,}: split "
                "it into parts and read them one after another."
            )
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise DocumentNotFound(
            f"{shown} cannot be opened ({reason}): check the path and that you may read it."
        ) from error
    if not head:
        raise EmptyDocument(f"{shown} is empty (zero bytes): there is nothing to read.")
    return status.st_size, head
