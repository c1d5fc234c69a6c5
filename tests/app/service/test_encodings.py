"""The encoding of a text: found out, shown, and changed by the person who knows better."""

import pytest

import storage
from app.service.answering.retrieval import retrieve
from app.web.sidebar.actions import SessionActions
from app.web.sources.actions import SourceActions
from ingest import UnknownEncoding
from tests.support.pdf_samples import make_pdf
from tests.support.service import wait_until_read

# Three letters beyond ASCII, which are letters in either encoding.
WORDS = "Kapıda bir şey var, diye bağırdı."
NAMED = "The text was read as cp1254 (Turkish), as was asked for."


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_bytes(f"{WORDS}\n".encode("cp1254"))
    return path


@pytest.fixture
def service(make_service):
    service = make_service()
    service.sessions.create("s")
    return service


def texts(service, document):
    return "".join(segment.text for segment in storage.iter_segments(service.db, document.id))


def documents(service):
    service.start_reading()
    wait_until_read(service, "s")
    return [status.document for status in service.documents.list("s")]


def test_a_text_is_read_in_the_encoding_that_is_named(service, letter):
    service.documents.add("s", letter, encoding="Windows-1254")
    (document,) = documents(service)
    assert texts(service, document) == f"{WORDS}\n"
    assert (document.encoding, document.notes) == ("cp1254", [NAMED])


def test_the_named_encoding_is_kept_until_the_text_is_stored(make_service, service, letter):
    service.documents.add("s", letter, encoding="cp1254")
    service.close()
    again = make_service()
    again.start()
    wait_until_read(again, "s")
    (document,) = [status.document for status in again.documents.list("s")]
    assert document.notes == [NAMED]


def test_a_text_that_was_read_wrongly_is_read_again_and_replaces_that_reading(service, letter):
    wrong = service.documents.add("s", letter, encoding="cp1252")
    assert service.documents.add("s", letter).id == wrong.id, "it is there already"
    documents(service)
    service.documents.add("s", letter, encoding="cp1254")
    wait_until_read(service, "s")
    first, second = [status.document for status in service.documents.list("s")]
    assert (first.id, second.replaces) == (wrong.id, wrong.id)
    assert "ð" in texts(service, first) and texts(service, second) == f"{WORDS}\n"
    assert "read as cp1254; passages of that are offered only where" in second.notes[0]
    assert service.documents.add("s", letter, encoding="cp1254").id == second.id
    session = storage.get_session(service.db, "s").id
    for question, expected in (("şey", second), ("var", second), ("diye?", second)):
        (passage,) = retrieve(service.db, session, question, 3, None)
        assert (passage.document_id, passage.is_replaced) == (expected.id, False)


def test_other_kinds_of_files_are_read_without_the_encoding(service, tmp_path):
    book = tmp_path / "book.pdf"
    book.write_bytes(make_pdf("The lamp was lit."))
    first = service.documents.add("s", book, encoding="cp1254")
    assert service.documents.add("s", book, encoding="cp1251").id == first.id
    (document,) = documents(service)
    assert (document.encoding, document.notes) == (None, [])


def test_utf_16_that_is_not_recognised_is_read_when_it_is_named(service, tmp_path):
    path = tmp_path / "thai.txt"
    path.write_bytes("คนทำขนมปังบนเกาะขายขนมปังสดเมื่อเรือมาถึงจากช่องแคบ".encode("utf-16-le"))
    service.documents.add("s", path, encoding="utf-16-le")
    (document,) = documents(service)
    assert texts(service, document).startswith("คนทำ")


def test_an_unknown_encoding_is_refused_and_nothing_is_stored(service, letter):
    with pytest.raises(UnknownEncoding, match="no text encoding named 'klingon'"):
        service.documents.add("s", letter, encoding="klingon")
    assert service.documents.list("s") == []


@pytest.mark.parametrize(("chosen", "encoding"), [("cp1254", "cp1254"), ("", None), (None, None)])
def test_the_page_adds_a_text_in_the_chosen_encoding(service, letter, chosen, encoding):
    actions = SourceActions(service, SessionActions(service))
    _, *fields, _ = actions.upload("s", [str(letter)], "", chosen)
    assert fields == [None, "", ""], "the next file is read without it"
    (document,) = documents(service)
    assert document.encoding == encoding
