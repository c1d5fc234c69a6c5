"""Answers on the whole stack: events, asking again, editing, nothing found, suggestions."""

import io
import itertools
import json
from contextlib import closing

import pytest
from pypdf import PdfWriter

from app.errors import BadQuestion
from app.service import Delta, Done, Prefilled, Retrieved, final_answer
from app.service.answering.stream import FOUND_NOTHING
from app.service.answering.suggestions import MAX_QUESTIONS
from app.terminal import visible
from tests.support.markdown import plain_text
from tests.support.pdf_samples import make_pdf
from tests.support.service import read_in_part, read_whole, wait_until_read


@pytest.fixture
def service(make_service, book):
    service = make_service(max_answer_tokens=24)
    read_whole(service, book)
    return service


@pytest.fixture
def novel(tmp_path):
    """Four pages, three chapters by the outline."""
    pages = ["the cover", "a zebra at the mill", "a theatre by the weir", "a murderer in the fog"]
    writer = PdfWriter(io.BytesIO(make_pdf(*pages)))
    for index, title in ((1, "The Mill"), (2, "The Weir"), (3, "Chapter III")):
        writer.add_outline_item(title=title, page_number=index)
    path = tmp_path / "novel.pdf"
    writer.write(path)
    return path


def done(events):
    *_, last = events
    assert isinstance(last, Done)
    return last


@pytest.mark.parametrize(
    "at, kinds",
    [
        ("", [Retrieved, Prefilled, Delta, Done]),
        ("line 20", [Prefilled, Retrieved, Prefilled, Delta, Done]),
    ],
)
def test_events_come_in_order_and_their_text_adds_up_to_the_answer(service, at, kinds):
    events = list(service.questions.ask("s", "Who kept the parrot of Captain Nemo?", at))
    assert [kind for kind, _ in itertools.groupby(map(type, events))] == kinds
    answer, deltas = events[-1].answer, [e for e in events if isinstance(e, Delta)]
    assert "".join(delta.text for delta in deltas).strip() == answer.text
    assert answer.waited_s <= answer.first_word_s == deltas[0].seconds <= answer.seconds
    (retrieved,) = (e for e in events if isinstance(e, Retrieved))
    assert (retrieved.position, retrieved.context) == (answer.position, answer.rests_on)
    fed = [e.tokens_seen for e in events if isinstance(e, Prefilled)]
    assert fed == sorted(fed) and fed[-1] == answer.position + answer.prompt_tokens


def test_who_somebody_is_is_asked_alone_and_answered_from_where_he_is_introduced(
    make_service, tmp_path
):
    days = [f"On day {n} Joe went to the forge, and Pip saw Joe there." for n in range(80)]
    days[40] = "By the marsh lived a smith named Joe Gargery, who mended ploughs."
    (tmp_path / "marsh.txt").write_text("\n\n".join(days), encoding="utf-8")
    service = make_service(max_answer_tokens=8)
    read_whole(service, tmp_path / "marsh.txt")
    final_answer(service.questions.ask("s", "What did Pip see?"))
    answer = final_answer(service.questions.ask("s", "Who is Joe?"))
    assert answer.text.startswith("Joe is")
    assert "named Joe Gargery" in answer.passages[0].text and len(answer.passages) == 1
    then = final_answer(service.questions.ask("s", "Why?"))
    assert not then.text.startswith("Joe")


def test_a_question_asked_again_replaces_its_turn_by_another_answer(service):
    first = final_answer(service.questions.ask("s", "Who kept the lamp in room 7?"))
    kept = done(service.questions.ask("s", "Who kept the parrot Ozymandias?"))
    again = done(service.questions.ask("s", kept.answer.question, replaces=kept.question_id))
    messages = service.questions.messages("s")
    questions = [m.text for m in messages if m.role == "user"]
    assert questions == [first.question, kept.answer.question]
    assert messages[-2].id == again.question_id
    assert again.answer.text == messages[-1].text != kept.answer.text


def test_an_edited_question_replaces_the_old_turn(service):
    old = done(service.questions.ask("s", "Who kept the parot?"))
    answer_id = service.questions.messages("s")[-1].id
    new = final_answer(service.questions.ask("s", "Who kept the parrot?", replaces=answer_id))
    assert [m.text for m in service.questions.messages("s")] == ["Who kept the parrot?", new.text]
    with pytest.raises(BadQuestion, match="Only the last question"):
        final_answer(service.questions.ask("s", "Who?", replaces=old.question_id))


def test_a_replacement_that_is_stopped_leaves_the_old_answer(service):
    old = done(service.questions.ask("s", "Who kept the parrot?"))
    events = service.questions.ask("s", "Who kept the lamp?", replaces=old.question_id)
    next(events)
    events.close()
    assert [m.text for m in service.questions.messages("s")] == [
        old.answer.question,
        old.answer.text,
    ]


@pytest.mark.parametrize(
    "question, nothing",
    [
        ("Who kept the parrot Ozymandias?", False),
        ("Who kept the parrot?", False),
        ("Who kept the parrot of Captain Nemo?", True),
        ("Which xylophone is quieter?", True),
    ],
)
def test_an_answer_begins_with_a_notice_if_nothing_was_found(service, question, nothing):
    answer = final_answer(service.questions.ask("s", question))
    assert answer.found_nothing is nothing
    assert answer.text.startswith(FOUND_NOTHING) is nothing
    assert not (nothing and answer.citations)
    assert service.questions.messages("s")[-1].details["found_nothing"] is nothing


def test_an_answer_reports_its_context_usage(service):
    answer = final_answer(service.questions.ask("s", "Who kept the parrot Ozymandias?"))
    stream = service.runtime(service.sessions.get("s")).stream
    rests = answer.rests_on
    assert rests.passages == len(answer.passages) > 0
    assert 0 < rests.passage_tokens < answer.prompt_tokens
    assert rests.window_tokens + answer.prompt_tokens == stream.window + stream.sinks
    assert rests.window_tokens + rests.memory_tokens == answer.position
    assert answer.as_dict()["rests_on"]["memory_tokens"] == rests.memory_tokens


def test_the_transcript_is_markdown_or_json(service):
    answer = final_answer(service.questions.ask("s", "Who kept the parrot Ozymandias?"))
    text = service.questions.history("s")
    assert text.startswith("# s\n") and "## Who kept the parrot Ozymandias?" in text
    shown = plain_text(text)
    assert " ".join(visible(answer.text).split()) in shown
    for citation in answer.citations:
        assert " ".join(citation.text.splitlines()[0].split()) in shown
    record = json.loads(service.questions.history("s", "json"))
    assert record["session"] == "s"
    assert [m["role"] for m in record["messages"]] == ["user", "assistant"]
    with pytest.raises(ValueError, match="md or json"):
        service.questions.history("s", "pdf")


def test_suggested_questions_find_passages(service, make_service, novel):
    suggested = service.questions.suggested("s")
    assert 0 < len(suggested) <= MAX_QUESTIONS
    for question in suggested:
        assert not final_answer(service.questions.ask("s", question)).found_nothing
    service.sessions.create("novel")
    assert service.questions.suggested("novel") == []
    service.documents.add("novel", novel)
    wait_until_read(service, "novel")
    assert any("“The Mill”" in question for question in service.questions.suggested("novel"))
    assert not any("Chapter III" in question for question in service.questions.suggested("novel"))


def asked_at(events):
    """The position that a question is answered from; the answer is not made."""
    with closing(events):
        return next(event for event in events if isinstance(event, Retrieved)).position


def test_every_as_of_choice_can_be_asked(service, novel, book):
    service.sessions.create("novel")
    service.documents.add("novel", novel)
    service.documents.add("novel", book)
    wait_until_read(service, "novel")
    places = service.questions.places("novel")
    kinds = [place.kind for place in places]
    assert kinds[:5] == ["chapter", "chapter", "chapter", "page", "line"]
    assert places[0].label == "novel, up to chapter 1 (The Mill)" and places[0].at == "chapter 1"
    assert (places[3].first, places[3].last) == (1, 4)
    for place in [*places[:5], places[-1]]:
        assert (
            asked_at(service.questions.ask("novel", "What is at the mill?", place.at))
            == place.position
        )


def test_as_of_choices_end_where_the_reading_is(make_service, book):
    service = make_service()
    assert read_in_part(service, "s", book).state == "paused"
    lines = next(place for place in service.questions.places("s") if place.kind == "line")
    assert asked_at(service.questions.ask("s", "Which room?", lines.at)) == lines.position
