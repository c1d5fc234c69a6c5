"""Files from outside, turned into segments of text that know their page or line.

Imports neither the model, nor the storage, nor the application.
"""

from ingest.contained import ReaderProcesses
from ingest.document import DEFAULT_LIMITS, Chapter, Document, Limits, Locator, Reader, Segment
from ingest.errors import (
    DamagedDocument,
    DocumentNotFound,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    ReaderFailed,
    UnsupportedFormat,
)
from ingest.folders import Found, find_files
from ingest.follow import Place, Tail, start_of
from ingest.growing import GrowingLog
from ingest.ocr import Ocr, find_ocr
from ingest.opening import open_document
from ingest.pdf_render import PagePicture, Rectangle, render_page
from ingest.stream import encode_segments, token_chunks

__all__ = [
    "Chapter",
    "DEFAULT_LIMITS",
    "DamagedDocument",
    "Document",
    "DocumentNotFound",
    "EmptyDocument",
    "EncryptedDocument",
    "Found",
    "GrowingLog",
    "IngestError",
    "LimitExceeded",
    "Limits",
    "Locator",
    "Ocr",
    "PagePicture",
    "Place",
    "Reader",
    "ReaderFailed",
    "ReaderProcesses",
    "Rectangle",
    "Segment",
    "Tail",
    "UnsupportedFormat",
    "encode_segments",
    "find_files",
    "find_ocr",
    "open_document",
    "render_page",
    "start_of",
    "token_chunks",
]
