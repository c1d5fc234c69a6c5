"""Notes of one's own and kept answers: added, changed, deleted, and kept once."""

import json

import pytest

import storage
from app.errors import BadNote
from app.service import Service
from storage import MAX_KEPT_CHARACTERS, NotFound


@pytest.fixture
def service(make_service) -> Service:
    made = make_service()
    made.sessions.create("s")
    return made


@pytest.fixture
def document(service, book):
    """A document of the session, indexed and not read."""
    added = service.documents.add("s", book)
    service.context.indexer.step()
    return added


def turn(service, document, text="It was [1]. The keeper was Flett.", **details):
    """Store a question and its answer with three passages; returns the answer."""
    row = service.sessions.get("s")
    segments = list(storage.iter_segments(service.db, document.id))[:3]
    passages = [
        {"number": n + 1, "document": document.title, "locator": segment.locator}
        | {"text": segment.text.strip(), "document_id": document.id, "segment_id": segment.id}
        | {"is_read": True, "cited": n == 0}
        for n, segment in enumerate(segments)
    ]
    sentences = [{"text": "The keeper was Flett.", "supported_by": [2], "unknown": []}]
    stored = {"passages": passages, "sentences": sentences, "seconds": 5.0, **details}
    storage.add_message(service.db, row.id, role="user", text="Who was it?", position=0)
    return storage.add_message(
        service.db, row.id, role="assistant", text=text, position=0, details=stored
    )


def test_a_note_of_ones_own_is_added_changed_and_deleted(service):
    first = service.kept_notes.add("s", "  A parrot. \n")
    second = service.kept_notes.add("s", "<b>A tower.</b>")
    assert [n.text for n in service.kept_notes.list("s")] == ["<b>A tower.</b>", "A parrot."]
    assert service.kept_notes.edit("s", first.id, "A grey parrot.").text == "A grey parrot."
    service.kept_notes.remove("s", second.id)
    assert [n.text for n in service.kept_notes.list("s")] == ["A grey parrot."]
    with pytest.raises(NotFound, match="no kept note number"):
        service.kept_notes.edit("s", second.id, "again")


@pytest.mark.parametrize(
    "text, sentence",
    [
        (" \n ", "The note is empty; write something first."),
        (
            "a" * (MAX_KEPT_CHARACTERS + 1),
            "The note has 100,001 characters, and the most is 100,000; shorten it, or make two "
            "of it.",
        ),
    ],
)
def test_an_empty_or_endless_note_is_refused_with_a_sentence(service, text, sentence):
    note = service.kept_notes.add("s", "a" * MAX_KEPT_CHARACTERS)
    for act in (
        lambda: service.kept_notes.add("s", text),
        lambda: service.kept_notes.edit("s", note.id, text),
    ):
        with pytest.raises(BadNote) as refused:
            act()
        assert str(refused.value) == sentence


def test_a_note_is_made_at_a_passage_and_names_its_document_as_it_is_shown(service, document):
    (segment, *_) = storage.iter_segments(service.db, document.id)
    note = service.kept_notes.add("s", "Here.", segment.id)
    assert (note.document, note.locator) == (document.title, segment.locator)
    service.documents.retitle("s", document.id, "The Light")
    assert service.kept_notes.get("s", note.id).document == "The Light"
    assert [n.document for n in service.kept_notes.list("s")] == ["The Light"]
    service.sessions.create("other")
    with pytest.raises(NotFound, match="no passage number"):
        service.kept_notes.add("other", "Here.", segment.id)


def test_a_kept_answer_has_its_question_and_the_passages_that_its_marks_lead_to(service, document):
    answer = turn(service, document, as_of="page 3")
    note = service.kept_notes.keep_answer("s", answer.id)
    assert (note.text, note.message_id) == (answer.text, answer.id)
    assert note.details["question"] == "Who was it?" and note.details["as_of"] == "page 3"
    assert note.details["sentences"] == answer.details["sentences"]
    assert [p["number"] for p in note.citations] == [1, 2], "the third is in no mark"
    assert note.citations[0]["document"] == document.title


def test_an_answer_is_kept_once_and_again_when_its_note_is_deleted(service, document):
    first, last = turn(service, document, "It was."), turn(service, document, "It is.")
    kept = service.kept_notes.keep_answer("s")
    assert kept.message_id == last.id == service.kept_notes.keep_answer("s", last.id).message_id
    assert service.kept_notes.kept_from("s", [first.id, last.id]) == {last.id: kept.id}
    assert len(service.kept_notes.list("s")) == 1
    service.kept_notes.remove("s", kept.id)
    assert service.kept_notes.keep_answer("s").id != kept.id


@pytest.mark.parametrize("which", ["none", "question", "nothing asked", "empty"])
def test_what_is_no_answer_is_not_kept(service, document, which):
    answer = None if which == "nothing asked" else turn(service, document, "")
    number = {"none": 10_000, "question": answer and answer.id - 1}.get(which)
    with pytest.raises(BadNote, match="no answer|note is empty"):
        service.kept_notes.keep_answer("s", number)
    assert service.kept_notes.list("s") == []


def test_a_kept_answer_outlives_the_conversation_and_its_document(service, document):
    answer = turn(service, document)
    service.kept_notes.keep_answer("s", answer.id)
    storage.delete_messages_from(service.db, answer.session_id, answer.id - 1)
    (note,) = service.kept_notes.list("s")
    assert note.message_id is None and note.citations[0]["text"]
    service.documents.remove(document.id)
    (note,) = service.kept_notes.list("s")
    assert note.text == answer.text
    assert [(p["document"], p["text"]) for p in note.citations] == [("a deleted document", "")] * 2


def test_a_screen_of_notes_is_the_last_one_if_the_list_has_shrunk(service):
    notes = [service.kept_notes.add("s", f"note {n}") for n in range(5)]
    screen = service.kept_notes.screen("s", 2, 2)
    assert ([n.text for n in screen.rows], screen.offset, screen.total) == (
        ["note 2", "note 1"],
        2,
        5,
    )
    assert service.kept_notes.screen("s", 100, 2).offset == 4
    assert service.kept_notes.number_before("s", notes[1].id) == 3


def test_the_saved_conversation_ends_with_the_kept_notes(service, document):
    turn(service, document)
    service.kept_notes.keep_answer("s")
    service.kept_notes.add("s", "My own note.")
    _, _, kept = service.questions.history("s").partition("# Kept notes")
    assert kept.index("## Who was it?") < kept.index("[1] lighthouse, ") < kept.index("My own")
    record = json.loads(service.questions.history("s", "json"))
    assert [n["text"] for n in record["kept_notes"]][1] == "My own note."
    assert "My own note." in service.questions.history("s", "html")


def test_an_export_brings_the_notes_along(service, document, tmp_path):
    turn(service, document)
    service.kept_notes.keep_answer("s")
    service.sessions.export_to("s", tmp_path / "s.ammon")
    service.sessions.import_from(tmp_path / "s.ammon", "again")
    (ours,), (theirs,) = (service.kept_notes.list(name) for name in ("s", "again"))
    assert (theirs.text, theirs.details) == (ours.text, ours.details)
    assert theirs.message_id != ours.message_id
    assert theirs.citations[0]["segment_id"] != ours.citations[0]["segment_id"]
    service.sessions.duplicate("again", "copy")
    assert [n.text for n in service.kept_notes.list("copy")] == [ours.text]
