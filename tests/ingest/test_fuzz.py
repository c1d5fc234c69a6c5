"""Every reader on damaged files: segments within the limits, or an error in one sentence.

`AMMON_FUZZ_EXAMPLES` sets how many files of each kind are tried.
"""

import gzip
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import IngestError, Limits, open_document
from ingest.sandbox.pdfium import PdfiumExtractor
from tests.support.mail_samples import attachment, mailbox, message, multipart, part
from tests.support.office_samples import make_odf, make_pptx, shape, slide_table
from tests.support.ole_samples import make_msg, make_ole
from tests.support.pdf_samples import cells_content, encrypted, make_pdf
from tests.support.workbook_samples import cell, make_ods, make_xlsx, ods_cell, ods_row, row
from tests.support.zip_samples import (
    chapter,
    make_docx,
    make_epub,
    make_zip,
    nav_point,
    word_paragraph,
)

EXAMPLES = int(os.environ.get("AMMON_FUZZ_EXAMPLES", "100"))
MAX_CPU_S = 5.0
LIMITS = Limits(
    max_pages=50,
    max_text_chars=20_000,
    max_markup_chars=50_000,
    max_page_chars=5_000,
    max_segment_chars=300,
    target_segment_chars=150,
    max_page_operators=20_000,
    max_stream_bytes=200_000,
    max_archive_entries=40,
    max_unpacked_bytes=1_000_000,
    max_record_chars=5_000,
)
LOG = "".join(
    f"2024-01-25 06:00:{n:02} ERROR worker {n}: failed\n  at line {n}\n" for n in range(20)
)
RECORDS = '{"ts": "2024-01-25", "user": {"id": 7, "tags": ["a", "ü"]}}\n[1, [2, {"x": null}]]\n' * 9
MARKDOWN = "# A title\n\nA paragraph – with “quotes”.\n\n```python\nx = 1\n```\n\n" * 6
PAGE = "<!doctype html><html><head><title>T</title></head><body><h1>One</h1><p>Words &amp; <b>more"
PAGE += "</b><sup>2</sup> <del>old</del></p><ol reversed><li>x<li hidden>y</ol><table><tr><th "
PAGE += "rowspan=2>a<th>b<tr><td>c</table><script>no()</script><pre>x\n y</pre></body></html>"
CODE = 'def f(x):\n    """Say."""\n    return x\n\n\nclass A:\n    pass\n\n\n' * 5
TABLE = "A title;;\n\nKey;Name;Price\n" + 'A-1;"two\nlines";3,50\nB-2;"a ""b""";4\n' * 9
CHAPTERS = {"one.xhtml": chapter("One", "It began."), "two.xhtml": chapter("Two", "It ended.")}
WORD = word_paragraph("A heading", '<w:pStyle w:val="Heading1"/>') + word_paragraph("Some words.")
LABELLED = "/PageLabels << /Nums [0 << /S /r >> 1 << /S /D /St 4 >>] >>"
PDF = make_pdf("One page.\nTwo lines.", cells_content(("a", "b")), "xyz", catalog=LABELLED)
PARTS = multipart(
    "alternative", part("Grüße\n", how="base64"), part("<p>a</p>", "text/html"), cut="i"
)
MAIL = message(
    multipart("mixed", PARTS, attachment("a.png", b"12345" * 9)), "=?utf-8?q?K=C3=A4se?="
)
SAVED = message(multipart("related", part(PAGE, "text/html", how="quoted-printable")))
NOTEBOOK = (
    '{"cells": [{"cell_type": "markdown", "source": ["# One\\n", "words"]}, {"cell_type": "code", '
    '"source": "x = 1", "outputs": [{"output_type": "stream", "text": ["1\\n"]}, {"data": '
    '{"image/png": "iVBOR", "text/plain": "2"}}]}], "nbformat": 4}'
)
CUES = "".join(
    f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n<i>Words</i> {n}.\n\n" for n in range(1, 9)
)
FB2 = (
    '<?xml version="1.0" encoding="utf-8"?><FictionBook><body><section><title><p>One</p></title>'
    '<p>It <a type="note">1</a> began.</p><poem><v>x</v></poem><table><tr><th colspan="2">a'
    '</th></tr><tr><td rowspan="2">b</td><td>c</td></tr><tr><td>d</td></tr></table>'
    "</section></body><binary>QUJD</binary></FictionBook>"
)
RTF = (
    r"{\rtf1\ansi{\fonttbl{\f0\fcharset204 A;}}{\stylesheet{\s1 heading 1;}}\s1 One\par\pard "
    r"Caf\'e9 \u8364?{\footnote Note.}{\pict\bin4 abcd}\par Table 1: x\par"
    r"\trowd\trhdr\cellx1\cellx2\intbl a\cell b\cell\row"
    r"\trowd\clvmrg\cellx1\cellx2 \cell c\cell\row}"
)
ODT = (
    '<text:h text:outline-level="1">One</text:h><text:list text:style-name="L"><text:list-item>'
    "<text:p>Words</text:p></text:list-item></text:list><text:p>Table 1: x</text:p><table:table>"
    "<table:table-header-rows><table:table-row><table:table-cell table:number-rows-spanned='2'>"
    "<text:p>a<draw:frame><svg:desc xmlns:svg='urn:oasis:names:tc:opendocument:xmlns:"
    "svg-compatible:1.0'>b</svg:desc></draw:frame></text:p></table:table-cell></table:table-row>"
    "</table:table-header-rows><table:table-row><table:covered-table-cell/><table:table-cell>"
    "<text:p>c</text:p></table:table-cell></table:table-row></table:table>"
)
NOTED = ods_cell("A", inside="<office:annotation><text:p>b</text:p></office:annotation>")
SLIDES = make_pptx(
    shape("One", kind="title") + slide_table(("a", "b"), ("c", "d")),
    shape("Two"),
    notes={1: shape("Note")},
)

GOOD = {
    "a.txt": (MARKDOWN + "Ende gut, alles gut.\n").encode("utf-16"),
    "wide.txt": "Все люди рождаются свободными. 島のパン屋。\n".encode("utf-16-le") * 20,
    "old.txt": "Les élèves ont reçu leur goûter.\n".encode("mac_roman") * 20,
    "a.md": MARKDOWN.encode(),
    "a.log": LOG.encode(),
    "colours.log": LOG.replace("ERROR", "\x1b[31mERR\bOR\x1b[0m 10%\r20%\r").encode(),
    "mixed.log": LOG.replace("worker", "Größe").encode() + LOG.replace("at", "ä").encode("cp1252"),
    "syslog": LOG.encode(),
    "a.jsonl": RECORDS.encode(),
    "a.py": CODE.encode(),
    "a.csv": TABLE.encode(),
    "a.tsv": TABLE.replace(";", "\t").encode("utf-16"),
    "a.html": PAGE.encode(),
    "a.epub": make_epub(CHAPTERS, ncx=nav_point("One", "one.xhtml")),
    "a.docx": make_docx(WORD, styles="<w:style/>"),
    "a.xlsx": make_xlsx(
        {"One": row(1, "Key", "Price") + row(2, "A", cell("B2", 45316, 1)), "Two": row(1, "x")},
        after='<mergeCells><mergeCell ref="A1:B2"/></mergeCells>',
        formats=("dd.mm.yyyy;@",),
        extra={
            "xl/worksheets/_rels/s1.xml.rels": '<Relationships><Relationship Id="r" '
            'Type="x/comments" Target="../comments1.xml"/></Relationships>',
            "xl/comments1.xml": '<comments><comment ref="A2"><t>words</t></comment></comments>',
        },
    ),
    "a.ods": make_ods({"One": ods_row("Key", "Price") + ods_row(NOTED, "1"), "Two": ods_row("x")}),
    "a.pdf": PDF,
    "a.eml": MAIL.encode(),
    "a.mbox": mailbox(MAIL, message(part("Two.\n"))).encode(),
    "a.msg": make_ole(make_msg({"0037001F": "Keys", "1000001F": "Words."}, {"x": b"y"}, sent=1)),
    "a.mhtml": SAVED.encode(),
    "a.ipynb": NOTEBOOK.encode(),
    "a.srt": CUES.encode(),
    "a.vtt": f"WEBVTT\n\nNOTE x\n\n{CUES}".encode(),
    "a.fb2": FB2.encode(),
    "b.fb2.zip": make_zip({"b.fb2": FB2}),
    "a.rtf": RTF.encode(),
    "a.odt": make_odf(ODT),
    "a.odp": make_odf(f"<draw:page>{ODT}</draw:page>", kind="presentation"),
    "a.pptx": SLIDES,
    "locked.pdf": encrypted(PDF, ""),
    "a.log.gz": gzip.compress(LOG.encode(), mtime=0),
    "a.jsonl.gz": gzip.compress(RECORDS.encode(), mtime=0),
}
KEYWORDS = [
    *(b"\x00", b"\xff", b"\n", b"<", b">>", b"/Kids", b"0 R", b"99999999999", b"-1", b"stream"),
    *(b"]]>", b"<!--", b"&#x110000;", b"<![CDATA[", b"<!ENTITY a SYSTEM 'file:///etc/passwd'>"),
    *(b"{", b'"', b"\\ud800", b"[" * 300, b"1e999", b"PK\x03\x04", b"\xed\xa0\x80", b"\xfe\xff"),
]


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """Draw a file that was flipped, cut, inserted into or repeated in a few places."""
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        until = min(len(data), at + draw(st.integers(0, 60)))
        deed = draw(st.sampled_from(("flip", "cut", "insert", "repeat", "end")))
        if deed == "flip" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif deed == "cut":
            del data[at:until]
        elif deed == "insert":
            data[at:at] = draw(st.sampled_from(KEYWORDS) | st.binary(max_size=12))
        elif deed == "repeat":
            data[at:at] = data[at:until] * draw(st.integers(1, 40))
        elif deed == "end" and at > len(data) // 2:
            del data[at:]
    return bytes(data)


@pytest.fixture
def no_pdfium(monkeypatch):
    """Let only pypdf read pages: starting a worker for each example would take too long."""
    monkeypatch.setattr(PdfiumExtractor, "page_text", lambda extractor, index: "")


@pytest.mark.parametrize("name", GOOD)
def test_the_files_are_readable_before_they_are_damaged(tmp_path, no_pdfium, name):
    path = tmp_path / name
    path.write_bytes(GOOD[name])
    assert len(list(open_document(path, limits=LIMITS).segments())) >= 1


@pytest.mark.parametrize("name", GOOD)
def test_a_damaged_file_is_read_or_refused_within_the_limits(tmp_path, no_pdfium, name):
    path = tmp_path / name

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(damaged(GOOD[name]))
    def check(data: bytes) -> None:
        path.write_bytes(data)
        started_s, chars = time.thread_time(), 0
        try:
            document = open_document(path, limits=LIMITS)
            for segment in document.segments():
                assert 0 < len(segment.text) <= LIMITS.max_segment_chars
                chars += len(segment.text.encode("utf-8").decode())
                assert "root:" not in segment.text and str(segment.locator).isprintable()
            assert all(note.isprintable() for note in document.notes)
        except IngestError as error:
            message = str(error)
            assert name in message and message.endswith(".") and message.isprintable()
        # A newline may be added to each page or paragraph.
        assert chars <= 2 * LIMITS.max_text_chars
        assert time.thread_time() - started_s < MAX_CPU_S

    check()
