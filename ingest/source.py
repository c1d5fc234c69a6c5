"""Where a reader's bytes come from: a file, a gzip file that is unpacked, or a part of a file.

Knows no format of the content. Unpacking is bounded by `Limits`. A gzip file that ends too early
gives what it has: the newest log of a machine that failed is often cut short.
"""

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ingest.errors import DamagedDocument, DocumentNotFound, LimitExceeded
from ingest.limits import Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"
AddNote = Callable[[str], None]
# Below this the ratio is not checked: a small file may well unpack to many times its size.
_MIN_RATIO_BYTES = 16 * 1024 * 1024


class Source(Protocol):
    """A file's bytes, which can be streamed any number of times."""

    def open(self, add_note: AddNote) -> BinaryIO:
        """Return a stream that begins at the start and can be rewound to it.

        Args:
            add_note: called with sentences about what is wrong with the file.

        Raises:
            IngestError: the file cannot be opened; reading from the stream raises it, too.
        """
        ...


@dataclass(frozen=True)
class FileSource:
    """The file as it is; `name` is what messages call it."""

    path: Path
    name: str

    def open(self, add_note: AddNote) -> BinaryIO:
        """The file as it is; OSError and IngestError as from `open_file`."""
        return open_file(self.path, self.name)


@dataclass(frozen=True)
class BytesSource:
    """Bytes that a reader took out of a file, such as the page in a web archive."""

    data: bytes = field(repr=False)

    def open(self, add_note: AddNote) -> BinaryIO:
        """The bytes as they are."""
        return io.BytesIO(self.data)


@dataclass(frozen=True)
class GzipSource:
    """The content of a gzip file; `name` is what messages call the file."""

    path: Path
    name: str
    limits: Limits

    def open(self, add_note: AddNote) -> BinaryIO:
        """The unpacked bytes, which become notes if the archive ends too soon."""
        packed = open_file(self.path, self.name)
        return io.BufferedReader(_Unpacked(packed, self.name, self.limits, add_note))


class _Unpacked(io.RawIOBase):
    def __init__(self, packed: BinaryIO, name: str, limits: Limits, add_note: AddNote) -> None:
        self._packed = packed
        self._packed_bytes = packed.seek(0, io.SEEK_END)
        self._name = name
        self._limits = limits
        self._add_note = add_note
        self._restart()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset or whence != io.SEEK_SET:
            raise io.UnsupportedOperation("an unpacked stream can only be rewound")
        self._restart()
        return 0

    def tell(self) -> int:
        return self._bytes

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._gzip.read1(len(view))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            if not self._bytes:
                raise DamagedDocument(
                    f"{self._name} is a damaged gzip file, nothing in it can be unpacked: fetch "
                    "it again."
                ) from error
            self._add_note("The gzip file is cut short or damaged; what comes before was read.")
            data = b""
        self._bytes += len(data)
        check_unpacked(self._name, self._bytes, self._packed_bytes, self._limits)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()

    def _restart(self) -> None:
        self._packed.seek(0)
        self._gzip = gzip.GzipFile(fileobj=self._packed, mode="rb")
        self._bytes = 0


def open_file(path: Path, name: str) -> BinaryIO:
    """Open a file for reading.

    Raises:
        DocumentNotFound: it is gone, or may not be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable_error(name, error) from error


def unreadable_error(name: str, error: OSError) -> DocumentNotFound:
    """Return the error for a file that was recognised but cannot be read now."""
    return DocumentNotFound(
        f"{name} could not be read ({error.strerror or error}): "
        "check that it is still there and that you may read it."
    )


def check_unpacked(name: str, unpacked_bytes: int, packed_bytes: int, limits: Limits) -> None:
    """Check that a packed file, or a part of an archive, does not unpack to too much.

    Raises:
        LimitExceeded: it has too many bytes, or too many in proportion to its packed size.
    """
    if unpacked_bytes > limits.max_unpacked_bytes:
        raise LimitExceeded(
            f"{name} unpacks to more than {limits.max_unpacked_bytes:,} bytes, the limit: unpack "
            "it, split it into parts and read them one after another."
        )
    if unpacked_bytes > max(_MIN_RATIO_BYTES, limits.max_unpack_ratio * packed_bytes):
        raise LimitExceeded(
            f"{name} unpacks to more than {limits.max_unpack_ratio:,} times its size: it looks "
            "made to exhaust its reader; if you trust it, unpack it and read its content."
        )
