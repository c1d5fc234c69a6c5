"""The table of contents of notes: by chapter, by place, as of a position, or why there is none."""

import pytest

import storage
from app.errors import NoSuchPlace
from app.service import note_place
from tests.support.noted import HOSTILE, add_document, add_noted_novel


@pytest.fixture
def service(make_service):
    service = make_service(notes=True)
    service.sessions.create("s")
    return service


@pytest.fixture
def epub(service):
    return add_noted_novel(service)


def test_the_notes_of_an_outline_stand_below_their_chapters(service, epub):
    (of,), without = service.notes.of_session("s")
    assert (of.title, of.why_none, without) == ("novel", "", 0)
    assert [c.heading for c in of.chapters] == ["1. The Mill", "2. The Sea"]
    assert [[n.text for n in c.notes] for c in of.chapters] == [[HOSTILE, "The mill burns"], []]
    assert note_place(of.chapters[0].notes[0]) == "chapter 1"


def test_the_notes_of_a_text_stand_below_its_headings(service):
    texts = ["Preface", "CHAPTER I. The Mill\n" + "text " * 99, "CHAPTER II\n" + "text " * 99]
    segments = [(text, f"line {i + 1}", "line", None) for i, text in enumerate(texts)]
    number = add_document(service.db, service.sessions.get("s").id, "novel", segments)
    for start in (0, 1000, 2000):
        storage.add_note(service.db, number, start, start + 1000, f"note {start}")
    of = service.notes.of_document("s", number)
    assert [(c.number, [n.text for n in c.notes]) for c in of.chapters] == [
        (None, ["note 0"]),
        (1, ["note 1000"]),
        (2, ["note 2000"]),
    ]


def test_as_of_a_position_only_what_ends_before_is_known(service, epub):
    segments = [("text", f"page {i + 1}", "page", None) for i in range(3)]
    number = add_document(service.db, service.sessions.get("s").id, "paper", segments, kind="pdf")
    storage.add_note(service.db, number, 0, 1500, "first")
    storage.add_note(service.db, number, 1500, 3000, "second")
    of = service.notes.of_document("s", number, "paper: page 2")
    assert [n.text for c in of.chapters for n in c.notes] == ["first"]
    assert note_place(of.chapters[0].notes[0]) == "page 1 to page 2"
    of = service.notes.of_document("s", number, "paper: page 1")
    assert of.chapters == () and of.why_none == "No notes: none was taken up to there."
    with pytest.raises(NoSuchPlace):
        service.notes.of_session("s", "atlantis 3")


@pytest.mark.parametrize(
    "kind, count, read, reason",
    [
        ("log", 3, None, "none are taken on logs"),
        ("text", 1, None, "too short"),
        ("text", 3, 0, "too little of it has been read"),
        ("text", 3, 1500, "too little of it has been read"),  # its first part ends behind that
        ("text", 3, None, "python launch.py reread 's'"),
    ],
)
def test_a_document_without_notes_says_why(service, kind, count, read, reason):
    segments = [("text", "line 1", "line", None)] * count
    add_document(service.db, service.sessions.get("s").id, "novel", segments, read, kind)
    (of,), _ = service.notes.of_session("s")
    assert reason in of.why_none and of.chapters == ()


def test_notes_that_are_switched_off_are_said(make_service):
    service = make_service(notes=False)
    service.sessions.create("s")
    segments = [("text", "line 1", "line", None)] * 3
    number = add_document(service.db, service.sessions.get("s").id, "novel", segments)
    why = service.notes.of_document("s", number).why_none
    assert why == "No notes: they are switched off, by --no-notes or AMMON_NOTES=0."


def test_a_small_window_is_said(make_service):
    service = make_service(window=500, notes=True)
    service.sessions.create("s")
    segments = [("text", "line 1", "line", None)] * 3
    add_document(service.db, service.sessions.get("s").id, "novel", segments)
    assert "window of this session is too small" in service.notes.of_session("s")[0][0].why_none


def test_a_document_of_another_session_is_not_found(service, epub):
    service.sessions.create("t")
    with pytest.raises(storage.NotFound, match="no document number"):
        service.notes.of_document("t", epub)
    assert service.notes.of_session("t") == ([], 0)
