"""`Limits`: how much a file from outside may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How much a file from outside may ask for.

    A file that asks for more raises `LimitExceeded`, or the page, chapter or line concerned is left
    out with a note, as said below.

    Args:
        max_bytes: size of the file.
        max_pages: pages of a PDF; a page that is listed often counts each time.
        max_text_chars: text of the whole document.
        max_markup_chars: an HTML page with its markup.
        max_page_chars: text of one PDF page; a longer page is left out with a note.
        max_segment_chars: length of a segment.
        target_segment_chars: paragraphs are merged to about this length.
        seconds_per_page: CPU seconds of the reading thread for one PDF page, checked between its
            drawing operators. One operator and the parsing of the page's content are not
            interrupted (`max_page_operators` and `max_stream_bytes` bound them), so a page may take
            some seconds more. It is then left out with a note. Three such pages end the reading.
        seconds_per_ocr_page: wall time for the recognition of one scanned page. Three pages that
            take longer or fail end the recognition for the document.
        max_ocr_pixels: size of a page's image; a larger page is rendered at a lower resolution.
        max_page_operators: operators and operands parsed in one PDF content stream.
        max_stream_bytes: one PDF stream or one chapter of an EPUB after decompression; images are
            not decompressed.
        max_archive_entries: files in an EPUB or DOCX.
        max_unpacked_bytes: what a packed file may unpack to.
        max_unpack_ratio: how many times its own size a packed file may unpack to; it applies beyond
            16 MiB.
        max_record_chars: one line of a JSON Lines file. A longer line is left out with a note, and
            so is a record whose text is several times that long.
        seconds_without_step: wall time that a worker process (`sandbox/worker.py`) may give no sign
            of life. Generous, because the machine may be busy with other work.
        document_seconds, document_seconds_per_mb, max_document_seconds: processor time for the text
            of one document: so much for each, so much for each MB of the file, and at most so much.
            A quarter of the wall time counts, too, for what helper processes do.
        max_reader_bytes: address space of such a worker, where the system can bound it.

    Raises:
        ValueError: `target_segment_chars` is not between 1 and `max_segment_chars`, or
            `seconds_without_step` is not positive and finite.
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
    document_seconds: float = 300.0
    document_seconds_per_mb: float = 50.0
    max_document_seconds: float = 7200.0
    max_reader_bytes: int = 4 * 1024 * 1024 * 1024

    def seconds_for(self, byte_count: int) -> float:
        """Return the processor time for a file of this size."""
        seconds = self.document_seconds + self.document_seconds_per_mb * byte_count / 1e6
        return min(seconds, self.max_document_seconds)

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
