"""Files recognised by content and suffix, or refused."""

import os

import pytest

from ingest import (
    DamagedDocument,
    DocumentNotFound,
    EmptyDocument,
    LimitExceeded,
    Limits,
    UnsupportedFormat,
    open_document,
)
from storage.schemas import APPLICATION_ID
from tests.support.exports import HARBOUR
from tests.support.pdf_samples import make_pdf
from tests.support.zip_samples import make_zip


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.rst", "README", "notes.xyz"])
def test_decodable_content_is_text_whatever_the_suffix(document, name):
    assert document(b"Some words.\n", name).kind == "text"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("a.log", "log"), ("a.LOG", "log"), ("a.jsonl", "jsonl"), ("a.ndjson", "jsonl")),
        *(("a.py", "code"), ("a.rs", "code"), ("a.yaml", "code")),
    ],
)
def test_the_suffix_decides_the_kind_of_a_text(document, name, kind):
    assert document(b"Some words.\n", name).kind == kind


@pytest.mark.parametrize("name", ["a.pdf", "a.PDF", "a.bin", "a.txt", "noname"])
def test_pdf_content_is_a_pdf_whatever_the_suffix(document, name):
    assert document(make_pdf("Hello"), name).kind == "pdf"


def test_junk_before_the_pdf_header_is_accepted(document):
    assert document(b"junk\n" * 100 + make_pdf("Hello"), "a.pdf").kind == "pdf"


def test_a_text_that_mentions_the_pdf_header_stays_a_text(document):
    assert document(b"Files begin with %PDF- there.\n", "a.md").kind == "text"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis", "an OpenDocument file"),
        (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml...ppt/slides", "a PowerPoint presentation"),
        (b"PK\x03\x04\x14\0\x06\0hello.txt", "a ZIP archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
        (b"BZh91AY&SY\0\0\0\x01\x02", "a bzip2 archive"),
        (b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff", "a Windows program"),
        (b"SQLite format 3\0\x10\0", "an SQLite database"),
        (bytes(range(32)) * 20, "binary data of an unknown kind"),
    ],
)
def test_unsupported_formats_are_refused_by_name(document, head, words):
    with pytest.raises(UnsupportedFormat) as raised:
        document(head, "thing.txt")
    assert words in str(raised.value)
    assert "thing.txt" in str(raised.value) and "Markdown" in str(raised.value)


@pytest.mark.parametrize("name", ["lamp.ammon", "lamp.txt", "lamp.pdf"])
def test_an_exported_session_is_no_document_and_the_refusal_says_how_it_is_imported(document, name):
    # The program that imports it knows it by the same bytes.
    assert bytes.fromhex(f"{APPLICATION_ID:08x}") == b"Ammn"
    with pytest.raises(UnsupportedFormat, match=r"a session that Ammon exported.*import FILE"):
        document(HARBOUR.read_bytes(), name)


@pytest.mark.parametrize("text", [b"MZ is a name.\n", b"BM, PAR1 and GIF89a\n", b"ID3\n"])
def test_letters_that_look_like_a_signature_are_text(document, text):
    assert document(text).kind == "text"


@pytest.mark.parametrize(
    ("name", "kind", "data", "words"),
    [
        ("report.pdf", "a PDF", b"<html>not found</html>", "plain text"),
        ("report.pdf", "a PDF", b"PK\x03\x04\0\0", "a ZIP archive"),
        ("access.log.gz", "a gzip file", b"not found\n", "plain text"),
    ],
)
def test_a_file_whose_suffix_promises_another_kind_is_damaged(document, name, kind, data, words):
    with pytest.raises(DamagedDocument, match=f"named like {kind} but is none.*{words}"):
        document(data, name)


@pytest.mark.parametrize("name", ["a.txt", "a.pdf"])
def test_a_file_of_zero_bytes_is_an_empty_document(document, name):
    with pytest.raises(EmptyDocument, match="zero bytes"):
        document(b"", name)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(DocumentNotFound, match="nothing.txt cannot be opened"):
        open_document(tmp_path / "nothing.txt")


def test_a_directory_is_not_a_document(tmp_path):
    with pytest.raises(DocumentNotFound, match="is a directory"):
        open_document(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentNotFound, match="not a regular file"):
        open_document(tmp_path / "pipe")


def test_a_nul_in_the_path_is_not_found():
    with pytest.raises(DocumentNotFound):
        open_document("a\0b.txt")


def test_a_file_deleted_between_opening_and_reading_is_not_found(document):
    opened = document(b"words\n")
    opened.path.unlink()
    with pytest.raises(DocumentNotFound, match="could not be read"):
        list(opened.segments())


def test_a_file_beyond_the_limit_is_refused_without_reading_it(document):
    with pytest.raises(LimitExceeded, match="11 bytes, the limit is 10"):
        document(b"eleven byte", limits=Limits(max_bytes=10))


def test_title_and_suffix_come_from_the_given_name(tmp_path):
    path = tmp_path / "upload-1234"
    path.write_bytes(b"words\n")
    opened = open_document(path, name="C:\\My\nBook.txt")
    assert (opened.title, opened.byte_count) == ("My Book", 6)
    with pytest.raises(DamagedDocument, match="Book.pdf is named like a PDF"):
        open_document(path, name="Book.pdf")


@pytest.mark.parametrize("name", ["a.pptx", "a.odt", "a.odp", "a.docx", "a.xlsx", "a.epub"])
def test_a_package_that_is_cut_short_is_called_damaged(document, name):
    whole = make_zip({"[Content_Types].xml": "<x/>" * 500, "word/x": "y" * 3000})
    with pytest.raises(DamagedDocument, match="damaged|complete"):
        list(document(whole[: len(whole) // 2], name).segments())


@pytest.mark.parametrize("name", ["a.pptx", "a.odt", "a.odp", "a.docx", "a.msg"])
def test_plain_text_under_the_name_of_a_package_is_refused(document, name):
    with pytest.raises(DamagedDocument, match="named like"):
        document(b"404: there is no such page here.\n", name)
