"""Large generated documents: a PDF of many pages and a long log, identical in every run."""

from __future__ import annotations

import random
from pathlib import Path

WORDS = "harbour keeper lantern tide weather signal record stone boat winter morning tower".split()
_LINES, _WORDS_IN_LINE = 40, 11
_SECONDS_IN_DAY = 86_400


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
