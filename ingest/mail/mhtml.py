"""Reads web archives (mhtml, mht): the page that was saved, through the reader of HTML."""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.document import Document, Segment
from ingest.errors import EmptyDocument, LimitExceeded
from ingest.mail.message import marked_page
from ingest.mail.mime import Part, parse_parts
from ingest.mail.reader import file_lines
from ingest.markup.html import HtmlReader
from ingest.source import BytesSource, unreadable_error
from ingest.source_reader import SourceReader


@dataclass(frozen=True)
class MhtmlReader(SourceReader):
    """Reads one web archive; `name` is what messages call it, `limits` what it may ask for."""

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of the first page in the archive that has text.

        Raises:
            IngestError: the file cannot be read, or no page in it has text.
        """
        pages = self._pages(document)
        for index, page in enumerate(pages):
            reader = HtmlReader(BytesSource(marked_page(page)), self.name, self.limits)
            try:
                yield from reader.read(document)
            except EmptyDocument:
                if index + 1 < len(pages):
                    continue
                raise
            if index + 1 < len(pages):
                document.add_note(f"Pages in frames are not read: {len(pages) - index - 1:,}.")
            return

    def _pages(self, document: Document) -> list[Part]:
        """Return the HTML pages in the archive, in order.

        Raises:
            EmptyDocument: there are none.
            LimitExceeded: the first one is too long.
        """
        try:
            with self.source.open(document.add_note) as stream:
                lines = file_lines(stream, document)
                parts = list(parse_parts(lines, self.limits.max_stream_bytes))
        except OSError as error:
            raise unreadable_error(self.name, error) from error
        pages = [part for part in parts if not part.is_message and (part.body or part.is_cut)]
        pages = [part for part in pages if part.headers.get_content_type() == "text/html"]
        if not pages:
            raise EmptyDocument(
                f"{self.name} holds no web page with text: open it in a browser and save the page "
                "again."
            )
        if pages[0].is_cut:
            raise LimitExceeded(
                f"The page in {self.name} has more than {self.limits.max_stream_bytes:,} bytes, "
                "the limit: print it to PDF in a browser and read that."
            )
        return pages
