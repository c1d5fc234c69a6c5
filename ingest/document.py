"""What every reader agrees on: segments with locators, limits, and the document itself.

This file knows no format. `opening.py` chooses the reader.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

Kind = Literal["text", "log", "jsonl", "code", "html", "epub", "docx", "pdf"]
Unit = Literal["page", "line", "paragraph", "chapter"]


class Chapter(NamedTuple):
    """A chapter by its place in the table of contents, 1-based, and its title."""

    number: int
    title: str


@dataclass(frozen=True)
class Locator:
    """Where a segment stands: a range of its units, 1-based, both ends included.

    `label` says more about the place. For a page it is the name that the PDF gives to page
    `start` ("xii") where it is not its number; for lines, the time stamps on them; for a chapter
    its title; for paragraphs the heading that they stand under. `chapter` is that of a page, where
    the PDF has an outline.

    >>> str(Locator("line", 120, 131)), str(Locator("page", 12, 12, "xii"))
    ('lines 120–131', 'page xii (12)')
    >>> str(Locator("line", 7, 7, "Jan 25 06:00:01"))
    'line 7 (Jan 25 06:00:01)'
    >>> str(Locator("chapter", 3, 3, "Down the Rabbit-Hole"))
    'chapter 3 (Down the Rabbit-Hole)'
    >>> chapter = Chapter(2, "The Pool of Tears")
    >>> str(Locator("page", 12, 12, None, chapter)), str(Locator("page", 12, 12, "4", chapter))
    ('page 12 (The Pool of Tears)', 'page 4 (12, The Pool of Tears)')
    """

    kind: Unit
    start: int
    end: int
    label: str | None = None
    chapter: Chapter | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.start <= self.end:
            raise ValueError(f"a locator needs 1 <= start <= end, got {self.start}, {self.end}")

    @property
    def chapter_number(self) -> int | None:
        """The chapter that it stands in, where there are chapters."""
        if self.kind == "chapter":
            return self.start
        return self.chapter.number if self.chapter else None

    def __str__(self) -> str:
        more = [self.chapter.title] if self.chapter else []
        if self.start != self.end:
            place = f"{self.kind}s {self.start}–{self.end}"
        elif self.kind == "page" and self.label is not None:
            place = f"page {self.label}"
            more.insert(0, str(self.start))
        else:
            place = f"{self.kind} {self.start}"
        if self.kind != "page" and self.label is not None:
            more.insert(0, self.label)
        return f"{place} ({', '.join(more)})" if more else place


@dataclass(frozen=True)
class Segment:
    """A passage of a document, small enough to be found and cited, and where it stands."""

    text: str
    locator: Locator


@dataclass(frozen=True)
class Limits:
    """How much a file from outside may ask for; beyond them it is `LimitExceeded`, never a crash.

    Args:
        max_bytes: size of the file.
        max_pages: pages of a PDF; one page listed often counts each time.
        max_text_chars: text of the whole document.
        max_markup_chars: an HTML page with its mark-up.
        max_page_chars: text of one PDF page; a page beyond it is left out with a note.
        max_segment_chars: a segment is never longer.
        target_segment_chars: paragraphs are merged to about this length.
        seconds_per_page: CPU seconds of the reading thread for one PDF page. It is looked at
            between the drawing operators, not while one operator runs or the page's content is
            parsed (that work is bounded by `max_page_operators` and `max_stream_bytes`): a
            page may overrun it by some seconds, and is then left out with a note. Three such
            pages end the reading.
        seconds_per_ocr_page: for the recognition of one scanned page, by the clock. Three pages
            beyond it, or on which it fails, end the recognition for the document.
        max_ocr_pixels: of a page's picture; a larger page is looked at less closely.
        max_page_operators: operators and operands parsed in one PDF content stream.
        max_stream_bytes: size of one PDF stream or one chapter of an EPUB after decompression;
            images are not unpacked.
        max_archive_entries: files in an EPUB or DOCX.
        max_unpacked_bytes: what a packed file may unpack to.
        max_unpack_ratio: how many times its size a packed file may unpack to; not looked at
            before 16 MiB.
        max_record_chars: one line of a JSON Lines file; a longer one is left out with a note, and
            so is a record whose text is several times that long.
        seconds_without_step: how long a reader in a process of its own (`contained.py`) may give
            no sign of life, by the clock; generous, for the machine may be busy with other work.
        max_reader_bytes: address space of such a process, where the system can bound it.
    """

    max_bytes: int = 512 * 1024 * 1024
    max_pages: int = 20_000
    max_text_chars: int = 200_000_000
    max_markup_chars: int = 32_000_000
    max_page_chars: int = 2_000_000
    max_segment_chars: int = 1200
    target_segment_chars: int = 600
    seconds_per_page: float = 20.0
    seconds_per_ocr_page: float = 60.0
    max_ocr_pixels: int = 25_000_000
    max_page_operators: int = 2_000_000
    max_stream_bytes: int = 32 * 1024 * 1024
    max_archive_entries: int = 20_000
    max_unpacked_bytes: int = 1024 * 1024 * 1024
    max_unpack_ratio: int = 250
    max_record_chars: int = 8_000_000
    seconds_without_step: float = 120.0
    max_reader_bytes: int = 4 * 1024 * 1024 * 1024

    def __post_init__(self) -> None:
        if not 1 <= self.target_segment_chars <= self.max_segment_chars:
            raise ValueError(
                "limits need 1 <= target_segment_chars <= max_segment_chars, got "
                f"{self.target_segment_chars} and {self.max_segment_chars}"
            )
        if not 0 < self.seconds_without_step < float("inf"):
            raise ValueError(
                f"limits need seconds_without_step > 0, got {self.seconds_without_step}"
            )


DEFAULT_LIMITS = Limits()


class Reader(Protocol):
    """One format. A reader is made for one file and may be asked to read it any number of times."""

    def read(self, document: "Document") -> Iterator[Segment]:
        """Yield the segments in order; add to the document's notes and unit count on the way.

        Raises:
            IngestError: the file cannot be read on, or holds no text.
        """
        ...


@dataclass
class Document:
    """A file that was recognised and can be read.

    Args:
        title: from the name, cleaned; safe to show on one line.
        unit_name: what locators count.
        unit_count: pages of a PDF; else lines, paragraphs or chapters, known once it was read to
            its end.
        notes: sentences for the person, such as "Page 7 had no text (scanned?)." They come while
            the segments are read.
        on_step: called while the segments are read, at least after every page or part, be there
            text in it or not. What it raises ends the reading.
    """

    title: str
    kind: Kind
    path: Path
    byte_count: int
    unit_name: Unit
    unit_count: int | None
    reader: Reader = field(repr=False)
    notes: list[str] = field(default_factory=list)
    on_step: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    def segments(self) -> Iterator[Segment]:
        """Stream the document from its start; every call reads the file anew.

        Raises:
            IngestError: as soon as the reading meets what cannot be read; `EmptyDocument` at the
                end when there was no text.
        """
        return self.reader.read(self)

    def add_note(self, note: str) -> None:
        """Keep a note once, however often the document is read."""
        if note not in self.notes:
            self.notes.append(note)
