"""Reads plain text and Markdown as a stream: the length of a file does not change the memory used.

The readers of logs, code, JSON Lines and HTML inherit the decoding from here and cut the text
differently.

The law of this reader: the joined texts of the segments are the whole document, character by
character, after every newline became `\\n`, the byte order mark, NUL characters and sequences for
terminals (`terminal.py`) were removed, bytes that are invalid in the encoding became U+FFFD, long
encoded data became "…", and signs that only say where a word may be broken, such as soft hyphens,
were removed (`without_typesetting`). The only exception is a segment that begins inside a table of
Markdown, in its line of dashes or a row: the table's caption and header line are before it, the
header line shortened if it is longer than half a segment, with letters if it names no column.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from ingest.characters import blocks_without_typesetting
from ingest.document import Document, Locator, Segment
from ingest.errors import EmptyDocument, too_much_text
from ingest.limits import Limits
from ingest.lines.decoding import decoder_for
from ingest.lines.encoded_data import EncodedDataFilter
from ingest.lines.encoding import BLOCK_BYTES, Encoding, detect_encoding
from ingest.lines.terminal import TerminalText
from ingest.segmenting import cut_rows
from ingest.source import unreadable_error
from ingest.source_reader import SourceReader
from ingest.tables.pipe_tables import mark_rows


@dataclass(frozen=True)
class TextReader(SourceReader):
    """Reads one text file.

    Args:
        given_encoding: the encoding that the user says it has; None to detect it.
    """

    is_for_terminals: ClassVar[bool] = True
    """Whether the text may hold sequences for terminals, which are no part of it."""
    is_log: ClassVar[bool] = False
    keeps_encoded_data: ClassVar[bool] = False
    """Whether encoded binary data in the text is left to the reader."""

    given_encoding: Encoding | None = None

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield segments of whole paragraphs, or parts of long ones.

        Raises:
            IngestError: the rest of the file cannot be read, or it has only white space.
        """
        try:
            with self.source.open(document.add_note) as stream:
                yield from self._read_stream(stream, document)
        except OSError as error:
            raise unreadable_error(self.name, error) from error

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield the segments of a stream of text; other readers override this."""
        return segment_blocks(blocks, self.limits)

    def max_chars(self) -> int:
        """Return the limit for the file in characters."""
        return self.limits.max_text_chars

    def encoding(self, stream: BinaryIO) -> Encoding:
        """Return the detected encoding of a file; the caller rewinds the stream."""
        return detect_encoding(stream)

    def chosen_encoding(self, stream: BinaryIO) -> Encoding:
        """Return the encoding that the user named, else the detected one."""
        return self.given_encoding or self.encoding(stream)

    def _read_stream(self, stream: BinaryIO, document: Document) -> Iterator[Segment]:
        encoding = self.chosen_encoding(stream)
        stream.seek(0)
        if note := encoding.note():
            document.add_note(note)
        tally, terminal, data_filter = Tally(), TerminalText(self.is_log), EncodedDataFilter()
        blocks = _with_steps(
            decoded_blocks(stream, encoding, tally, translate=not self.is_for_terminals), document
        )
        if self.is_for_terminals:
            blocks = terminal.stream(blocks)
        blocks = tally.counted(self.bounded(blocks))
        if not self.keeps_encoded_data:
            blocks = data_filter.filtered(blocks)
        empty = True
        try:
            for segment in self.cut(blocks, document):
                empty = empty and segment.text.isspace()
                yield segment
        finally:
            for note in (*tally.notes(), *terminal.notes(), *data_filter.notes()):
                document.add_note(note)
        if empty:
            raise EmptyDocument(f"{self.name} holds only white space: there is nothing to read.")
        if document.unit_name == "line":
            document.unit_count = tally.lines()

    def bounded(self, blocks: Iterable[str]) -> Iterator[str]:
        """Pass blocks on; raise `LimitExceeded` when they have too many characters."""
        chars = 0
        for block in blocks:
            chars += len(block)
            if chars > self.max_chars():
                raise too_much_text(self.name, self.max_chars())
            yield block


def _with_steps(blocks: Iterable[str], document: Document) -> Iterator[str]:
    """Pass blocks on and report a step for each, because a block may give no segment."""
    for block in blocks:
        document.on_step()
        yield block


@dataclass
class Tally:
    """What was counted while a text was decoded."""

    nuls: int = 0
    unreadable: int = 0
    newlines: int = 0
    last: str = "\n"

    def add(self, text: str) -> None:
        """Count the characters of a block of text that are left out or unreadable."""
        self.nuls += text.count("\0")
        self.unreadable += text.count("\ufffd")

    def counted(self, texts: Iterable[str]) -> Iterator[str]:
        """Pass texts on and count their lines."""
        for text in texts:
            self.newlines += text.count("\n")
            self.last = text[-1:] or self.last
            yield text

    def lines(self) -> int:
        """Return the number of lines, including a last one without a newline."""
        return self.newlines + (self.last != "\n")

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user about characters that were removed or unreadable."""
        if self.nuls:
            yield f"NUL characters left out: {self.nuls:,}."
        if self.unreadable:
            yield f"Unreadable characters, shown as \ufffd: {self.unreadable:,}."


def decoded_blocks(
    stream: BinaryIO, encoding: Encoding, tally: Tally, translate: bool = True
) -> Iterator[str]:
    """Return the stream's text in blocks, as the law of this file says.

    Args:
        stream: at its start.
        encoding: of the text.
        tally: gets the counts of what was decoded.
        translate: every newline becomes `\\n`.
    """
    return blocks_without_typesetting(_decoded(stream, encoding, tally, translate))


def _decoded(stream: BinaryIO, encoding: Encoding, tally: Tally, translate: bool) -> Iterator[str]:
    """Yield the stream's text without NUL characters, and with `\\n` for every newline if asked."""
    decoder = decoder_for(encoding)
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    while True:
        block = stream.read(BLOCK_BYTES)
        text = decoder.decode(block, final=not block)
        tally.add(text)
        if translate:
            text = newlines.decode(text, final=not block)
        # NUL ends a string in SQLite's full-text search: the text after it would never be found.
        yield text.replace("\0", "")
        if not block:
            return


def segment_blocks(blocks: Iterable[str], limits: Limits) -> Iterator[Segment]:
    """Cut a stream of text into segments with line locators, holding at most one block.

    A segment that begins in a row of a Markdown table has the table's caption and header line
    before it, which its locator does not count.
    """
    line = 1
    rows = mark_rows(blocks, limits.max_segment_chars // 2)
    for piece in cut_rows(rows, limits.target_segment_chars, limits.max_segment_chars):
        yield Segment(piece.repeated + piece.text, _line_locator(piece.text, line))
        line += piece.text.count("\n")


def _line_locator(piece: str, line: int) -> Locator:
    """Return the locator of a piece that starts on `line`, without blank lines at its ends.

    Worked example, from line 10: "\\n\\nfirst\\nsecond\\n\\n" is lines 12–13.
    """
    body = piece.strip()
    before = piece.count("\n", 0, len(piece) - len(piece.lstrip()))
    start = line + before if body else line
    return Locator("line", start, start + body.count("\n"))
