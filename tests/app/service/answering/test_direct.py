"""Lists, counts, contents and missing places are answered by code, on the whole stack."""

import io
from contextlib import closing

import pytest
from pypdf import PdfWriter

from app.cli.ask import source_lines
from app.service import Delta, Done, Retrieved, Scanned
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
