"""Questions of some documents only: whatever finds passages, it uses no other document."""

import pytest

import storage
from app.errors import BadQuestion
from app.service import Retrieved, asked_of_text, final_answer
from app.service.answering.retrieval import retrieve
from tests.support.service import wait_until_read

HARBOUR = "CHAPTER I\n\nThe keeper Tam lost the key in May.\n\nThe parrot was called Hannibal.\n"
ISLAND = "CHAPTER I\n\nThe keeper Nan lost the key in June.\n\nThe parrot was called Cassandra.\n"
LIGHT = (
    "CHAPTER I\n\nThe keeper Mairead lost the key in July.\n\nThe parrot was called Ozymandias.\n"
)
QUESTIONS = (
    "What was the parrot called?",  # by search
    "List all parrots.",
    "How many times is the parrot mentioned?",
    "Which parrot is mentioned last?",
    "What does line 5 say?",
    "Show the table of contents.",
    "How does the story end?",
    "What is the text about?",
)


TEXTS = {"harbour": HARBOUR, "island": ISLAND, "light": LIGHT}


def add_all(service, folder):
    service.sessions.create("s")
    for name, text in TEXTS.items():
        path = folder / f"{name}.txt"
        path.write_text(text, encoding="utf-8")
        service.documents.add("s", path)


@pytest.fixture
def service(make_service, tmp_path):
    service = make_service(max_answer_tokens=4)
    service.start_reading()
    add_all(service, tmp_path)
    wait_until_read(service, "s")
    return service


def number_of(service, title):
    return next(s.document.id for s in service.documents.list("s") if s.document.title == title)


def test_no_passage_of_another_document_is_used(service):
    harbour = number_of(service, "harbour")
    kinds = set()
    for question in QUESTIONS:
        events = list(service.questions.ask("s", question, documents=[harbour], is_alone=True))
        (found,) = (event for event in events if isinstance(event, Retrieved))
        answer = events[-1].answer
        kinds.add(answer.kind)
        assert {passage.document_id for passage in found.passages} <= {harbour}, question
        everything = " ".join([answer.text, answer.looked_at, *answer.notes])
        others = {"Ozymandias", "Cassandra", "light", "island"}
        assert not others & set(everything.replace(".", " ").split()), everything
        assert (answer.documents_asked, answer.of_documents) == (1, 3)
        *_, last = service.questions.ask("s", question, is_alone=True)
        assert last.answer.of_documents == 0
        assert {c.document_id for c in last.answer.passages} != {harbour}, question
    assert kinds >= {"passages", "list", "count", "last", "place", "contents", "overview"}


def test_how_many_are_asked_is_stored_unless_all_are_and_none_is_refused(service):
    ids = [status.document.id for status in service.documents.list("s")]
    answer = final_answer(service.questions.ask("s", QUESTIONS[1], documents=[*ids, 10**6]))
    assert (answer.documents_asked, answer.of_documents) == (0, 0)
    for nothing in ([], [10**6]):
        with pytest.raises(BadQuestion, match="No source of 's' is ticked"):
            list(service.questions.ask("s", QUESTIONS[1], documents=nothing))

    light = number_of(service, "light")
    final_answer(service.questions.ask("s", QUESTIONS[1], documents=[light]))
    assert "*Asked of 1 of 3 sources.*" in service.questions.history("s")
    assert '"documents_asked": 1, "of_documents": 3' in service.questions.history("s", "json")
    for damaged in ({}, {"documents_asked": "1", "of_documents": 3}, {"documents_asked": 3}):
        assert asked_of_text(damaged) == ""


def test_older_versions_and_suggested_questions_follow_the_documents_that_are_asked(
    service, tmp_path
):
    path = tmp_path / "light.txt"
    path.write_text(LIGHT.replace("Ozymandias", "Bosun"), encoding="utf-8")
    service.documents.add("s", path)
    wait_until_read(service, "s")
    rows = [s.document for s in service.documents.list("s") if "light" in s.document.title]
    old, new = rows
    session = service.sessions.get("s").id

    def found(*ids):
        return retrieve(service.db, session, "What was the parrot called?", 9, None, set(ids))

    assert {(p.document_id, p.is_replaced) for p in found(old.id)} == {(old.id, True)}
    assert {(p.document_id, p.is_replaced) for p in found(new.id)} == {(new.id, False)}
    assert {p.document_id for p in found(old.id, new.id)} == {new.id}

    path = tmp_path / "zebra.txt"
    path.write_text("The zebra stood by the zebra. Every zebra is a zebra.", encoding="utf-8")
    service.documents.add("s", path)
    wait_until_read(service, "s")
    zebra = number_of(service, "zebra")
    assert any("zebra" in q for q in service.questions.suggested("s", [zebra]))
    others = [s.document.id for s in service.documents.list("s") if s.document.id != zebra]
    assert not any("zebra" in q for q in service.questions.suggested("s", others))
    assert service.questions.suggested("s", []) == []


def test_ticks_are_kept_and_those_of_other_sessions_stay(make_service, tmp_path):
    service = make_service()
    add_all(service, tmp_path)  # whether they are read does not matter
    documents, light = service.documents, number_of(service, "light")
    assert documents.asked("s") is None and documents.count_asked("s") == (3, 3)
    service.sessions.duplicate("s", "copy")
    documents.choose("s", False, light)
    documents.choose("copy", False, light)  # of another session: nothing happens
    assert light not in documents.asked("s") and documents.count_asked("s") == (2, 3)
    assert documents.asked("copy") is None
    documents.choose("s", False)
    assert documents.asked("s") == [] and documents.count_asked("s") == (0, 3)
    documents.choose("s", True, light)
    assert documents.asked("s") == [light]
    kept = tmp_path / "s.ammon"
    service.sessions.duplicate("s", "second copy")
    assert documents.count_asked("second copy") == (1, 3)
    service.sessions.export_to("s", kept)
    service.sessions.import_from(kept, "imported")
    assert documents.count_asked("imported") == (1, 3)
    documents.choose("s", True)
    assert documents.asked("s") is None
    assert storage.asked_documents(service.db, service.sessions.get("copy").id) != []
