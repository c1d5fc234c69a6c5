"""Events: what an answer's events add up to, at each moment and at the end."""

from dataclasses import FrozenInstanceError, replace

import pytest

from app.service.answering.answer import Answer, ContextUsage
from app.service.answering.citations import Citation
from app.service.answering.events import (
    AnswerView,
    Delta,
    Done,
    Indexing,
    Prefilled,
    Queued,
    Retrieved,
    final_answer,
    fold,
)
from storage import IndexState
from tests.support.passages import passage

CITATION = Citation.from_passage(1, passage(1, "a grey parrot"), 100)
USAGE = ContextUsage(passages=1, passage_tokens=20, window_tokens=60, memory_tokens=40)
ANSWER = Answer(
    question="Who?",
    position=100,
    memory_status="gdn",
    text="A parrot.",
    passages=(replace(CITATION, cited=True),),
    prompt_tokens=50,
    answer_tokens=3,
    waited_s=0.5,
    first_word_s=1.5,
    seconds=2.5,
    as_of="page 3",
    found_nothing=False,
    rests_on=USAGE,
)
EVENTS = [
    Queued(2),
    Queued(1),
    Prefilled(80),
    Retrieved(100, (CITATION,), USAGE, False),
    Prefilled(150),
    Delta(" A", 1.5),
    Delta(" parrot.", 2.0),
    Done(ANSWER, 7),
]


def views():
    view = AnswerView("Who?", "page 3")
    for event in EVENTS:
        view = fold(view, event)
        yield view


def test_a_view_shows_the_queue_then_the_text_then_the_answer():
    shown = list(views())
    assert [view.queue_position for view in shown] == [2, 1, 0, 0, 0, 0, 0, 0]
    assert [view.text for view in shown][-4:] == ["", " A", " A parrot.", "A parrot."]
    assert [view.is_done for view in shown] == [False] * 7 + [True]
    assert shown[-1].answer is ANSWER and {view.question for view in shown} == {"Who?"}


def test_without_replayed_documents_retrieval_ends_the_queue():
    view = fold(fold(AnswerView("Who?"), Queued(1)), Retrieved(0, (), USAGE, True))
    assert view.queue_position == 0 and view.retrieved.found_nothing


def test_a_view_shows_how_far_the_index_is_until_the_next_event():
    states = [IndexState(0, 9), IndexState(4, 9)]
    views = [fold(AnswerView("Who?"), Indexing(state)) for state in states]
    assert [view.indexing for view in views] == states
    assert fold(views[-1], Queued(1)).indexing is None


def test_the_first_word_keeps_its_time():
    assert [view.first_word_s for view in views()][-3:] == [1.5, 1.5, 1.5]


def test_folding_changes_no_earlier_view():
    before = AnswerView("Who?")
    after = fold(before, Delta("A", 1.0))
    assert (before.text, after.text) == ("", "A")
    with pytest.raises(FrozenInstanceError):
        after.text = "B"


def test_what_is_known_of_the_record_grows_under_the_same_keys():
    known = [view.as_dict() for view in views()]
    assert known[0] == {"as_of": "page 3", "first_word_s": 0.0}
    assert known[3]["rests_on"]["memory_tokens"] == 40
    assert known[-1] == ANSWER.as_dict()
    assert all(set(record) <= set(known[-1]) for record in known)


def test_the_keys_of_an_answer_are_those_that_were_promised():
    """Programs read them from `ask --json`, and old messages have them stored."""
    assert list(ANSWER.as_dict()) == [
        *("answer", "citations", "question", "position", "memory_status", "prompt_tokens"),
        *("answer_tokens", "waited_s", "first_word_s", "seconds", "as_of", "found_nothing"),
        *("rests_on", "kind", "looked_at", "left_out", "declined", "sentences", "was_revised"),
        *("repeats_question", "documents_asked", "of_documents"),
        "notes",
    ]
    assert [c["cited"] for c in ANSWER.as_dict()["citations"]] == [True]
    assert set(ANSWER.as_dict()["rests_on"]) == {
        *("passages", "passage_tokens", "window_tokens", "memory_tokens", "matching_passages")
    }


def test_the_final_answer_is_what_done_carries():
    assert final_answer(iter(EVENTS)) is ANSWER
    for incomplete in (EVENTS[:-1], []):
        with pytest.raises(ValueError):
            final_answer(iter(incomplete))
