"""Files from outside, turned into segments of text that know their page or line.

Imports neither the model, nor the storage, nor the application.
"""

from ingest.chunking import encode_segments, token_chunks
from ingest.document import Chapter, Document, Locator, Reader, Segment
from ingest.errors import (
    DamagedDocument,
    DocumentNotFound,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    ReaderFailed,
    UnknownEncoding,
    UnsupportedFormat,
)
from ingest.folders import FoundFile, find_files
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.lines.decoding import decode_text
from ingest.lines.encoding import named_encoding
from ingest.opening import kind_to_follow, open_document, takes_encoding
from ingest.pdf.ocr import Ocr, find_ocr
from ingest.sandbox.pool import SandboxPool
from ingest.sandbox.probe import SandboxReport, probe_sandbox
from ingest.sandbox.render import PagePicture, Rectangle, render_page
from ingest.tables.rows import is_lettered
from ingest.tail.growing import GrowingText, begin_growing, resume_growing
from ingest.tail.growing_json_lines import GrowingJsonLines
from ingest.tail.growing_log import GrowingLog
from ingest.tail.tail import Tail, TailCursor, start_cursor

__all__ = [
    "DEFAULT_LIMITS",
    "Chapter",
    "DamagedDocument",
    "Document",
    "DocumentNotFound",
    "EmptyDocument",
    "EncryptedDocument",
    "FoundFile",
    "GrowingJsonLines",
    "GrowingLog",
    "GrowingText",
    "IngestError",
    "LimitExceeded",
    "Limits",
    "Locator",
    "Ocr",
    "PagePicture",
    "Reader",
    "ReaderFailed",
    "Rectangle",
    "SandboxPool",
    "SandboxReport",
    "Segment",
    "Tail",
    "TailCursor",
    "UnknownEncoding",
    "UnsupportedFormat",
    "begin_growing",
    "decode_text",
    "encode_segments",
    "find_files",
    "find_ocr",
    "is_lettered",
    "kind_to_follow",
    "named_encoding",
    "open_document",
    "probe_sandbox",
    "render_page",
    "resume_growing",
    "start_cursor",
    "takes_encoding",
    "token_chunks",
]
