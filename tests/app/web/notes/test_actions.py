"""The tab of notes: adding, changing, deleting, keeping; two pages see each other's notes."""

import re
from types import SimpleNamespace

import gradio as gr
import pytest

import storage
from app.errors import BadNote
from app.service import Service
from app.web.chat.actions import QuestionActions
from app.web.notes.actions import SAME, NotesActions, NotesView
from app.web.notes.html import SCREEN, note_html
from app.web.reader.actions import ReaderActions
from tests.support.pdf_samples import make_pdf
from tests.support.statements import statements

HOSTILE = '<img src=x onerror="alert(1)">\u202e'


@pytest.fixture
def service(make_service) -> Service:
    made = make_service()
    made.sessions.create("s")
    return made


@pytest.fixture
def act(service) -> NotesActions:
    return NotesActions(service, ReaderActions(service))


def sent(**data):
    return SimpleNamespace(_data=data)


def answer(service):
    row = service.sessions.get("s")
    passage = {"number": 1, "document": HOSTILE, "locator": "page 7", "text": HOSTILE}
    passage |= {"document_id": 1, "segment_id": 5, "is_read": True, "cited": True}
    storage.add_message(service.db, row.id, role="user", text=HOSTILE, position=0)
    details = {"sentences": [{"text": "In 1874.", "supported_by": [], "unknown": ["1874"]}]}
    return storage.add_message(
        service.db,
        row.id,
        role="assistant",
        text=f"It was {HOSTILE} [1]. In 1874.",
        position=0,
        citations=[passage],
        details=details,
    )


def test_a_note_is_added_changed_in_the_field_and_deleted(service, act):
    listed, view, field, button, cancel, editing = act.save("s", "first", None)
    assert "first" in listed and view.offset == 0
    assert (field.value, button, cancel.visible, editing) == ("", "Add the note", False, None)
    (note,) = service.kept_notes.list("s")

    field, button, cancel, editing = act.edit("s", " ", None, sent(do="edit", id=note.id))
    assert (field.value, button, cancel.visible) == ("first", "Save the change", True)
    assert act.cancel()[3] is None
    listed, *_, after = act.save("s", "second", editing)
    assert "second" in listed and "first" not in listed and after is None

    listed, view, *form = act.act("s", view, editing, sent(do="delete", id=note.id))
    assert "Write a note above" in listed and form[0].value == "", "it was being edited"


def test_what_is_typed_is_not_lost_to_another_note(service, act):
    first, second = (service.kept_notes.add("s", f"note {n}") for n in (1, 2))
    with pytest.raises(BadNote, match="Another note is in the field"):
        act.edit("s", "my draft", None, sent(id=first.id))
    editing = act.edit("s", "", None, sent(id=first.id))[3]
    assert act.edit("s", "note 1", editing, sent(id=second.id))[3].note == second.id
    with pytest.raises(BadNote, match="save it or cancel it"):
        act.edit("s", "note 1, changed", editing, sent(id=second.id))
    # Another session: what is edited is left, a draft stays.
    service.sessions.create("other")
    assert act.opened(service.sessions.presence("other"), editing)[2].value == ""
    assert act.opened(service.sessions.presence("other"), None)[2:] == (gr.skip(),) * 4


def test_notes_of_another_page_are_listed_at_the_next_refresh_and_only_then(service, act):
    _, view, *_ = act.opened(service.sessions.presence("s"))
    assert act.tick(service.sessions.presence("s"), view) == SAME
    service.kept_notes.add("s", "from another page")
    listed, view = act.tick(service.sessions.presence("s"), view)
    assert "from another page" in listed
    assert statements(service, lambda: act.tick(service.sessions.presence("s"), view)) == 1
    assert act.tick(service.sessions.presence("s"), view) == SAME
    listed, view = act.tick(service.sessions.presence("gone"), view)
    assert "select one" in listed and view == NotesView()


def test_a_screen_is_listed_and_leads_to_the_others(service, act):
    for number in range(SCREEN + 5):
        service.kept_notes.add("s", f"note {number}.")
    listed, view, *_ = act.opened(service.sessions.presence("s"))
    assert listed.count("<article") == SCREEN and f"1–{SCREEN} of {SCREEN + 5}" in listed
    listed, view, *_ = act.act("s", view, None, sent(do="screen", id=SCREEN))
    assert listed.count("<article") == 5 and view.offset == SCREEN
    oldest = service.kept_notes.list("s")[-1]
    listed, view, *_ = act.act("s", view, None, sent(do="delete", id=oldest.id))
    assert listed.count("<article") == 4 and view.offset == SCREEN


def test_an_answer_is_kept_and_shown_as_kept_on_every_page(service, act):
    message, questions = answer(service), QuestionActions(service)
    here, there = (SimpleNamespace(session_hash=name) for name in "ab")
    for page in (here, there):
        assert "Keep as a note<" in questions.open("s", page)[0]
    listed, _ = act.keep("s", sent(id=message.id))
    assert 'data-message="' in listed and listed.count("<article") == 1
    assert "Kept as a note<" in questions.kept_again("s", here)
    (shown,) = questions.refresh("s", there)
    assert "Kept as a note<" in shown[0] and shown[1:] == (gr.skip(),) * 4
    (shown,) = questions.refresh("s", there)
    assert shown == (gr.skip(),) * 5
    listed, _ = act.show_kept("s", sent(id=message.id))
    assert "<article" in listed


def test_what_is_shown_before_the_first_question_stays_when_a_note_is_added(service, act):
    questions, page = QuestionActions(service), SimpleNamespace(session_hash="a")
    questions.open("s", page)
    service.kept_notes.add("s", "note")
    for _ in range(2):
        (shown,) = questions.refresh("s", page)
        assert shown == (gr.skip(),) * 5


def test_a_passage_of_a_note_opens_in_the_reader_when_the_conversation_is_gone(service, act, book):
    document = service.documents.add("s", book)
    service.context.indexer.step()
    (segment, *_) = storage.iter_segments(service.db, document.id)
    note = service.kept_notes.add("s", "Here.", segment.id)
    assert f'data-id="{segment.id}"' in note_html(note) and segment.locator in note_html(note)
    page, tabs = next(act.open("s", sent(do="open", id=segment.id, note=note.id)))
    assert "Paragraph 0" in page and tabs.selected == "page"
    service.documents.remove(document.id)
    with pytest.raises(storage.NotFound):
        next(act.open("s", sent(do="open", id=segment.id, note=note.id)))


def test_a_passage_of_a_kept_answer_is_shown_with_its_picture_when_the_answer_is_deleted(
    service, act, tmp_path
):
    path = tmp_path / "mill.pdf"
    path.write_bytes(make_pdf("the cover", "a zebra at the mill", "a theatre by the weir"))
    document = service.documents.add("s", path)
    service.context.indexer.step()
    (_, segment, _) = storage.iter_segments(service.db, document.id)
    row = service.sessions.get("s")
    passage = {"number": 1, "document": "mill", "locator": "page 2", "text": "zebra"}
    passage |= {"document_id": document.id, "segment_id": segment.id, "is_read": True}
    message = storage.add_message(
        service.db,
        row.id,
        role="assistant",
        text="It was a zebra [1].",
        position=0,
        citations=[{**passage, "cited": True}],
    )
    note = service.kept_notes.keep_answer("s", message.id)
    storage.delete_messages_from(service.db, row.id, message.id)
    asked = sent(do="open", id=segment.id, note=note.id)
    first, again = list(act.open("s", asked)), list(act.open("s", asked))
    (drawing, tabs), (drawn, _) = first
    assert "being drawn" in drawing and tabs.selected == "page"
    assert '<figure class="page">' in drawn and "the passage is marked" in drawn
    assert "a <mark>zebra</mark> at the mill" in drawn and "mill, page 2" in drawn
    turns = [re.search(r'data-turn="(\w+)"', page)[1] for page, _ in (first[0], again[0])]
    assert turns[0] != turns[1], "so the browser opens a closed reader again"


def test_a_note_is_made_at_the_page_that_the_reader_shows(service, act, book):
    document = service.documents.add("s", book)
    service.context.indexer.step()
    (segment, *_) = storage.iter_segments(service.db, document.id)
    listed, *_ = act.save("s", "Here.", None, True, f'{{"segment": {segment.id}}}')
    assert f'data-do="open" data-id="{segment.id}">{document.title}, ' in listed
    for nothing in ("", "{}", "[", '{"segment": "x"}'):
        with pytest.raises(BadNote, match="The reader shows no page"):
            act.save("s", "Here.", None, True, nothing)
    act.save("s", "Nowhere.", None, False, f'{{"segment": {segment.id}}}')
    assert [n.segment_id for n in service.kept_notes.list("s")] == [None, segment.id]


def test_texts_of_notes_are_shown_as_they_are_written(service, act):
    note = service.kept_notes.keep_answer("s", answer(service).id)
    html = note_html(note)
    assert "<img" not in html and "&lt;img src=x onerror=&quot;" in html
    assert html.count('class="mark"') == 1 and 'class="unsupported"' in html


@pytest.mark.parametrize(
    "data", [None, "x", {}, {"id": 10**30}, {"id": "1"}, {"id": -1}, {"do": "delete", "id": 0.5}]
)
def test_what_no_page_sends_is_refused_with_a_sentence(service, act, data):
    event = SimpleNamespace(_data=data)
    for handler in (
        lambda: act.edit("s", "", None, event),
        lambda: act.keep("s", event),
        lambda: next(act.open("s", event)),
    ):
        with pytest.raises((BadNote, storage.NotFound)):
            handler()
    with pytest.raises(BadNote, match="select one"):
        act.save(None, "text", None)
    assert service.kept_notes.list("s") == []
