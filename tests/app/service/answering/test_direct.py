"""Lists, counts, contents and missing places are answered by code, on the whole stack."""

import io
from contextlib import closing

import pytest
from pypdf import PdfWriter

import storage
from app.cli.ask import source_lines
from app.service import Delta, Done, Retrieved, Scanned
from app.service.answering.passage_search import place_lookup
from app.web.chat.html import footing_html
from tests.support.pdf_samples import make_pdf
from tests.support.service import wait_until_read


@pytest.fixture(scope="module")
def novel(tmp_path_factory):
    """Four pages, three chapters by the outline."""
    pages = ["the cover", "a zebra at the mill", "a zebra by the weir", "a murderer in the fog"]
    writer = PdfWriter(io.BytesIO(make_pdf(*pages)))
    for index, title in ((1, "The Mill"), (2, "The Weir"), (3, "The Fog")):
        writer.add_outline_item(title=title, page_number=index)
    path = tmp_path_factory.mktemp("novel") / "novel.pdf"
    writer.write(path)
    return path


@pytest.fixture
def service(make_service, novel):
    service = make_service()
    service.sessions.create("s")
    service.start_reading()
    service.documents.add("s", novel)
    wait_until_read(service, "s")
    return service


def asked(service, question, at=""):
    events = list(service.questions.ask("s", question, at))
    assert isinstance(events[-1], Done)
    return events, events[-1].answer


def test_questions_of_each_kind_are_answered_without_the_model(service, monkeypatch):
    monkeypatch.setattr(
        service.context, "runtime", lambda row: pytest.fail("the model was asked for")
    )
    events, listed = asked(service, "List all zebras.")
    assert [type(e) for e in events] == [Scanned, Retrieved, Delta, Done]
    assert listed.text == (
        "“zebras”: 2 times, in 2 sentences of 2 passages:\n"
        "- a zebra at the mill [1]\n- a zebra by the weir [2]"
    )
    assert [c.locator for c in listed.citations] == ["page 2 (The Mill)", "page 3 (The Weir)"]
    assert (listed.kind, listed.declined) == ("list", False)
    _, counted = asked(service, "How many times is the zebra mentioned?")
    assert counted.text == "“zebra”: 2 times, in 2 sentences of 2 passages."
    assert (counted.kind, len(counted.citations)) == ("count", 2)
    _, contents = asked(service, "Show me the table of contents.")
    assert contents.text == (
        "novel: 3 chapters, pages 1–4\n1. The Mill, page 2\n2. The Weir, page 3\n3. The Fog, page 4"
    )
    assert (contents.kind, contents.looked_at) == ("contents", "the outline of novel")
    _, missing = asked(service, "What is on page 9?")
    assert missing.text == "There is no page 9: novel has chapters 1–3, pages 1–4."
    assert (missing.kind, missing.declined, missing.found_nothing) == ("place", True, True)
    _, nothing = asked(service, "List all unicorns.")
    assert (nothing.text, nothing.declined) == ("No passage has “unicorns”.", True)
    stored = service.questions.messages("s")
    assert [m.text for m in stored if m.role == "assistant"][-1] == nothing.text
    assert stored[-1].details["kind"] == "list" and stored[-1].details["declined"] is True


def test_as_of_an_earlier_page_only_what_is_before_it_counts(service):
    _, counted = asked(service, "How many times is the zebra mentioned?", "page 2")
    assert counted.text == "“zebra”: 1 time, in 1 sentence of 1 passage."
    _, contents = asked(service, "the contents of the book", "page 2")
    assert "The Mill" in contents.text and "The Fog" not in contents.text


def test_a_list_can_be_stopped_and_then_nothing_is_stored(service):
    with closing(service.questions.ask("s", "List all zebras.")) as events:
        assert isinstance(next(events), Scanned)
    assert service.questions.messages("s") == []


def test_an_answer_from_a_place_says_so_and_its_sentences_are_checked(service):
    _, answer = asked(service, "What is on page 2?")
    assert (answer.kind, answer.looked_at) == ("place", "page 2 of novel")
    assert [p.locator for p in answer.passages] == ["page 2 (The Mill)"]
    assert answer.sentences or not any(map(str.isalpha, answer.text))
    assert "  Looked at: page 2 of novel" in source_lines(answer)
    assert "Looked at: page 2 of novel." in footing_html(answer.as_dict())
    record = service.questions.messages("s")[-1].details
    assert [s["text"] for s in record["sentences"]] == [s.text for s in answer.sentences]


def test_several_words_that_no_passage_has_together_are_searched_as_before(service):
    _, answer = asked(service, "List all zebras with a murderer.")
    assert answer.kind == "passages" and answer.passages


def test_a_place_is_looked_up_once_for_a_question(service, novel):
    sent: list[str] = []
    connection = service.db.connection.conn
    connection.set_trace_callback(sent.append)
    try:
        _, answer = asked(service, "Compare pages 2 and 9.")
    finally:
        connection.set_trace_callback(None)
    assert answer.looked_at == "page 2 of novel"
    assert answer.left_out == ("There is no page 9: novel has chapters 1–3, pages 1–4.",)
    at_page = [text for text in sent if "locator_kind = 'page'" in text and "locator_start" in text]
    assert len(at_page) == 2, "one statement for either page"


def test_a_place_is_looked_up_again_if_a_text_changed_meanwhile(service, novel):
    lookup = place_lookup(service.db, 1)
    first = lookup.find("What is on page 3?", None)
    assert first is lookup.find("What is on page 3?", None)
    assert first is not lookup.find("What is on page 3?", 10)
    first = lookup.find("What is on page 3?", None)
    document = service.documents.list("s")[0].document
    more = storage.NewSegment("a zebra in the fog", "page 3", "page", 3, 3, 10**6, 5)
    storage.add_segments(service.db, document.id, [more])
    grown = lookup.find("What is on page 3?", None)
    assert len(grown.passages) == len(first.passages) + 1
    service.documents.remove(document.id)
    assert not lookup.find("What is on page 3?", None).passages


@pytest.fixture
def logged(make_service, tmp_path):
    path = tmp_path / "harbour.log"
    lines = [f"2024-05-03 10:00:{n:02} crane {n} lifts a box [{n}]" for n in range(1, 41)]
    path.write_text("\n".join([*lines[:20], "", *lines[20:]]), encoding="utf-8")
    service = make_service()
    service.sessions.create("s")
    service.start_reading()
    service.documents.add("s", path)
    wait_until_read(service, "s")
    return service


def test_lines_are_quoted_without_the_model_and_others_only_shown_to_it(logged, monkeypatch):
    _, about = asked(logged, "Which crane lifts a box on line 3?")
    assert (about.kind, about.looked_at) == ("place", "line 3 of harbour")
    assert [(p.locator, p.text) for p in about.passages] == [
        ("line 3", "2024-05-03 10:00:03 crane 3 lifts a box [3]")
    ]
    monkeypatch.setattr(
        logged.context, "runtime", lambda row: pytest.fail("the model was asked for")
    )
    events, line = asked(logged, "What is on line 3?")
    assert [type(e) for e in events] == [Retrieved, Delta, Done]
    assert line.text == "2024-05-03 10:00:03 crane 3 lifts a box [3] [1]"
    assert (line.kind, line.looked_at, line.declined) == ("place", "line 3 of harbour", False)
    assert [c.locator for c in line.citations] == ["line 3"]
    _, some = asked(logged, "show lines 40-50 of harbour.log")
    assert some.text.endswith("crane 39 lifts a box [39]\n" + some.text.splitlines()[-1])
    assert some.left_out == ("There are no lines 42–50: harbour has lines 1–41.",)
    _, empty = asked(logged, "What does line 21 say?")
    assert (empty.text, empty.declined) == ("There is no text on line 21.", True)
    _, missing = asked(logged, "What is on line 99?")
    assert missing.text == "There is no line 99: harbour has lines 1–41."


def test_a_page_is_quoted_only_if_its_words_are_asked_for(service):
    _, quoted = asked(service, "Quote page 2.")
    assert (quoted.text, quoted.kind) == ("a zebra at the mill [1]", "place")
    _, told = asked(service, "What happens on page 2?")
    assert told.prompt_tokens and not quoted.prompt_tokens


def test_the_last_of_many_is_put_before_the_model_and_the_answer_says_so(logged):
    events, last = asked(logged, "When did the last crane lift a box?")
    assert isinstance(events[0], Scanned)
    assert (last.kind, last.passages[0].locator) == ("last", "line 41")
    assert last.looked_at.startswith("the last of 40 lines of ")
    assert last.prompt_tokens and not last.notes and not last.found_nothing
