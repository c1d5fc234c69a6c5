"""Reads EPUB books, chapter by chapter in reading order.

A chapter begins where an entry of the table of contents points: at a file or at an anchor in it. A
file without an entry belongs to the chapter before it, unless it begins with a heading. A part of
the book that is missing or damaged is noted, and the others are read.
"""

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.document import Document, Locator, Segment
from ingest.errors import DamagedDocument, EmptyDocument, IngestError, LimitExceeded
from ingest.limits import Limits
from ingest.lines.encoding import detect_markup_encoding
from ingest.lines.text import Tally, decoded_blocks
from ingest.markup.archive import Archive, EntryMissing
from ingest.markup.css import MAX_SHEET_CHARS, class_styles
from ingest.markup.epub_package import Package, read_package
from ingest.markup.html_blocks import Attributes, markup_blocks
from ingest.markup.html_style import is_page_number
from ingest.markup.paragraphs import Block, block_pieces, heading_label
from ingest.naming import clean_line
from ingest.sniffing import HEAD_BYTES, describe_non_text

_MAX_NOTED = 8
_MAX_SHEETS = 100


@dataclass(frozen=True)
class EpubReader:
    """Reads one EPUB; `name` is what messages call it, `limits` what it may ask for."""

    path: Path
    name: str
    limits: Limits

    def inspect(self) -> tuple[int | None, list[str]]:
        """Check that the list of chapters can be read; return no unit count and no notes.

        Raises:
            IngestError: the book is damaged or protected.
        """
        with Archive(self.path, self.name, self.limits) as archive:
            read_package(archive, self.name)
        return None, []

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of each chapter in order; no segment spans two chapters.

        Raises:
            IngestError: the rest of the file cannot be read, or no chapter has text.
        """
        with Archive(self.path, self.name, self.limits) as archive:
            package = read_package(archive, self.name)
            reading = _Reading(archive, package, self.name, self.limits, document.add_note)
            try:
                yield from reading.segments(document.on_step)
            finally:
                for note in reading.notes():
                    document.add_note(note)
            reading.check_any_text()
            document.unit_count = reading.chapter


class _Reading:
    """One reading of a book: its current chapter, and the files that were left out."""

    def __init__(
        self,
        archive: Archive,
        package: Package,
        name: str,
        limits: Limits,
        add_note: Callable[[str], None],
    ) -> None:
        self.chapter = 0
        self._add_note = add_note
        self._classes = class_styles(_sheets(archive, package))
        self._archive = archive
        self._package = package
        self._name = name
        self._limits = limits
        self._chars = 0
        self._label: str | None = None
        self._left_out: dict[str, list[str]] = {"missing": [], "damaged": [], "too large": []}

    def segments(self, on_step: Callable[[], None]) -> Iterator[Segment]:
        """Yield the book's segments; `on_step` is called before each of its files."""
        blocks = self._located_blocks(on_step)
        for locator, located in itertools.groupby(blocks, key=lambda pair: pair[0]):
            for piece in block_pieces((block for _, block in located), self._limits):
                yield Segment(piece.repeated + piece.text, locator)

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each reason why files were left out."""
        for reason, files in self._left_out.items():
            if files:
                rest = f" and {len(files) - _MAX_NOTED:,} more" if len(files) > _MAX_NOTED else ""
                yield f"Left out, {reason}: {', '.join(files[:_MAX_NOTED])}{rest}."

    def check_any_text(self) -> None:
        """Raise the error for a book without any text, if it has none."""
        if self._chars:
            return
        if self._left_out["too large"]:
            raise LimitExceeded(
                f"No chapter of {self._name} unpacks within the limits: it is damaged or made to "
                "exhaust its reader."
            )
        if any(self._left_out.values()):
            raise DamagedDocument(
                f"None of the chapters of {self._name} could be read: fetch it again, or open it "
                "in another program (such as Calibre) and save it again."
            )
        raise EmptyDocument(
            f"{self._name} has no text, it looks like a book of pictures: run text recognition "
            "(OCR) on it first and read the result."
        )

    def _located_blocks(self, on_step: Callable[[], None]) -> Iterator[tuple[Locator, Block]]:
        """Yield the book's blocks, each with the locator of its chapter."""
        titles_of: dict[str, dict[str, str]] = {}
        for line in self._package.toc:
            titles_of.setdefault(line.path, {})[line.anchor] = line.title
        # A file that is in the reading order twice is read once.
        for entry in dict.fromkeys(self._package.spine):
            on_step()
            titles = titles_of.get(entry or "", {})
            starts, title = "" in titles or not titles_of, titles.get("")
            first = True
            for block in self._entry_blocks(entry, frozenset(titles) - {""}):
                for anchor in block.anchors:
                    starts, title = True, titles[anchor]
                if starts or (first and block.level) or not self.chapter:
                    own = heading_label(block.text) if block.level else None
                    self._next_chapter(title or own)
                first = starts = False
                self._count(block)
                yield Locator("chapter", self.chapter, self.chapter, self._label), block

    def _next_chapter(self, label: str | None) -> None:
        self.chapter += 1
        self._label = label

    def _entry_blocks(self, entry: str | None, anchors: frozenset[str]) -> Iterator[Block]:
        """Yield the blocks of a file; an unreadable file is noted and counts as a chapter.

        Args:
            entry: of the archive; None if it is not text.
            anchors: at which chapters begin.
        """
        reason = "missing"
        try:
            data = self._archive.read(entry or "", self._limits.max_stream_bytes)
            if describe_non_text(data[:HEAD_BYTES]) is None:
                stream = io.BytesIO(data)
                encoding = detect_markup_encoding(stream)
                stream.seek(0)
                texts = decoded_blocks(stream, encoding, Tally())
                yield from markup_blocks(
                    texts,
                    _is_page_number,
                    anchors=anchors,
                    classes=self._classes,
                    add_note=self._add_note,
                )
                return
            reason = "damaged"
        except EntryMissing:
            pass
        except DamagedDocument:
            reason = "damaged"
        except LimitExceeded:
            reason = "too large"
        self._left_out[reason].append(clean_line(entry or "a file that is no text"))
        self._next_chapter(None)

    def _count(self, block: Block) -> None:
        self._chars += len(block.text)
        if self._chars > self._limits.max_text_chars:
            raise LimitExceeded(
                f"{self._name} has more than {self._limits.max_text_chars:,} characters up to "
                f"chapter {self.chapter}, the limit for one document: split it and read the parts."
            )


def _sheets(archive: Archive, package: Package) -> Iterator[str]:
    """Yield the style sheets of a book; one that cannot be read changes little."""
    for entry in package.sheets[:_MAX_SHEETS]:
        try:
            yield archive.read(entry, MAX_SHEET_CHARS).decode("utf-8", "replace")
        except IngestError:
            continue


def _is_page_number(tag: str, attributes: Attributes) -> bool:
    return is_page_number(attributes)
