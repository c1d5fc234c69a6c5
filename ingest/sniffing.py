"""What kind of file its first bytes show. Knows nothing of readers."""

import codecs

from ingest.wide_encodings import unicode_without_mark

PDF_HEADER = b"%PDF-"
# Readers accept junk before the header up to here (ISO 32000 annex H, implementation note 13).
PDF_HEADER_WITHIN_BYTES = 1024
HEAD_BYTES = 8192
SUPPORTED = (
    "Ammon reads plain text, Markdown, HTML, EPUB, Word (docx), RTF, OpenDocument (odt, odp), "
    "PowerPoint (pptx), PDF, tables (CSV, TSV, xlsx, ods), logs, JSON Lines, source code, e-mail "
    "(eml, mbox, msg), web archives, notebooks, subtitles and FictionBook"
)
UNKNOWN_BINARY = "binary data of an unknown kind"
EPUB = "an EPUB book"
DOCX = "a Word document (docx)"
XLSX = "an Excel workbook (xlsx)"
SESSION_EXPORT = "a session that Ammon exported"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_EXPORT_ID, _EXPORT_ID_AT = b"Ammn", 68  # of the header of an SQLite file: the program's own id
SESSION_HEAD_BYTES = _EXPORT_ID_AT + len(_EXPORT_ID)
"""Of a file, by which a session that Ammon exported is recognised."""
_ODS_TYPE = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"

ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# Signature, offset, kind. One with which a text may begin counts only in binary content.
_SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"mimetypeapplication/epub+zip", 30, EPUB),
    (b"mimetypeapplication/vnd.oasis", 30, "an OpenDocument file"),
    (_SQLITE_MAGIC, 0, "an SQLite database"),
    (b"\x89PNG\r\n\x1a\n", 0, "a PNG image"),
    (b"\xff\xd8\xff\xe0\x00", 0, "a JPEG image"),
    (b"\xff\xd8\xff\xdb\x00", 0, "a JPEG image"),
    (b"Exif\x00\x00", 6, "a JPEG image"),
    (b"http://ns.adobe.com/xap/1.0/\x00", 6, "a JPEG image"),
    (b"\xff\xd8\xff", 0, "a JPEG image"),
    (b"GIF87a", 0, "a GIF image"),
    (b"GIF89a", 0, "a GIF image"),
    (b"II*\x00", 0, "a TIFF image"),
    (b"MM\x00*", 0, "a TIFF image"),
    (b"WEBP", 8, "a WebP image"),
    (b"WAVE", 8, "a WAV recording"),
    (b"ftypheic", 4, "a HEIC image"),
    (b"ftypmif1", 4, "a HEIC image"),
    (b"ftypavif", 4, "an AVIF image"),
    (b"ftypM4A", 4, "an M4A recording"),
    (b"ftypqt", 4, "a QuickTime video"),
    (b"ftyp", 4, "an MP4 video"),
    (b"AVI ", 8, "an AVI video"),
    (b"\x1aE\xdf\xa3", 0, "a Matroska or WebM video"),
    (b"\x00\x00\x01\xba", 0, "an MPEG video"),
    (b"\x00\x00\x01\xb3", 0, "an MPEG video"),
    (b"FLV\x01", 0, "a Flash video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, "a Windows Media file (wmv, wma)"),
    (b"fLaC", 0, "a FLAC recording"),
    (b"MThd", 0, "a MIDI file"),
    (b"AIFF", 8, "an AIFF recording"),
    (b"\xff\xfb", 0, "an MP3 recording"),
    (b"\xff\xf3", 0, "an MP3 recording"),
    (b"\xff\xf1", 0, "an AAC recording"),
    (b"\x00\x00\x01\x00", 0, "an icon"),
    (b"8BPS", 0, "a Photoshop image"),
    (b"\x00\x00\x00\x0cjP  ", 0, "a JPEG 2000 image"),
    (b"\x00\x00\x00\x0cJXL ", 0, "a JPEG XL image"),
    (b"\xd7\xcd\xc6\x9a", 0, "a WMF image"),
    (b" EMF", 40, "an EMF image"),
    (b"DICM", 128, "a DICOM image"),
    (b"AC10", 0, "an AutoCAD drawing (dwg)"),
    (b"\x00\x01\x00\x00Standard", 0, "an Access database"),
    (b"\x00\x01\x00\x00\x00", 0, "a font"),
    (b"OTTO", 0, "a font"),
    (b"ttcf", 0, "a font"),
    (b"wOFF", 0, "a font"),
    (b"wOF2", 0, "a font"),
    (b"!BDN", 0, "an Outlook mailbox (pst, ost)"),
    (b"\xcf\xad\x12\xfe", 0, "a mailbox of Outlook Express (dbx)"),
    (b"ITSF", 0, "a Windows help file (chm)"),
    (b"ITOLITLS", 0, "a Microsoft Reader book (lit)"),
    (b"\xeaDRMION\xee", 0, "a Kindle book with DRM"),
    (b"CONT\x02\x00", 0, "a Kindle book (kfx)"),
    (b"TPZ", 0, "a Kindle book (azw1)"),
    (b"\xffWPC", 0, "a WordPerfect document"),
    (b"bplist00", 0, "a property list of macOS"),
    (b"\x89HDF\r\n", 0, "an HDF5 file"),
    (b"\x93NUMPY\x01\x00", 0, "a NumPy array"),
    (b"\x93NUMPY\x02\x00", 0, "a NumPy array"),
    (b"\x93NUMPY\x03\x00", 0, "a NumPy array"),
    (b"ARROW1", 0, "an Arrow table"),
    (b"Obj\x01", 0, "an Avro file"),
    (b"MSCF", 0, "a cabinet archive (cab)"),
    (b"\x04\x22\x4d\x18", 0, "an LZ4 archive"),
    (b"!<arch>\n", 0, "a Debian package or library"),
    (b"\xed\xab\xee\xdb", 0, "an RPM package"),
    (b"\xcf\xfa\xed\xfe", 0, "a macOS program"),
    (b"OggS\x00", 0, "an Ogg recording"),
    (b"ID3", 0, "an MP3 recording"),
    (b"AT&TFORM", 0, "a DjVu document"),
    (b"BOOKMOBI", 60, "a Mobipocket or Kindle book"),
    (OLE_MAGIC, 0, "an older document of Microsoft Office (doc, xls, ppt)"),
    (EMPTY_ZIP_MAGIC, 0, "a ZIP archive"),
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
# The headers of binary files have control characters here, even if pixels or texts follow them.
_HEADER_BYTES = 64


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


def is_session_export(head: bytes) -> bool:
    """Return whether a file says in its header that it is a session that Ammon exported."""
    found = head[_EXPORT_ID_AT:SESSION_HEAD_BYTES]
    return head.startswith(_SQLITE_MAGIC) and found == _EXPORT_ID


def looks_like_ods(head: bytes) -> bool:
    """Return whether an archive says in its first entry that it is an OpenDocument spreadsheet."""
    return head[30 : 30 + len(_ODS_TYPE)] == _ODS_TYPE


def describe_non_text(head: bytes) -> str | None:
    """Return what kind of file this is, such as "a PNG image"; None if it may be text.

    UTF-16 and UTF-32, which have as many zeros as binary data, are text here, but not in
    `describe_binary`.
    """
    is_wide = head.startswith(_UTF16_MARKS) or unicode_without_mark(head) is not None
    return None if is_wide else describe_binary(head)


def describe_binary(head: bytes) -> str | None:
    """Return what kind of file this is, such as "a PNG image"; None if it may be 8-bit text."""
    for signature, words in _PRINTABLE:
        if head.startswith(signature):
            return words
    if head.startswith(ZIP_MAGIC):
        return _describe_zip(head)
    if is_session_export(head):
        return SESSION_EXPORT
    binary = _is_binary(head)
    may_be_text = not binary and not _is_binary(head[:_HEADER_BYTES])
    for signature, offset, words in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature and (
            not may_be_text or _is_unlike_text(signature)
        ):
            return words
    return UNKNOWN_BINARY if binary else None


def _describe_zip(head: bytes) -> str:
    for signature, offset, words in _SIGNATURES[:2]:
        if head[offset : offset + len(signature)] == signature:
            return words
    return next((words for member, words in _ZIP_MEMBERS if member in head), "a ZIP archive")


def _is_unlike_text(signature: bytes) -> bool:
    """Return whether no text in any encoding begins with this, as with b"\\x1f\\x8b".

    "BM" and "ID3" begin words in ASCII, and b"\\xff\\xf1" begins words in Cyrillic ("яс") and in
    other scripts. Both kinds of letters together are a signature.
    """
    if any(byte in _OTHER_CONTROLS for byte in signature):
        return True
    return not signature.isascii() and any(byte < 0x80 for byte in signature)


def _is_binary(head: bytes) -> bool:
    """Return whether there are too many control characters for a text; one or two are allowed."""
    controls = len(head) - len(head.translate(None, delete=_OTHER_CONTROLS))
    # Compressed data has about 10 % of them; a text with a few NULs stays far below 5 %.
    return controls > max(2, len(head) // 20)
