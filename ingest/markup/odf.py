"""Reads OpenDocument texts and presentations, packed (odt, odp) or as one XML file (fodt, fodp)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.document import Document, Locator, Segment
from ingest.errors import DamagedDocument, EmptyDocument, IngestError
from ingest.limits import Limits
from ingest.lines.encoding import BLOCK_BYTES
from ingest.markup.archive import Archive
from ingest.markup.odf_blocks import OdfTarget, PageBlock
from ingest.markup.odf_package import CONTENT_PART, check_package
from ingest.markup.odf_styles import OdfStyles
from ingest.markup.paragraphs import ParagraphCutter, heading_label
from ingest.markup.xml import BrokenXml, feed_xml
from ingest.source import Source, unreadable_error
from ingest.units import UnitCutter, UnitText

_STYLES = "styles.xml"


@dataclass(frozen=True)
class OdtReader:
    """Reads one text document.

    Args:
        path: of the file.
        source: its bytes, for a document that is one XML file.
        name: what messages call it.
        limits: what it may ask for.
        is_packed: whether it is an archive.
    """

    path: Path
    source: Source
    name: str
    limits: Limits
    is_packed: bool

    def inspect(self) -> tuple[int | None, list[str]]:
        """Check that the document can be opened; return no unit count and no notes.

        Raises:
            IngestError: the archive is damaged, or the document is encrypted.
        """
        if self.is_packed:
            with Archive(self.path, self.name, self.limits) as archive:
                check_package(archive, self.name, "OpenDocument file")
        return None, []

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield segments of whole paragraphs, or parts of long ones.

        Raises:
            IngestError: the rest of the file cannot be read, or it has no text.
        """
        cutter = ParagraphCutter(self.name, self.limits)
        yield from cutter.segments(one.block for one in self.page_blocks(document))
        if not cutter.count:
            raise self.nothing_error(document)
        document.unit_count = cutter.count

    def page_blocks(self, document: Document) -> Iterator[PageBlock]:
        """Yield the blocks of the document; note what is left out."""
        styles = OdfStyles()
        target = OdfTarget(styles)
        try:
            for _ in feed_xml(self._content(styles), target):
                document.on_step()
                yield from target.take_blocks()
        except (BrokenXml, DamagedDocument):
            yield from target.take_blocks()
            document.add_note("The document is damaged; what comes before the damage was read.")
        except OSError as error:
            raise unreadable_error(self.name, error) from error
        for what, count in target.left_out.items():
            document.add_note(f"Left out: {what} ({count:,}).")

    def nothing_error(self, document: Document) -> IngestError:
        """Return the error for a document of which nothing was read."""
        if any("damaged" in note for note in document.notes):
            return DamagedDocument(
                f"Nothing of {self.name} could be read, it is damaged: fetch it again, or open it "
                "in LibreOffice and save it again."
            )
        return EmptyDocument(f"{self.name} has no text: there is nothing to read.")

    def _content(self, styles: OdfStyles) -> Iterator[bytes]:
        """Yield the bytes of the content, after the styles that all documents of a set share."""
        if not self.is_packed:
            with self.source.open(lambda note: None) as stream:
                while block := stream.read(BLOCK_BYTES):
                    yield block
            return
        with Archive(self.path, self.name, self.limits) as archive:
            check_package(archive, self.name, "OpenDocument file")
            if _STYLES in archive:
                try:
                    for _ in feed_xml(archive.stream(_STYLES), OdfTarget(styles)):
                        pass
                except (BrokenXml, DamagedDocument):
                    pass  # the text is there without them
            yield from archive.stream(CONTENT_PART)


@dataclass(frozen=True)
class OdpReader(OdtReader):
    """Reads one presentation, slide by slide, with its notes."""

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of each slide; no segment spans two.

        Raises:
            IngestError: the rest of the file cannot be read, or it has no text.
        """
        cutter = UnitCutter(self.name, self.limits)
        try:
            yield from cutter.segments(self._slides(document), document)
        except EmptyDocument as error:
            raise self.nothing_error(document) from error

    def _slides(self, document: Document) -> Iterator[UnitText]:
        page, title, in_notes = 0, "", False
        for one in self.page_blocks(document):
            if one.page != page:
                page, title, in_notes = one.page, "", False
            if one.is_title and not title:
                title = one.block.text
            before = "Notes: " if one.is_note and not in_notes else ""
            in_notes = one.is_note
            number = max(1, page)
            text = before + one.block.text.lstrip("\n") if before else one.block.text
            locator = Locator("slide", number, number, heading_label(title))
            yield UnitText(locator, text, one.block.header)
