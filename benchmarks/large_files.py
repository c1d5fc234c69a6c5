"""Large generated documents, identical in every run: a PDF, a log, a CSV file and a workbook."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

WORDS = "harbour keeper lantern tide weather signal record stone boat winter morning tower".split()
_LINES, _WORDS_IN_LINE = 40, 11
_SECONDS_IN_DAY = 86_400
_COLUMNS = ("article", "name", "stock", "sale_price", "purchase_price", "share", "day", "note")
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


def write_pdf(path: Path, pages: int) -> None:
    """Write an uncompressed PDF with forty lines of text on each page."""
    words, offsets = random.Random(0), []
    kids = " ".join(f"{4 + 2 * page} 0 R" for page in range(pages))
    with path.open("wb") as file:
        file.write(b"%PDF-1.4\n")

        def add(body: str) -> None:
            offsets.append(file.tell())
            file.write(f"{len(offsets)} 0 obj\n{body}\nendobj\n".encode("ascii"))

        add("<< /Type /Catalog /Pages 2 0 R >>")
        add(f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>")
        add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
        for page in range(pages):
            lines = [" ".join(words.choices(WORDS, k=_WORDS_IN_LINE)) for _ in range(_LINES)]
            drawn = "\n".join(f"({line}.) Tj T*" for line in [f"Page {page + 1}", *lines])
            content = f"BT /F1 10 Tf 14 TL 50 780 Td\n{drawn}\nET"
            add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * page} "
                "0 R /Resources << /Font << /F1 3 0 R >> >> >>"
            )
            add(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        start, size = file.tell(), len(offsets) + 1
        table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
        file.write(f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode("ascii"))
        trailer = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
        file.write(trailer.encode("ascii"))


def write_log(path: Path, byte_count: int) -> None:
    """Write a log of lines with time stamps, of at least `byte_count` bytes."""
    words, written, number = random.Random(0), 0, 0
    with path.open("w", encoding="ascii", newline="\n") as file:
        while written < byte_count:
            day, second = divmod(number, _SECONDS_IN_DAY)
            hour, minute = second // 3600, second // 60 % 60
            said = " ".join(words.choices(WORDS, k=8))
            written += file.write(
                f"2031-{1 + day // 28 % 12:02}-{1 + day % 28:02} {hour:02}:{minute:02}:"
                f"{second % 60:02} INFO worker-{number % 7}: {said}\n"
            )
            number += 1


def write_csv(path: Path, byte_count: int) -> None:
    """Write a table of eight columns, of at most `byte_count` bytes."""
    words, written, number = random.Random(0), 0, 0
    with path.open("w", encoding="ascii", newline="\n") as file:
        line = ",".join(_COLUMNS) + "\n"
        while written + len(line) <= byte_count:
            written += file.write(line)
            number += 1
            line = ",".join(map(str, _row(number, words))) + "\n"


def write_xlsx(path: Path, rows: int) -> None:
    """Write a workbook with one sheet of eight columns: dates, percent, and shared texts."""
    relations = "".join(
        f'<Relationship Id="{part}" Type="{_RELATION}/{part}" Target="{part}.xml"/>'
        for part in ("worksheet", "styles", "sharedStrings")
    )
    parts = {
        "_rels/.rels": f'<Relationships {_PACKAGE}><Relationship Id="r" '
        f'Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATION}"><sheets><sheet name="Stock" '
        'sheetId="1" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {_PACKAGE}>{relations}</Relationships>",
        "xl/styles.xml": f'<styleSheet {_MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>'
        '<xf numFmtId="10"/></cellXfs></styleSheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheet.xml", "w", force_zip64=True) as file:
            for block in _sheet_xml(rows):
                file.write(block.encode("ascii"))
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as file:
            file.write(f"<sst {_MAIN}>".encode("ascii"))
            for text in _shared_texts(rows):
                file.write(f"<si><t>{text}</t></si>".encode("ascii"))
            file.write(b"</sst>")


def _row(number: int, words: random.Random) -> tuple[object, ...]:
    """Return the values of one row, in the order of the columns."""
    note = " ".join(words.choices(WORDS, k=5))
    price = f"{number * 13 % 90_000 / 100:.2f}"
    day = 40_000 + number % 5000
    return (f"SKU-{number:07}", f"Lamp {number}", number % 40, price, price, 0.25, day, note)


def _shared_texts(rows: int) -> Iterator[str]:
    words = random.Random(0)
    yield from _COLUMNS
    for number in range(1, rows):
        article, name, *_, note = _row(number, words)
        yield from map(str, (article, name, note))


def _sheet_xml(rows: int) -> Iterator[str]:
    """Yield the sheet's XML row by row; columns 1, 2 and 8 refer to shared texts."""
    words = random.Random(0)
    yield f"<worksheet {_MAIN}><sheetData>"
    head = "".join(f'<c r="{"ABCDEFGH"[i]}1" t="s"><v>{i}</v></c>' for i in range(8))
    yield f'<row r="1">{head}</row>'
    for number in range(1, rows):
        text, at = len(_COLUMNS) + 3 * (number - 1), number + 1
        _, _, stock, price, cost, share, day, _ = _row(number, words)
        yield (
            f'<row r="{at}"><c r="A{at}" t="s"><v>{text}</v></c>'
            f'<c r="B{at}" t="s"><v>{text + 1}</v></c><c r="C{at}"><v>{stock}</v></c>'
            f'<c r="D{at}"><v>{price}</v></c><c r="E{at}"><v>{cost}</v></c>'
            f'<c r="F{at}" s="2"><v>{share}</v></c><c r="G{at}" s="1"><v>{day}</v></c>'
            f'<c r="H{at}" t="s"><v>{text + 2}</v></c></row>'
        )
    yield "</sheetData></worksheet>"
