"""What every reader has in common: the document, its segments, and their locators.

Knows no format. `recognition.py` chooses the reader.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

Kind = Literal[
    "text", "log", "jsonl", "code", "subtitles",
    "table", "workbook",
    "html", "epub", "docx", "rtf", "odt", "fb2", "mhtml",
    "email", "mailbox", "notebook", "slides",
    "pdf",
]  # fmt: skip
MAX_NOTES = 500
MORE_NOTES = "There is more that was left out or changed; only the first notes are listed."
Unit = Literal["page", "line", "paragraph", "chapter", "row", "message", "cell", "slide", "cue"]


class Chapter(NamedTuple):
    """A chapter: its number in the table of contents, from 1 on, and its title."""

    number: int
    title: str


@dataclass(frozen=True)
class Locator:
    """Where a segment is in its document: a range of units, from 1 on, both ends included.

    `label` adds to the numbers. For a page it is the PDF's own name of page `start` ("xii") where
    that differs from the number; for lines, their time stamps; for a chapter, its title; for
    paragraphs, the heading above them. `chapter` is the chapter of a page, if the PDF has an
    outline.

    Raises:
        ValueError: not 1 <= start <= end.

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
        """The number of the segment's chapter, None if the document has no chapters."""
        if self.kind == "chapter":
            return self.start
        return self.chapter.number if self.chapter else None

    def __str__(self) -> str:
        details = [self.chapter.title] if self.chapter else []
        if self.start != self.end:
            units = f"{self.kind}s {self.start}–{self.end}"
        elif self.kind == "page" and self.label is not None:
            units = f"page {self.label}"
            details.insert(0, str(self.start))
        else:
            units = f"{self.kind} {self.start}"
        if self.kind != "page" and self.label is not None:
            details.insert(0, self.label)
        return f"{units} ({', '.join(details)})" if details else units


@dataclass(frozen=True)
class Segment:
    """A part of a document that is small enough to be found and cited, and its locator."""

    text: str
    locator: Locator


class Reader(Protocol):
    """Reads one file of one format; it can be asked to read the file any number of times."""

    def read(self, document: "Document") -> Iterator[Segment]:
        """Yield the segments in order; meanwhile add notes and the unit count to the document.

        Raises:
            IngestError: the rest of the file cannot be read, or the file has no text.
        """
        ...


@dataclass
class Document:
    """A file that was recognised and can be read.

    Args:
        title: the cleaned file name, safe to show on one line.
        own_title: what people call the document, if that was asked for, else ""; as safe as that.
        kind: what the file is read as.
        path: of the file.
        byte_count: size of the file.
        unit_name: what locators count.
        unit_count: pages of a PDF; else lines, paragraphs or chapters, known after the document was
            read to its end.
        reader: reads the file.
        notes: sentences for the user, such as "Page 7 had no text (scanned?).", added while the
            segments are read.
        at_unit: the number of the unit that is being read, for readers that say so; 0 otherwise.
        is_recognising: that unit is a picture whose text is being recognised, which takes long.
        on_step: called while the segments are read, at least after every page or part, with text or
            without. What it raises ends the reading.
    """

    title: str
    kind: Kind
    path: Path
    byte_count: int
    unit_name: Unit
    unit_count: int | None
    reader: Reader = field(repr=False)
    notes: list[str] = field(default_factory=list)
    own_title: str = ""
    at_unit: int = 0
    is_recognising: bool = False
    on_step: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    def segments(self) -> Iterator[Segment]:
        """Stream the document from its start; every call reads the file again.

        Raises:
            IngestError: the rest of the file cannot be read; `EmptyDocument` at the end if there
                was no text.
        """
        return self.reader.read(self)

    def add_note(self, note: str) -> None:
        """Add a note unless it is there already: the document may be read more than once.

        Of a file that gives rise to very many notes, the last one says that there are more.
        """
        if note in self.notes or len(self.notes) > MAX_NOTES:
            return
        self.notes.append(note if len(self.notes) < MAX_NOTES else MORE_NOTES)
