"""PDFs written byte by byte: small, exact, and easy to damage."""

import io
from collections.abc import Sequence

from pypdf import PdfWriter

HELVETICA = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def make_pdf(
    *pages: str | bytes, catalog: str = "", objects: Sequence[str] = (), font: str = HELVETICA
) -> bytes:
    """Return a PDF with a page for each text (lines in Helvetica) or raw content stream.

    Args:
        catalog: more entries of the catalog.
        objects: more objects, numbered from `first_free(len(pages))` on.
        font: the font of all pages.
    """
    extra, count = objects, len(pages)
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(count))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode(),
        font.encode(),
    ]
    for index, page in enumerate(pages):
        content = page if isinstance(page, bytes) else lines_content(page)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * index} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects + [text.encode() for text in extra])


def first_free(page_count: int) -> int:
    """Return the number of the first object after the pages of `make_pdf`."""
    return 4 + 2 * page_count


def page_ref(index: int) -> str:
    """Return the reference to a page of `make_pdf`."""
    return f"{4 + 2 * index} 0 R"


def lines_content(text: str) -> bytes:
    """Return the content stream that draws lines, one below the other."""
    rows = [f"({_escaped(line)}) Tj T*" for line in text.split("\n")]
    return "\n".join(["BT /F1 10 Tf 14 TL 50 780 Td", *rows, "ET"]).encode("cp1252")


def unicode_pdf(*pieces: tuple[float, float, str]) -> bytes:
    """Return a PDF of one page with pieces of text in any script, each given as (x, y, text).

    The letters of a piece are drawn from left to right, 5 points apart.
    """
    hexed = [(x, y, text.encode("utf-16-be").hex()) for x, y, text in pieces]
    content = "".join(f"BT /F1 10 Tf 1 0 0 1 {x} {y} Tm <{text}> Tj ET\n" for x, y, text in hexed)
    codes = sorted({ord(letter) for _, _, text in pieces for letter in text})
    lines = "".join(f"<{code:04x}> <{code:04x}>\n" for code in codes)
    to_unicode = (
        "/CMapName /C def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{lines}endbfchar"
    )
    stream = f"<< /Length {len(to_unicode)} >>\nstream\n{to_unicode}\nendstream"
    more = [glyph_font("Identity"), stream]
    return make_pdf(content.encode(), objects=more, font=composite_font(6, "/ToUnicode 7 0 R"))


def composite_font(descendant: int, more: str = "") -> str:
    """Return a font whose text is glyph numbers; `descendant` is the object with the glyphs."""
    return (
        "<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H "
        f"/DescendantFonts [{descendant} 0 R] {more} >>"
    )


def glyph_font(collection: str) -> str:
    """Return the font of the glyphs; the collection defines what their numbers mean."""
    system = f"<< /Registry (Adobe) /Ordering ({collection}) /Supplement 0 >>"
    return (
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /CIDSystemInfo {system} /DW 500 "
        "/FontDescriptor << /Type /FontDescriptor /FontName /Any /Flags 4 /ItalicAngle 0 "
        "/FontBBox [0 0 500 700] /Ascent 700 /Descent 0 /CapHeight 700 /StemV 80 >> >>"
    )


def cells_content(*rows: tuple[str, ...]) -> bytes:
    """Return the content stream of a table, cell by cell, as report generators draw it."""
    parts = [
        f"BT 1 0 0 1 {50 + 90 * column} {780 - 14 * row} Tm /F1 10 Tf 12 TL ({cell}) Tj T* ET"
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    ]
    return "\n".join(parts).encode("cp1252")


def encrypted(data: bytes, user_password: str) -> bytes:
    """Return the PDF encrypted with RC4, for which pypdf needs no other package."""
    writer = PdfWriter(io.BytesIO(data))
    writer.encrypt(user_password, owner_password="the owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start
