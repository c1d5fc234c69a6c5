"""Questions about the whole, on the whole stack with the tiny model."""

from contextlib import closing

import pytest

import storage
from app.cli.ask import source_lines
from app.service import AnswerView, Condensed, Delta, Done, Retrieved
from app.service.answering import condensing, fresh_sentences, overview
from app.service.answering.condensing import MAX_GROUPS
from app.service.answering.events import condensing_text, fold
from app.web.chat.html import footing_html, turn
from tests.support.service import wait_until_read

NAMES = ["Ann", "Bob", "Cornelia", "Dora"]


@pytest.fixture(scope="module")
def tale(tmp_path_factory):
    """Some 6,000 tokens; Cornelia is in its third quarter."""
    path = tmp_path_factory.mktemp("tale") / "tale.txt"
    lines = [
        f"On day {i} the miller {NAMES[i // 30]} mended wheel {i} of the old mill by the weir."
        for i in range(120)
    ]
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def make(make_service, tale):
    def read(**options):
        service = make_service(**options)
        service.sessions.create("s")
        service.start_reading()
        service.documents.add("s", tale)
        wait_until_read(service, "s")
        return service

    return read


def asked(service, question, at="", **options):
    events = list(service.questions.ask("s", question, at, **options))
    assert isinstance(events[-1], Done)
    return events, events[-1].answer


def test_the_whole_is_told_from_sentences_of_all_parts_where_there_are_no_notes(make):
    service = make(notes=False)
    events, answer = asked(service, "Summarise the book.")
    assert (answer.kind, answer.declined) == ("overview", False)
    retrieved = next(e for e in events if isinstance(e, Retrieved))
    count = len(retrieved.passages)
    assert count > 2 and answer.looked_at == f"sentences of {count} parts of tale"
    assert [c.number for c in answer.passages] == list(range(1, count + 1))
    text = " ".join(c.text for c in answer.passages)
    assert all(name in text for name in NAMES), "each part of the tale is there"
    assert any(isinstance(e, Delta) for e in events)
    assert answer.rests_on.passages == 0 and answer.rests_on.window_tokens > 0
    stored = service.questions.messages("s")[-1].details
    assert (stored["kind"], stored["looked_at"]) == ("overview", answer.looked_at)
    assert f"  Looked at: {answer.looked_at}" in source_lines(answer)
    assert f"Looked at: {answer.looked_at}." in footing_html(answer.as_dict())


def test_notes_are_told_where_there_are_some(make):
    service = make(notes=False)
    document = service.documents.list("s")[0].document
    half = document.token_count // 2
    storage.add_note(service.db, document.id, 0, half, "Two millers mend the mill")
    _, answer = asked(service, "What is the tale about?")
    assert answer.passages[0].text.startswith("Two millers mend the mill.")
    assert answer.looked_at.startswith("the notes on 1 part and sentences of ")
    assert answer.looked_at.endswith(" further parts of tale")


def test_what_does_not_fit_is_condensed_in_few_groups_with_progress(make):
    service = make(window=700, notes=False)
    events, answer = asked(service, "Summarise the book.")
    condensed = [e for e in events if isinstance(e, Condensed)]
    totals = {e.total for e in condensed}
    assert len(totals) == 1 and 2 <= totals.pop() <= MAX_GROUPS
    done = [e.done for e in condensed]
    assert done == sorted(done) and (done[0], done[-1]) == (0, condensed[-1].total)
    assert "condensed in" in answer.looked_at
    assert len(answer.passages) == condensed[-1].total
    text = [c.text for c in answer.passages]
    assert NAMES[0] in text[0] and NAMES[-1] in text[-1] or NAMES[-2] in text[-1]
    view = fold(AnswerView("Summarise the book."), condensed[0])
    assert turn(view).endswith(f">{condensing_text(condensed[0])}")
    assert fold(view, events[-1]).condensed is None


def test_a_question_about_somebody_is_told_from_the_parts_that_speak_of_them(make):
    service = make(window=700, notes=False)
    _, answer = asked(service, "How does Cornelia change throughout the tale?")
    assert answer.kind == "overview"
    assert answer.passages and all("Cornelia" in c.text for c in answer.passages)
    assert any("without the words of the question" in note for note in answer.left_out)


def test_as_of_an_earlier_line_nothing_behind_it_is_told(make):
    service = make(notes=False)
    _, answer = asked(service, "Summarise the book.", "line 59")
    text = " ".join(c.text for c in answer.passages)
    assert "Ann" in text and "Cornelia" not in text and "Dora" not in text


def test_closed_at_any_event_it_stores_nothing_and_frees_the_model(make):
    service = make(window=700, notes=False)
    for kind in (Condensed, Retrieved, Delta):
        with closing(service.questions.ask("s", "Summarise the book.")) as events:
            next(e for e in events if isinstance(e, kind))
        assert service.questions.messages("s") == []
    assert asked(service, "Who mended wheel 7?")[1].kind == "passages"


def test_asked_again_it_is_answered_again_and_the_state_is_left_alone(make):
    service = make(notes=False)
    _, first = asked(service, "Summarise the book.")
    number = service.questions.last_message_id("s")
    _, second = asked(service, "Summarise the book.", replaces=number)
    assert second.kind == "overview" and second.position == first.position
    assert len(service.questions.messages("s")) == 2


def test_a_place_and_a_fact_are_not_told_from_all_parts(make):
    service = make(notes=False)
    assert asked(service, "Summarise lines 3 to 5.")[1].kind == "place"
    assert asked(service, "Who mended wheel 7?")[1].kind == "passages"


def test_text_in_sentences_that_are_longer_than_the_room_is_answered_from_passages(
    make_service, tmp_path
):
    """Else the model would be asked about notes that it is not shown."""
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join("磨坊主修理了水车" * 120 for _ in range(3)), encoding="utf-8")
    service = make_service(notes=False)
    service.sessions.create("s")
    service.start_reading()
    service.documents.add("s", path)
    wait_until_read(service, "s")
    _, answer = asked(service, "Summarise the book.")
    assert answer.kind == "passages"


@pytest.mark.parametrize("window", [4096, 700])
def test_of_several_documents_each_part_is_told_with_its_title(make, tmp_path, monkeypatch, window):
    service = make(window=window, notes=False)
    diary = tmp_path / "diary.txt"
    diary.write_text("On Monday the parson sold the church bell to Eve.\n" * 9, encoding="utf-8")
    told, told_groups = [], []

    def recorded(prompt, texts_at, told):
        def made(*arguments):
            told.append(list(arguments[texts_at]))
            return prompt(*arguments)

        return made

    monkeypatch.setattr(overview, "overview_prompt", recorded(overview.overview_prompt, 4, told))
    monkeypatch.setattr(
        condensing, "group_prompt", recorded(condensing.group_prompt, 1, told_groups)
    )
    asked(service, "Summarise the book.")
    alone, groups_alone = told[-1], list(told_groups)
    assert not any("tale: " in text for text in [*alone, *sum(groups_alone, [])])
    service.documents.add("s", diary)
    wait_until_read(service, "s")
    _, answer = asked(service, "Summarise everything.")
    texts = [*told[-1], *sum(told_groups[len(groups_alone) :], [])]
    assert bool(told_groups) == (window == 700)
    parts = [text for text in texts if "parson" in text or "miller" in text]
    assert all(t.startswith("diary: ") == ("parson" in t) for t in parts if t not in told[-1])
    assert all(t.startswith(("tale: ", "diary: ", "tale, diary: ")) for t in texts), texts
    assert "diary" in told[-1][-1].split(":")[0]
    assert told[-1][0].startswith("tale: ")
    assert " of 2 documents" in answer.looked_at


def test_if_every_sentence_is_taken_back_key_sentences_are_the_answer(make, monkeypatch):
    service = make(notes=False, max_answer_tokens=100)
    monkeypatch.setattr(fresh_sentences, "goes_round", lambda text: True)
    events, answer = asked(service, "Summarise the book.")
    first, *lines = answer.text.split("\n")
    assert first == overview.KEY_SENTENCES and len(lines) <= overview.MAX_KEY_LINES
    assert all(name in answer.text for name in NAMES)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == answer.text
    assert len(answer.citations) >= len(lines) > 2
    assert len(answer.sentences) == len(lines) and answer.support_notes == []
    assert service.questions.messages("s")[-1].text == answer.text
