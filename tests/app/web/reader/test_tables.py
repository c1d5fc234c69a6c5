"""Tables of files of each kind are tables in the reader; what only looks like one is text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path

import pytest

from app.web.reader.typeset import typeset
from ingest import Segment, open_document
from storage import SegmentRow
from tests.support.office_samples import make_odf, make_pptx, shape, slide_table
from tests.support.zip_samples import chapter, make_docx, make_epub, word_paragraph

HEAD = ("Port", "Depth", "Flag <b>")
ROWS = [HEAD, *((f"Port {n}", f"{n}.50 m", f"Flag no. {n}") for n in range(1, 120))]
BEFORE, AFTER = "The ports of the coast.", "They are all small."


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def cells(rows: Sequence[Sequence[str]], row: str, cell: str) -> str:
    """Rows in markup; the text goes where "{}" is."""
    return "".join(
        row.format("".join(cell.format(escaped(text)) for text in texts)) for texts in rows
    )


def html(rows: Sequence[Sequence[str]]) -> bytes:
    body = cells(rows, "<tr>{}</tr>", "<td>{}</td>")
    return f"<h1>Ports</h1><p>{BEFORE}</p><table>{body}</table><p>{AFTER}</p>".encode()


def epub(rows: Sequence[Sequence[str]]) -> bytes:
    body = cells(rows, "<tr>{}</tr>", "<td>{}</td>")
    text = chapter("Ports", BEFORE).replace(
        "</body>", f"<table>{body}</table><p>{AFTER}</p></body>"
    )
    return make_epub({"a.xhtml": text})


def docx(rows: Sequence[Sequence[str]]) -> bytes:
    cell = f"<w:tc>{word_paragraph('').replace('<w:t></w:t>', '<w:t>{}</w:t>', 1)}</w:tc>"
    body = cells(rows, "<w:tr>{}</w:tr>", cell)
    return make_docx(f"{word_paragraph(BEFORE)}<w:tbl>{body}</w:tbl>{word_paragraph(AFTER)}")


def odt(rows: Sequence[Sequence[str]]) -> bytes:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    body = cells(rows, "<table:table-row>{}</table:table-row>", cell)
    return make_odf(
        f"<text:p>{BEFORE}</text:p><table:table>{body}</table:table><text:p>{AFTER}</text:p>"
    )


def rtf(rows: Sequence[Sequence[str]]) -> bytes:
    body = cells(rows, r"\trowd\intbl {}\row", r"{}\cell ").replace("&lt;", "<")
    return rf"{{\rtf1\ansi {BEFORE}\par {body}\pard {AFTER}\par}}".encode()


def pptx(rows: Sequence[Sequence[str]]) -> bytes:
    table = slide_table(*(tuple(map(escaped, row)) for row in rows))
    return make_pptx(shape(BEFORE) + table + shape(AFTER))


def fb2(rows: Sequence[Sequence[str]]) -> bytes:
    body = cells(rows, "<tr>{}</tr>", "<td>{}</td>")
    return (
        '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><body><section>'
        f"<p>{BEFORE}</p><table>{body}</table><p>{AFTER}</p></section></body></FictionBook>"
    ).encode()


def markdown(rows: Sequence[Sequence[str]]) -> bytes:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([BEFORE, "", lines[0], "|---|--:|---|", *lines[1:], "", AFTER, ""]).encode()


MAKERS = {
    "html": html,
    "epub": epub,
    "docx": docx,
    "odt": odt,
    "rtf": rtf,
    "pptx": pptx,
    "fb2": fb2,
    "md": markdown,
}


def stored(segments: Sequence[Segment]) -> list[SegmentRow]:
    return [
        SegmentRow(n, 3, n, str(at), at.kind, at.start, at.end, 0, 1, segment.text)
        for n, segment in enumerate(segments)
        for at in [segment.locator]
    ]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, list]]:
    """Reads a file; returns its kind and its passages."""
    monkeypatch.setenv("AMMON_OCR_LANGUAGES", "none")

    def read_file(data: bytes, suffix: str) -> tuple[str, list[SegmentRow]]:
        path = tmp_path / f"file.{suffix}"
        path.write_bytes(data)
        document = open_document(path)
        return document.kind, stored([*document.segments()])

    return read_file


def columns(shown: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'<th scope="col">(.*?)</th>', shown)]


def rows_of(shown: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", shown)
    found = [re.findall(r"<td>(.*?)</td>", row) for row in rows]
    return [[unescape(cell) for cell in row] for row in found if row]


@pytest.mark.parametrize("suffix", MAKERS)
def test_every_passage_of_a_table_is_one_below_the_names_of_its_columns(read, suffix):
    kind, passages = read(MAKERS[suffix](ROWS), suffix)
    shown = [typeset(kind, passage) for passage in passages]
    with_rows = [text for text in shown if "<table" in text]
    assert len(with_rows) > 2
    assert all(columns(text) == [*HEAD] for text in with_rows)
    assert [row for text in with_rows for row in rows_of(text)] == [[*row] for row in ROWS[1:]]
    outside = re.sub(r"<table>.*?</table>", "", "".join(shown))
    assert "Port " not in outside and "\t" not in outside and "|" not in outside
    assert BEFORE in outside and AFTER in outside and "<b>" not in "".join(shown)
    assert all('class="table" tabindex="0" role="group"' in text for text in with_rows)


@pytest.mark.parametrize("suffix", MAKERS)
def test_what_is_marked_is_marked_in_the_cells(read, suffix):
    kind, passages = read(MAKERS[suffix](ROWS), suffix)
    (passage,) = [p for p in passages if "Port 60" in p.text]
    at = passage.text.index("Port 60")
    end = passage.text.index("Flag no. 61", at) + len("Flag no.")
    word = passage.text.index("Port 62")
    shown = typeset(kind, passage, [(at, end), (word, word + 4)])
    marks = re.findall(r"<mark>(.*?)</mark>", shown)
    assert marks == ["Port 60", "60.50 m", "Flag no. 60", "Port 61", "61.50 m", "Flag no.", "Port"]
    assert "<td><mark>Flag no.</mark> 61</td>" in shown and "<td><mark>Port</mark> 62</td>" in shown


@pytest.mark.parametrize("suffix", MAKERS)
def test_a_small_table_is_one_too_and_empty_cells_keep_their_columns(read, suffix):
    rows = [("Port", "Depth", "Flag"), ("Brae", "", "red"), ("", "4 m", "blue"), ("Ash", "2 m", "")]
    kind, passages = read(MAKERS[suffix](rows), suffix)
    shown = "".join(typeset(kind, passage) for passage in passages)
    assert columns(shown) == ["Port", "Depth", "Flag"]
    found = [(*row, "", "")[:3] for row in rows_of(shown)]
    assert found == rows[1:]


def test_a_table_without_a_header_has_none(read):
    rows = [("1", "2.5", "3"), ("4", "5.5", "6"), ("7", "8.5", "9")]
    kind, passages = read(html(rows), "html")
    shown = typeset(kind, passages[0])
    assert columns(shown) == [] and rows_of(shown) == [[*row] for row in rows]


TABBED = "2026-01-01\tINFO\tstarted\n2026-01-02\tWARN\tslow\n2026-01-03\tINFO\tended\n" * 3
CODE = "func main() {\n\tfirst := 1\n\tsecond := 2\n\tif first {\n\t\tprint(second)\n\t}\n}\n"


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (TABBED, "log"),
        (CODE, "go"),
        ("a | b\n" * 20, "txt"),
        (f"<p>The log:</p><pre>{TABBED}</pre><p>It ends.</p><p>So.</p>", "html"),
        (f"<h1>Log</h1><pre>{TABBED}</pre>", "html"),
        (f"<p>The code:</p><pre>{CODE}</pre>", "html"),
        ("<p>Set:</p><pre>int  a\tb  c\nint  d\te  f</pre>", "html"),
    ],
)
def test_code_logs_and_bars_in_text_are_no_tables(read, data, suffix):
    kind, passages = read(data.encode(), suffix)
    shown = "".join(typeset(kind, passage) for passage in passages)
    assert "<table" not in shown and shown.count("<p") == len(passages)


def test_indented_code_in_a_book_is_no_table(read):
    text = chapter("Code").replace("</body>", f"<p>So:</p><pre>{CODE}</pre></body>")
    kind, passages = read(make_epub({"a.xhtml": text}), "epub")
    assert "\tsecond" in passages[0].text and "<table" not in typeset(kind, passages[0])


def test_lists_and_tabs_between_paragraphs_of_a_letter_are_no_tables(read):
    item = r"{\listtext\f2 \'b7\tab}Item\par "
    kind, passages = read(rf"{{\rtf1\ansi Dear all,\par {item * 4}}}".encode(), "rtf")
    assert passages[0].text.count("\t") == 4 and "<table" not in typeset(kind, passages[0])


def test_a_bar_that_is_escaped_ends_no_cell_and_a_row_of_dashes_is_one(read):
    text = "A | B\n--|--\na\\|b | c\n- | -\n"
    kind, passages = read(text.encode(), "md")
    shown = typeset(kind, passages[0])
    assert columns(shown) == ["A", "B"] and rows_of(shown) == [["a\\|b", "c"], ["-", "-"]]
