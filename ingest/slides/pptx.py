"""Reads PowerPoint presentations (pptx): slides in their order, with notes, comments and diagrams.

Source: ECMA-376 part 1, PresentationML.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ingest.document import Document, Locator, Segment
from ingest.errors import DamagedDocument, EmptyDocument
from ingest.limits import Limits
from ingest.markup.archive import Archive
from ingest.markup.opc import relation_id, relations
from ingest.markup.paragraphs import heading_label
from ingest.markup.xml import BrokenXml, elements, feed_xml, parse_tree
from ingest.segmenting import Row
from ingest.slides.slide_text import SlideTarget
from ingest.units import UnitCutter, UnitText, few_of

PRESENTATION = "ppt/presentation.xml"
_MAX_XML_BYTES = 8 * 1024 * 1024
_MAX_SLIDES = 20_000
# Parts that belong to a slide, by the end of their type, and the word that begins their text.
_PARTS = {"notesSlide": "Notes", "comments": "Comments", "comment": "Comments", "diagramData": ""}
_COMMENT_TEXT = frozenset({"t", "text"})


@dataclass
class _LeftOut:
    """The numbers of slides of which something is to be noted."""

    hidden: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        if self.hidden:
            yield f"Hidden slides were read, too: {few_of(self.hidden, len(self.hidden))}."
        if self.charts:
            shown = few_of(self.charts, len(self.charts))
            yield f"Charts are not read, on the slides: {shown}."
        if self.damaged:
            shown = few_of(self.damaged, len(self.damaged))
            yield f"Slides that are damaged or missing, and read in part at most: {shown}."


@dataclass(frozen=True)
class PptxReader:
    """Reads one presentation; `name` is what messages call it, `limits` what it may ask for."""

    path: Path
    name: str
    limits: Limits

    def inspect(self) -> tuple[int | None, list[str]]:
        """Return the number of slides, and no notes.

        Raises:
            IngestError: the archive is damaged or holds no presentation.
        """
        with Archive(self.path, self.name, self.limits) as archive:
            return len(self._slides(archive)), []

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of each slide in order; no segment spans two slides.

        Raises:
            IngestError: the rest of the file cannot be read, or it has no text.
        """
        cutter = UnitCutter(self.name, self.limits)
        left_out = _LeftOut()
        with Archive(self.path, self.name, self.limits) as archive:
            slides = self._slides(archive)
            try:
                yield from cutter.segments(
                    self._texts(archive, slides, left_out, document), document
                )
            except EmptyDocument as error:
                if left_out.damaged:
                    raise DamagedDocument(
                        f"No slide of {self.name} could be read: fetch it again, or open it in "
                        "PowerPoint or LibreOffice and save it again."
                    ) from error
                raise EmptyDocument(
                    f"The presentation {self.name} has no text, only pictures at most: export it "
                    "to PDF, which text recognition (OCR) can read."
                ) from error
            finally:
                for note in left_out.notes():
                    document.add_note(note)
            document.unit_count = len(slides)

    def _slides(self, archive: Archive) -> list[str | None]:
        """Return the entries of the slides in their order, None for one that is missing.

        Raises:
            DamagedDocument: the list of slides cannot be read.
        """
        try:
            root = parse_tree(archive.read(PRESENTATION, _MAX_XML_BYTES))
        except (DamagedDocument, BrokenXml) as error:
            raise DamagedDocument(
                f"{self.name} is no complete presentation, its list of slides cannot be read: "
                "fetch it again, or open it in PowerPoint or LibreOffice and save it again."
            ) from error
        targets = {one.id: one.part for one in relations(archive, PRESENTATION)}
        ids = [relation_id(slide.attrib) for slide in elements(root, "sldId")]
        return [targets.get(key) or None for key in ids[:_MAX_SLIDES]]

    def _texts(
        self,
        archive: Archive,
        slides: list[str | None],
        left_out: _LeftOut,
        document: Document,
    ) -> Iterator[UnitText]:
        for number, entry in enumerate(slides, start=1):
            document.on_step()
            target = SlideTarget()
            lines = _lines(archive, entry, target, number, left_out)
            if target.is_hidden:
                left_out.hidden.append(str(number))
            if target.charts:
                left_out.charts.append(str(number))
            locator = Locator("slide", number, number, heading_label(target.title))
            for line in lines:
                yield UnitText(locator, line.text, line.header)
            for kind, part in _parts(archive, entry):
                others = SlideTarget(_COMMENT_TEXT)
                lines = _lines(archive, part, others, number, left_out)
                heading = f"{_PARTS[kind]}: " if _PARTS[kind] else ""
                if lines:
                    yield UnitText(locator, f"\n{heading}")
                for line in lines:
                    yield UnitText(locator, line.text, line.header)
            yield UnitText(locator, "\n")


def _lines(
    archive: Archive, entry: str | None, target: SlideTarget, number: int, left_out: _LeftOut
) -> list[Row]:
    """Return the lines of a part of a slide, up to the damage if it is damaged."""
    lines: list[Row] = []
    try:
        for _ in feed_xml(archive.stream(entry or ""), target):
            lines += target.take_lines()
    except (BrokenXml, DamagedDocument):
        if str(number) not in left_out.damaged[-1:]:
            left_out.damaged.append(str(number))
    return lines + target.take_lines()


def _parts(archive: Archive, entry: str | None) -> Iterator[tuple[str, str]]:
    """Yield the kind and the entry of each part of a slide that has text."""
    for _, kind, part in relations(archive, entry) if entry else ():
        if kind in _PARTS and part in archive:
            yield kind, part
