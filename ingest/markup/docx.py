"""Reads Word documents (docx): paragraphs, lists, tables and notes, with all revisions accepted.

The document is streamed; no macro runs and no picture is unpacked.

Source: ECMA-376 part 1, WordprocessingML.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.document import Document, Segment
from ingest.errors import DamagedDocument, EmptyDocument, IngestError, LimitExceeded
from ingest.limits import Limits
from ingest.markup.archive import Archive, entry_path
from ingest.markup.docx_blocks import WordTarget
from ingest.markup.paragraphs import Block, ParagraphCutter
from ingest.markup.xml import BrokenXml, attribute, elements, feed_xml, parse_tree

MAIN_PART = "word/document.xml"
_NOTES = ("footnotes.xml", "endnotes.xml")
_RELATIONS = "_rels/.rels"
_MAX_XML_BYTES = 8 * 1024 * 1024


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
        cutter = ParagraphCutter(self.limits)
        with Archive(self.path, self.name, self.limits) as archive:
            yield from cutter.segments(self._bounded(self._blocks(archive, document)))
        if not cutter.count:
            if document.notes:
                raise DamagedDocument(
                    f"Nothing of {self.name} could be read: fetch it again, or open it in a word "
                    "processor and save it again."
                )
            raise EmptyDocument(f"{self.name} has no text: there is nothing to read.")
        document.unit_count = cutter.count

    def _blocks(self, archive: Archive, document: Document) -> Iterator[Block]:
        main = self._main_part(archive)
        headings = _heading_levels(archive, main)
        yield from self._part_blocks(archive, main, headings, document)
        for name in _NOTES:
            part = entry_path(main, name)
            if part and part in archive:
                yield from self._part_blocks(archive, part, headings, document)

    def _part_blocks(
        self, archive: Archive, part: str, headings: Mapping[str, int], document: Document
    ) -> Iterator[Block]:
        """Yield the blocks of a part of the archive; if it is damaged, those before the damage."""
        target = WordTarget(headings)
        try:
            for _ in feed_xml(archive.stream(part), target):
                document.on_step()
                yield from target.take_blocks()
        except (BrokenXml, DamagedDocument):
            yield from target.take_blocks()
            document.add_note(f"{part} is damaged; what comes before the damage was read.")

    def _main_part(self, archive: Archive) -> str:
        """Return the archive's entry with the text."""
        try:
            relations = parse_tree(archive.read(_RELATIONS, _MAX_XML_BYTES))
        except (DamagedDocument, BrokenXml):
            found = MAIN_PART
        else:
            parts = (
                entry_path("", relation.get("Target", "").removeprefix("/"))
                for relation in elements(relations, "Relationship")
                if relation.get("Type", "").endswith("/officeDocument")
            )
            found = next((part for part in parts if part), MAIN_PART)
        if found not in archive:
            raise DamagedDocument(
                f"{self.name} is no complete Word document, {found} is missing from it: fetch it "
                "again, or open it in a word processor and save it again."
            )
        return found

    def _bounded(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Pass blocks on; raise `LimitExceeded` when they have too many characters."""
        chars = 0
        for block in blocks:
            chars += len(block.text)
            if chars > self.limits.max_text_chars:
                raise LimitExceeded(
                    f"{self.name} has more than {self.limits.max_text_chars:,} characters, the "
                    "limit for one document: split it into parts and read them one after another."
                )
            yield block


def _heading_levels(archive: Archive, main: str) -> dict[str, int]:
    """Return the level of each style that is a heading, by the style's id.

    The id depends on the language of the program that wrote the file: "berschrift1" has the English
    name "heading 1" in the list of styles.
    """
    levels = {"Title": 1, **{f"Heading{level}": level for level in range(1, 7)}}
    try:
        root = parse_tree(archive.read(entry_path(main, "styles.xml") or "", _MAX_XML_BYTES))
    except (IngestError, BrokenXml):
        return levels
    for style in elements(root, "style"):
        for name in elements(style, "name"):
            words = attribute(name.attrib, "val").lower().split()
            if words == ["title"]:
                levels[attribute(style.attrib, "styleId")] = 1
            elif len(words) == 2 and words[0] == "heading" and words[1] in "123456":
                levels[attribute(style.attrib, "styleId")] = int(words[1])
    return levels
