"""Reads RTF documents: paragraphs, headings, tables and footnotes; no pictures and no objects."""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.document import Document, Segment
from ingest.errors import DamagedDocument, EmptyDocument
from ingest.lines.encoding import BLOCK_BYTES
from ingest.markup.paragraphs import Block, ParagraphCutter
from ingest.markup.rtf_blocks import RtfBlocks
from ingest.markup.rtf_tokens import rtf_tokens
from ingest.source import unreadable_error
from ingest.source_reader import SourceReader


@dataclass(frozen=True)
class RtfReader(SourceReader):
    """Reads one RTF document; `name` is what messages call it, `limits` what it may ask for."""

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield segments of whole paragraphs, or parts of long ones.

        Raises:
            IngestError: the rest of the file cannot be read, or it has no text.
        """
        cutter = ParagraphCutter(self.name, self.limits)
        yield from cutter.segments(self.blocks(document))
        if not cutter.count:
            raise EmptyDocument(f"{self.name} has no text: there is nothing to read.")
        document.unit_count = cutter.count

    def blocks(self, document: Document) -> Iterator[Block]:
        """Yield the blocks of the document; note what is left out.

        Raises:
            IngestError: the rest of the file cannot be read.
        """
        target = RtfBlocks()
        try:
            with self.source.open(document.add_note) as stream:
                for token in rtf_tokens(iter(lambda: stream.read(BLOCK_BYTES), b"")):
                    if token is None:
                        document.on_step()
                        yield from target.take_blocks()
                    else:
                        target.add(token)
        except OSError as error:
            raise unreadable_error(self.name, error) from error
        target.finish()
        if not target.is_rtf:
            raise DamagedDocument(
                f"{self.name} is a damaged RTF document: fetch it again, or open it in a word "
                "processor and save it again."
            )
        yield from target.take_blocks()
        for what, count in target.left_out.items():
            document.add_note(f"Left out: {what} ({count:,}).")


def starts_as_rtf(head: bytes) -> bool:
    """Return whether a file begins as RTF does."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:5] == b"{\\rtf"
