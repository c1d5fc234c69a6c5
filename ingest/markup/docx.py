"""Reads Word documents (docx): paragraphs, lists, tables and notes, with all revisions accepted.

The document is streamed; no macro runs and no picture is unpacked. Footnotes and comments follow
the paragraph that refers to them; endnotes, headers and footers follow the text, each once.

Source: ECMA-376 part 1, WordprocessingML.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.document import Document, Segment
from ingest.errors import DamagedDocument, EmptyDocument, IngestError
from ingest.limits import Limits
from ingest.markup import left_out
from ingest.markup.archive import Archive, entry_path
from ingest.markup.docx_blocks import WordTarget
from ingest.markup.docx_notes import MAX_HELD_CHARS, NoteKey, NoteReading, SideNotes
from ingest.markup.docx_numbering import Numbering, read_numbering
from ingest.markup.docx_styles import MAX_XML_BYTES, read_styles
from ingest.markup.opc import main_part, relations
from ingest.markup.paragraphs import Block, ParagraphCutter
from ingest.markup.xml import BrokenXml, feed_xml, local_name

MAIN_PART = "word/document.xml"
_FOLLOWING = "footnotes.xml", "comments.xml"
_ENDNOTES = "endnotes.xml"
_RUNNING = {"header": "Header", "footer": "Footer"}
_MAX_RUNNING_PARTS = 200
# A header with nothing but the number of the page: "7", "Page 7", "Page 7 of 12".
_PAGE_NUMBER = re.compile(r"\W*(?:(?:[^\W\d]+\W+)?\d+\W*(?:[^\W\d]+\W+\d+\W*)?)?")
_LEFT_OUT = {
    "deleted": left_out.DELETED,
    "hidden": left_out.HIDDEN,
    "ruby": left_out.RUBY,
    "symbols": "Symbols of special fonts that could not be read, shown as \ufffd: {:,}.",
    "objects": "Charts, diagrams and embedded objects left out: {:,}.",
}


@dataclass(frozen=True)
class DocxReader:
    """Reads one Word document; `name` is what messages call it, `limits` what it may ask for."""

    path: Path
    name: str
    limits: Limits

    def inspect(self) -> tuple[int | None, list[str]]:
        """Check that the archive has the part with the text; return no unit count and no notes.

        Raises:
            IngestError: the archive is damaged or holds no Word document.
        """
        with Archive(self.path, self.name, self.limits) as archive:
            self._main_part(archive)
        return None, []

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield segments of whole paragraphs, or parts of long ones.

        Raises:
            IngestError: the rest of the file cannot be read, or it has no text.
        """
        cutter = ParagraphCutter(self.name, self.limits)
        with Archive(self.path, self.name, self.limits) as archive:
            reading = _Reading(archive, self._main_part(archive), document)
            try:
                yield from cutter.segments(reading.blocks())
            finally:
                for note in reading.notes():
                    document.add_note(note)
        if not cutter.count:
            if reading.is_damaged:
                raise DamagedDocument(
                    f"Nothing of {self.name} could be read: fetch it again, or open it in a word "
                    "processor and save it again."
                )
            raise EmptyDocument(f"{self.name} has no text: there is nothing to read.")
        document.unit_count = cutter.count

    def _main_part(self, archive: Archive) -> str:
        """Return the archive's entry with the text."""
        found = main_part(archive, MAIN_PART)
        if found not in archive:
            raise DamagedDocument(
                f"{self.name} is no complete Word document, {found} is missing from it: fetch it "
                "again, or open it in a word processor and save it again."
            )
        return found


class _Reading:
    """One reading of a document: its parts in order, and what was left out of them."""

    def __init__(self, archive: Archive, main: str, document: Document) -> None:
        self.is_damaged = False
        self._archive = archive
        self._main = main
        self._document = document
        self._left_out: Counter[str] = Counter()
        self._styles = read_styles(self._small_part("styles.xml"))
        self._numbering = read_numbering(self._small_part("numbering.xml"), self._styles)
        self._side_notes = SideNotes()

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of all parts."""
        for name in _FOLLOWING:
            self._hold_notes(name)
        yield from self._part_blocks(self._main, self._numbering, self._side_notes)
        for name in (*_FOLLOWING, _ENDNOTES):
            target = self._notes_target()
            for key, text in self._part_notes(name, target):
                if key not in self._side_notes.placed:
                    yield Block(f"{self._side_notes.place(key, text)}\n\n")
            self._left_out += target.left_out
        yield from self._running_blocks()

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each kind of text that was left out."""
        for reason, sentence in _LEFT_OUT.items():
            if self._left_out[reason]:
                yield sentence.format(self._left_out[reason])

    def _small_part(self, name: str) -> bytes:
        """Return a part beside the main part, nothing if it is missing, damaged or too large."""
        part = entry_path(self._main, name) or ""
        try:
            return self._archive.read(part, MAX_XML_BYTES) if part in self._archive else b""
        except IngestError:
            self._document.add_note(f"{part} could not be read; what it says is missing.")
            return b""

    def _part_blocks(
        self, part: str, numbering: Numbering | None = None, notes: SideNotes | None = None
    ) -> Iterator[Block]:
        """Yield the blocks of a part of the archive; if it is damaged, those before the damage."""
        target = WordTarget(self._styles, numbering, notes)
        for _ in self._feed(part, target):
            yield from target.take_blocks()
        yield from target.take_blocks()
        self._left_out += target.left_out

    def _feed(self, part: str, target: Any) -> Iterator[None]:
        """Parse a part into a target; yield after each step."""
        try:
            for _ in feed_xml(self._archive.stream(part), target):
                self._document.on_step()
                yield
        except (BrokenXml, DamagedDocument):
            self.is_damaged = True
            note = f"{part} is damaged; what comes before the damage was read."
            self._document.add_note(note)

    def _hold_notes(self, name: str) -> None:
        """Hold the notes of a part for the paragraphs that refer to them."""
        chars = 0
        for key, text in self._part_notes(name, self._notes_target()):
            chars += len(text)
            if chars > MAX_HELD_CHARS:
                return
            self._side_notes.texts[key] = text

    def _part_notes(self, name: str, target: "_NotesTarget") -> Iterator[tuple[NoteKey, str]]:
        """Yield the notes of a part, in order."""
        part = entry_path(self._main, name)
        if not part or part not in self._archive:
            return
        for _ in self._feed(part, target):
            yield from target.take_notes()
        yield from target.take_notes()

    def _notes_target(self) -> "_NotesTarget":
        # A numbering of its own: lists in notes do not continue those of the text.
        numbering = read_numbering(self._small_part("numbering.xml"), self._styles)
        return _NotesTarget(WordTarget(self._styles, numbering))

    def _running_blocks(self) -> Iterator[Block]:
        """Yield each header and footer once, without those that are only a page number."""
        related = relations(self._archive, self._main)
        for kind, shown in _RUNNING.items():
            parts = [one.part for one in related if one.kind == kind]
            seen: set[str] = set()
            for part in list(dict.fromkeys(parts))[:_MAX_RUNNING_PARTS]:
                text = _one_line(self._part_blocks(part)) if part in self._archive else ""
                if text not in seen and not _PAGE_NUMBER.fullmatch(text):
                    seen.add(text)
                    yield Block(f"[{shown}: {text}]\n\n")


class _NotesTarget:
    """Collects the notes of a part, whose paragraphs another target reads."""

    def __init__(self, inner: WordTarget) -> None:
        self._inner = inner
        self._reading = NoteReading()
        self._notes: list[tuple[NoteKey, str]] = []

    @property
    def left_out(self) -> Counter[str]:
        """What was not read of the notes."""
        return self._inner.left_out

    def take_notes(self) -> list[tuple[NoteKey, str]]:
        """Return the notes since the last call."""
        notes, self._notes = self._notes, []
        return notes

    def start(self, tag: str, attributes: Any) -> None:
        self._reading.start(local_name(tag), attributes)
        self._inner.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._inner.end(tag)
        name = local_name(tag)
        if name in {"footnote", "endnote", "comment"}:
            paragraphs = (block.text.strip() for block in self._inner.take_blocks())
            note = self._reading.end(name, paragraphs)
            self._notes += [note] if note else []

    def data(self, text: str) -> None:
        self._inner.data(text)

    def close(self) -> None:
        self._inner.close()


def _one_line(blocks: Iterable[Block]) -> str:
    return " ".join(" ".join(block.text for block in blocks).split())
