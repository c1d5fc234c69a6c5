"""What each kind of file is called: by what it states, by its heading, by its name."""

import io
import json
import zipfile

import pytest

from ingest import SandboxPool, open_document
from tests.support.mail_samples import message
from tests.support.office_samples import make_odf, make_pptx, shape
from tests.support.pdf_samples import encrypted, first_free, make_pdf
from tests.support.zip_samples import chapter, make_docx, make_epub, make_zip, word_paragraph

CORE = "<cp xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>{}</dc:title></cp>"
TEXT = "It was a bright cold day in April, and the clocks were striking thirteen. "


def with_entry(archive, name, content):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        entries = {entry: opened.read(entry) for entry in opened.namelist()}
    return make_zip({**entries, name: content})


def pdf_called(title):
    data = make_pdf(TEXT, objects=[f"<< /Title ({title}) >>"])
    return data.replace(b"/Root 1 0 R", f"/Root 1 0 R /Info {first_free(1)} 0 R".encode())


def epub_called(title):
    package = make_epub({"a.xhtml": chapter("One", TEXT)})
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        opf = opened.read("OEBPS/book.opf").decode()
    meta = f"<metadata xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>{title}</dc:title>"
    opf = opf.replace("<manifest>", f"{meta}</metadata><manifest>")
    return with_entry(package, "OEBPS/book.opf", opf)


HEADED = word_paragraph("Annual Report", '<w:pStyle w:val="Heading1"/>') + word_paragraph(TEXT)
DOCX = make_docx(HEADED)
ODT_CALLED = with_entry(make_odf(f"<text:p>{TEXT}</text:p>"), "meta.xml", CORE.format("Wie es war"))
ODT_HEADED = make_odf(f"<text:h text:outline-level='1'>Ein Titel</text:h><text:p>{TEXT}</text:p>")
NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "metadata": {},
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# A Study\n", "text"]}],
    }
)


def docx_called(title):
    return with_entry(DOCX, "docProps/core.xml", CORE.format(title))


ENCODED = "=?utf-8?q?Schl=C3=BCssel_f=C3=BCr_Ada?="
FB2 = (
    "<FictionBook><description><title-info><book-title>{}</book-title></title-info></description>"
    + (f"<body><section><title><p>One</p></title><p>{TEXT}</p></section></body></FictionBook>")
)
RTF = (
    "{{\\rtf1\\ansi\\ansicpg1252{{\\info{{\\title {}}}{{\\author Ann}}}}\\pard " + TEXT + "\\par}}"
)
PAGE = "<html><head><title>{}</title></head><body>{}<p>" + TEXT + "</p></body></html>"
BOOK = "The Project Gutenberg eBook of X\n\nTitle: The Whale\n\nAuthor: H. M.\n\n" + TEXT


@pytest.mark.parametrize(
    ("name", "data", "title"),
    [
        ("a-b.pdf", pdf_called("The Whale"), "The Whale"),
        ("the-white-whale.pdf", pdf_called("Microsoft Word - whale.doc"), "The White Whale"),
        ("the-white-whale.pdf", make_pdf(TEXT), "The White Whale"),
        ("locked.pdf", encrypted(make_pdf(TEXT), ""), "locked"),
        ("b.epub", epub_called("Silas Marner"), "Silas Marner"),
        ("silas-marner.epub", epub_called("untitled"), "Silas Marner"),
        ("c.docx", docx_called("Plan 2024"), "Plan 2024"),
        ("c.docx", docx_called("Document1"), "Annual Report"),
        ("c.docx", with_entry(DOCX, "docProps/core.xml", "<broken"), "Annual Report"),
        ("the-plan-b.docx", make_docx(word_paragraph(TEXT)), "The Plan B"),
        ("d.odt", ODT_CALLED, "Wie es war"),
        ("d.odt", ODT_HEADED, "Ein Titel"),
        ("e.pptx", make_pptx(shape("The Pitch", kind="title") + shape(TEXT)), "The Pitch"),
        ("f.rtf", RTF.format("Caf\\'e9 \\u8364? Paris"), "Café € Paris"),
        ("g.fb2", FB2.format("Война и мир"), "Война и мир"),
        ("h.html", PAGE.format("Tea &amp; Toast - Us", "<h1>Tea &amp; Toast</h1>"), "Tea & Toast"),
        ("h.html", PAGE.format("Home", "<h1>Opening hours</h1>"), "Opening hours"),
        ("h.html", PAGE.format("", "<h2>Lower heading</h2>"), "Lower heading"),
        ("i.eml", message("\n" + TEXT, ENCODED), "Schlüssel für Ada"),
        ("pg2701.txt", BOOK, "The Whale"),
        ("pg2701.txt", BOOK.encode("utf-16"), "The Whale"),
        ("notes_of_a-walk.md", "Text\n\n" + TEXT, "Notes of a Walk"),
        ("j.md", "# Über uns\n\n" + TEXT, "Über uns"),
        ("not-a-heading.txt", "# Comment\n\n" + TEXT, "Not a Heading"),
        ("my-little-tool.py", "# Comment\nimport os\n", "my-little-tool.py"),
        ("web-server_access.log", "2024-01-05 10:00:00 INFO started\n" * 9, "web-server_access"),
        ("sales_per_region.csv", "region,sales\nnorth,1\nsouth,2\n", "Sales per Region"),
        ("k.ipynb", NOTEBOOK, "A Study"),
    ],
)  # fmt: skip
def test_a_document_is_called_by_what_it_states_or_by_its_name(tmp_path, name, data, title):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    document = open_document(path, with_title=True)
    assert document.own_title == title
    assert not document.notes or "encoding" in document.notes[0]
    assert open_document(path).own_title == ""


def test_an_encrypted_pdf_states_its_title_to_who_has_the_password(tmp_path):
    path = tmp_path / "secret.pdf"
    path.write_bytes(encrypted(pdf_called("The Will"), "sesame"))
    document = open_document(path, password="sesame", with_title=True)
    assert document.own_title == "The Will"


def test_a_worker_finds_the_title_and_it_is_cleaned_once_more(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("# The \u202ered\x1b whale\n\n" + TEXT)
    with SandboxPool() as processes:
        assert processes.open_document(path, with_title=True).own_title == "The red whale"
        assert processes.open_document(path).own_title == ""
