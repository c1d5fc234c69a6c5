"""Reads FictionBook (fb2, also in a ZIP archive): chapters in order, poems, notes; no pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.document import Document, Locator, Segment
from ingest.errors import DamagedDocument, EmptyDocument
from ingest.lines.encoding import BLOCK_BYTES
from ingest.markup.archive import Archive
from ingest.markup.fb2_blocks import FictionBookTarget
from ingest.markup.xml import BrokenXml, feed_xml
from ingest.source import unreadable_error
from ingest.source_reader import SourceReader
from ingest.units import UnitCutter, UnitText


@dataclass(frozen=True)
class FictionBookReader(SourceReader):
    """Reads one book from its XML; `name` is what messages call the file."""

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of each chapter in order; no segment spans two chapters.

        Raises:
            IngestError: the rest of the file cannot be read, or it has no text.
        """
        cutter = UnitCutter(self.name, self.limits)
        try:
            yield from cutter.segments(self._texts(document), document)
        except OSError as error:
            raise unreadable_error(self.name, error) from error
        except EmptyDocument as error:
            if document.notes:
                raise DamagedDocument(
                    f"Nothing of {self.name} could be read, its XML is damaged: fetch it again, or "
                    "open it in another program (such as Calibre) and save it again."
                ) from error
            raise

    def blocks(self, document: Document) -> Iterator[bytes]:
        """Yield the bytes of the book's XML."""
        with self.source.open(document.add_note) as stream:
            while block := stream.read(BLOCK_BYTES):
                yield block

    def _texts(self, document: Document) -> Iterator[UnitText]:
        target = FictionBookTarget()
        try:
            for _ in feed_xml(self.blocks(document), target):
                document.on_step()
                yield from _located(target)
        except (BrokenXml, DamagedDocument):
            yield from _located(target)
            document.add_note("The book is damaged; what comes before the damage was read.")


@dataclass(frozen=True)
class PackedFictionBookReader(FictionBookReader):
    """Reads a book that is the entry `entry` of the ZIP archive at `path`."""

    path: Path
    entry: str

    def blocks(self, document: Document) -> Iterator[bytes]:
        """Yield the bytes of the book's XML while it is unpacked."""
        with Archive(self.path, self.name, self.limits) as archive:
            yield from archive.stream(self.entry)


def packed_book(names: list[str]) -> str | None:
    """Return the entry of an archive that is a FictionBook, None unless it is the only entry."""
    return names[0] if len(names) == 1 and names[0].lower().endswith(".fb2") else None


def starts_as_fiction_book(head: bytes) -> bool:
    """Return whether a file begins as a FictionBook does."""
    return b"<FictionBook" in head.replace(b"\0", b"")[:4096]


def _located(target: FictionBookTarget) -> Iterator[UnitText]:
    for block in target.take_blocks():
        locator = Locator("chapter", block.chapter, block.chapter, block.label)
        yield UnitText(locator, block.text, block.header)
