"""Reads ZIP archives from outside, entry by entry and within limits; writes nothing to disk.

Knows no format of the content. Sizes and counts that an archive states are not trusted: what is
unpacked is counted while it is unpacked.
"""

import io
import posixpath
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO
from urllib.parse import unquote, urlsplit

from ingest.errors import DamagedDocument, EncryptedDocument, IngestError, LimitExceeded
from ingest.limits import Limits
from ingest.naming import clean_line
from ingest.source import check_unpacked, open_file

_BLOCK_BYTES = 64 * 1024
# A directory entry takes 46 bytes and its name; zipfile makes an object of half a KiB of it.
_DIRECTORY_BYTES_PER_ENTRY = 256
_ENCRYPTED = 0x1


class EntryMissing(DamagedDocument):
    """The archive has no entry of that name."""


@dataclass
class _Directory(io.BufferedIOBase):
    """The archive's file for zipfile, which reads the whole directory in one call: bounds that."""

    stream: BinaryIO
    name: str
    max_bytes: int

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.max_bytes:
            raise LimitExceeded(
                f"The archive {self.name} lists more files than the limits allow: it is damaged or "
                "made to exhaust its reader."
            )
        return self.stream.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


class Archive:
    """An open archive; use it in a `with` block.

    Args:
        path: of the archive.
        name: what messages call it.
        limits: what it may ask for.

    Raises:
        DamagedDocument: its directory cannot be read.
        DocumentNotFound: it is gone, or may not be read.
        LimitExceeded: it has too many entries.
    """

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._unpacked_bytes = 0
        self._alike: dict[str, set[str]] | None = None
        self._stream = open_file(path, name)
        self._packed_bytes = self._stream.seek(0, io.SEEK_END)
        try:
            max_bytes = limits.max_archive_entries * _DIRECTORY_BYTES_PER_ENTRY
            directory = _Directory(self._stream, name, max(max_bytes, _BLOCK_BYTES))
            self._zip = zipfile.ZipFile(directory)
            if len(self._zip.infolist()) > limits.max_archive_entries:
                raise LimitExceeded(
                    f"The archive {name} lists {len(self._zip.infolist()):,} files, the limit is "
                    f"{limits.max_archive_entries:,}."
                )
        except IngestError:
            self._stream.close()
            raise
        except Exception as error:  # BadZipFile, struct.error, OverflowError, UnicodeDecodeError...
            self._stream.close()
            raise DamagedDocument(
                f"{name} is a damaged archive, its directory cannot be found (cut short?): fetch "
                "it again."
            ) from error

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._stream.close()

    def find(self, entry: str) -> str | None:
        """Return the entry of that name, else the one whose name is written in another way.

        Programs that pack a book leave names percent-encoded, compose their accents or not, change
        the case, or do not say that they are UTF-8. None if there is no such entry, or more than
        one.
        """
        if entry in self:
            return entry
        if self._alike is None:
            self._alike = {}
            for name in self.names():
                for key in {_comparable(name), _comparable(_from_dos(name))}:
                    self._alike.setdefault(key, set()).add(name)
        found = self._alike.get(_comparable(entry), set())
        return next(iter(found)) if len(found) == 1 else None

    def names(self) -> list[str]:
        """Return the names of all entries."""
        return self._zip.namelist()

    def __contains__(self, entry: str) -> bool:
        return entry in self._zip.NameToInfo

    def read(self, entry: str, max_bytes: int) -> bytes:
        """Return an entry's content.

        Raises:
            EntryMissing: there is no such entry.
            DamagedDocument: it cannot be unpacked.
            EncryptedDocument: it is encrypted.
            LimitExceeded: it has more than `max_bytes`, or the archive unpacks to too much.
        """
        parts, size = [], 0
        for block in self.stream(entry):
            size += len(block)
            if size > max_bytes:
                raise LimitExceeded(
                    f"{clean_line(entry)} in {self._name} unpacks to more than {max_bytes:,} "
                    "bytes, the limit for one part."
                )
            parts.append(block)
        return b"".join(parts)

    def stream(self, entry: str) -> Iterator[bytes]:
        """Yield an entry's content in blocks, up to the damage if it is damaged.

        Raises:
            EntryMissing: there is no such entry.
            DamagedDocument: the rest cannot be unpacked.
            EncryptedDocument: it is encrypted.
            LimitExceeded: it, or the archive, unpacks to too much.
        """
        info = self._zip.NameToInfo.get(entry)
        shown = f"{clean_line(entry)} in {self._name}"
        if info is None:
            raise EntryMissing(f"{shown} is missing.")
        if info.flag_bits & _ENCRYPTED:
            raise EncryptedDocument(
                f"{shown} is encrypted with a password: unpack the archive with another program "
                "and pack it again without one."
            )
        unpacked_bytes = 0
        try:
            with self._zip.open(info) as content:
                while block := self._block(content, shown):
                    unpacked_bytes += len(block)
                    self._unpacked_bytes += len(block)
                    check_unpacked(shown, unpacked_bytes, info.compress_size, self._limits)
                    check_unpacked(
                        self._name, self._unpacked_bytes, self._packed_bytes, self._limits
                    )
                    yield block
        except (IngestError, GeneratorExit):
            raise
        except Exception as error:  # NotImplementedError, EOFError, ValueError... from a bad header
            raise _damaged(shown) from error

    def _block(self, content: IO[bytes], shown: str) -> bytes:
        try:
            return content.read(_BLOCK_BYTES)
        except Exception as error:  # zlib.error, BadZipFile (checksum), EOFError
            raise _damaged(shown) from error


def _comparable(name: str) -> str:
    return unicodedata.normalize("NFC", unquote(name)).casefold()


def _from_dos(name: str) -> str:
    """Return the name of an entry in UTF-8 that was not marked as such."""
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _damaged(shown: str) -> DamagedDocument:
    return DamagedDocument(f"{shown} is damaged and cannot be unpacked.")


def entry_path(base: str, reference: str) -> str | None:
    """Return the entry to which a reference in the entry `base` points, None if it is outside.

    >>> entry_path("OEBPS/content.opf", "text/ch%201.xhtml#top"), entry_path("a/b", "../../c")
    ('OEBPS/text/ch 1.xhtml', None)
    """
    try:
        parts = urlsplit(reference)
    except ValueError:
        return None
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    if not path:
        return base
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
    return None if joined.startswith(("../", "/")) or joined in {"..", "."} else joined
