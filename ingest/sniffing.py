"""What kind of file its first bytes show. Knows nothing of readers."""

import codecs

PDF_HEADER = b"%PDF-"
# Readers accept junk before the header up to here (ISO 32000 annex H, implementation note 13).
PDF_HEADER_WITHIN_BYTES = 1024
HEAD_BYTES = 8192
SUPPORTED = (
    "Ammon reads plain text, Markdown, HTML, EPUB, Word (docx), PDF, tables (CSV, TSV, xlsx, "
    "ods), logs, JSON Lines and source code"
)
EPUB = "an EPUB book"
DOCX = "a Word document (docx)"
XLSX = "an Excel workbook (xlsx)"
_ODS_TYPE = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# Signature, offset, kind. A signature of letters alone counts only in binary content.
_SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"mimetypeapplication/epub+zip", 30, EPUB),
    (b"mimetypeapplication/vnd.oasis", 30, "an OpenDocument file"),
    (b"SQLite format 3\x00", 0, "an SQLite database"),
    (b"\x89PNG\r\n\x1a\n", 0, "a PNG image"),
    (b"\xff\xd8\xff", 0, "a JPEG image"),
    (b"GIF87a", 0, "a GIF image"),
    (b"GIF89a", 0, "a GIF image"),
    (b"II*\x00", 0, "a TIFF image"),
    (b"MM\x00*", 0, "a TIFF image"),
    (b"WEBP", 8, "a WebP image"),
    (b"WAVE", 8, "a WAV recording"),
    (b"ftyp", 4, "an MP4 or HEIC file"),
    (b"OggS\x00", 0, "an Ogg recording"),
    (b"ID3", 0, "an MP3 recording"),
    (b"AT&TFORM", 0, "a DjVu document"),
    (b"BOOKMOBI", 60, "a Mobipocket or Kindle book"),
    (OLE_MAGIC, 0, "an older Microsoft Office document (doc, xls, ppt)"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive"),
    (b"Rar!\x1a\x07", 0, "a RAR archive"),
    (b"\xfd7zXZ\x00", 0, "an XZ archive"),
    (b"\x28\xb5\x2f\xfd", 0, "a Zstandard archive"),
    (b"ustar", 257, "a tar archive"),
    (b"BZh", 0, "a bzip2 archive"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"\x7fELF", 0, "a Linux program"),
    (b"\xca\xfe\xba\xbe", 0, "a Java class or macOS program"),
    (b"\x00asm", 0, "a WebAssembly module"),
    (b"GGUF", 0, "a GGUF model"),
    (b"PAR1", 0, "a Parquet table"),
    (b"MZ", 0, "a Windows program (exe or dll)"),
    (b"BM", 0, "a BMP image"),
)
# Made of printable characters, so control characters do not show what these are.
_PRINTABLE: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "an RTF document"),
    (b"%!PS", "a PostScript document"),
)
_ZIP_MEMBERS: tuple[tuple[bytes, str], ...] = (
    (b"word/", DOCX),
    (b"xl/", XLSX),
    (b"ppt/", "a PowerPoint presentation (pptx)"),
    (b"META-INF/container.xml", EPUB),
    (b"[Content_Types].xml", "a Microsoft Office document"),
)
# Tabs, newlines, form feeds, backspaces and terminal escapes occur in texts and logs.
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")
_OTHER_CONTROLS = bytes(code for code in range(32) if code not in _TEXT_CONTROLS)


def has_pdf_header(head: bytes) -> bool:
    """Return whether a PDF header is within the bytes where PDF readers look for it."""
    return PDF_HEADER in head[:PDF_HEADER_WITHIN_BYTES]


def starts_as_pdf(head: bytes) -> bool:
    """Return whether a file begins with the PDF header, after white space or a byte order mark."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[: len(PDF_HEADER)] == PDF_HEADER


def starts_as_html(head: bytes) -> bool:
    """Return whether the file begins as HTML files do, after comments and an XML declaration."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    while text.startswith((b"<?xml", b"<!--")):
        end = b"-->" if text.startswith(b"<!--") else b">"
        text = text.partition(end)[2].lstrip()
    return text.startswith((b"<!doctype html", b"<html"))


def looks_like_ods(head: bytes) -> bool:
    """Return whether an archive says in its first entry that it is an OpenDocument spreadsheet."""
    return head[30 : 30 + len(_ODS_TYPE)] == _ODS_TYPE


def describe_non_text(head: bytes) -> str | None:
    """Return what kind of file this is, such as "a PNG image"; None if it may be text.

    UTF-16, which has as many zeros as binary data, is text here, but not in `describe_binary`.
    """
    utf16 = head.startswith(_UTF16_MARKS) or utf16_without_mark(head) is not None
    return None if utf16 else describe_binary(head)


def describe_binary(head: bytes) -> str | None:
    """Return what kind of file this is, such as "a PNG image"; None if it may be 8-bit text."""
    for signature, words in _PRINTABLE:
        if head.startswith(signature):
            return words
    if head.startswith(ZIP_MAGIC):
        return _describe_zip(head)
    binary = _is_binary(head)
    for signature, offset, words in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature and (
            binary or _is_unlike_text(signature)
        ):
            return words
    return "binary data of an unknown kind" if binary else None


def utf16_without_mark(head: bytes) -> str | None:
    """Return "utf-16-le" or "utf-16-be" when every other byte is mostly zero, as in Latin text."""
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros > 0.7 * pairs and others <= 0.01 * pairs:
            return encoding
    return None


def _describe_zip(head: bytes) -> str:
    for signature, offset, words in _SIGNATURES[:2]:
        if head[offset : offset + len(signature)] == signature:
            return words
    return next((words for member, words in _ZIP_MEMBERS if member in head), "a ZIP archive")


def _is_unlike_text(signature: bytes) -> bool:
    """Return whether no text begins with this: "BM" and "ID3" could, b"\\x1f\\x8b" could not."""
    return any(byte >= 0x80 or byte in _OTHER_CONTROLS for byte in signature)


def _is_binary(head: bytes) -> bool:
    """Return whether there are too many control characters for a text; one or two are allowed."""
    controls = len(head) - len(head.translate(None, delete=_OTHER_CONTROLS))
    # Compressed data has about 10 % of them; a text with a few NULs stays far below 5 %.
    return controls > max(2, len(head) // 20)
