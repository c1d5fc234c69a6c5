"""Answers in the terminal: what is printed of their events, and where."""

from dataclasses import replace

import pytest

from app.cli.ask import print_events, source_lines
from app.service import (
    Answer,
    CheckedSentence,
    Citation,
    ContextUsage,
    Delta,
    Done,
    Prefilled,
    Queued,
    Retrieved,
    Revised,
    Revising,
)
from tests.support.passages import passage

USAGE = ContextUsage(1, 20, 60, 40)
CITATION = Citation.from_passage(1, passage(12, "a grey parrot"), 100)
ANSWER = Answer(
    question="Who?",
    position=100,
    memory_status="gdn",
    text="A parrot.",
    passages=(replace(CITATION, cited=True), replace(CITATION, number=2)),
    prompt_tokens=50,
    answer_tokens=3,
    waited_s=0.5,
    first_word_s=1.5,
    seconds=2.5,
    as_of="",
    found_nothing=False,
    rests_on=USAGE,
)
EVENTS = [
    Queued(2),
    Queued(1),
    Retrieved(100, (CITATION,), USAGE, False),
    Prefilled(150),
    Delta("A ", 1.5),
    Delta("parrot.", 2.0),
    Done(ANSWER, 7),
]


@pytest.mark.parametrize("as_json, printed", [(False, "A parrot.\n"), (True, "")])
def test_text_goes_to_stdout_and_the_queue_position_to_stderr(capsys, as_json, printed):
    assert print_events(EVENTS, as_json) is ANSWER
    out, err = capsys.readouterr()
    assert out == printed
    assert err == "  (number 2 in line)\n  (number 1 in line)\n"


def test_matching_passages_that_were_not_looked_at_are_counted_in_a_note():
    assert ANSWER.notes == ANSWER.as_dict()["notes"] == []
    more = replace(ANSWER, rests_on=replace(USAGE, passages=3, matching_passages=9))
    assert more.as_dict()["notes"] == ["Only the best 3 of 9 matching passages were looked at."]
    assert replace(more, rests_on=replace(USAGE, passages=0, matching_passages=9)).notes == []


def test_an_answer_that_was_made_once_more_is_printed_alone_in_a_pipe(capsys, monkeypatch):
    revised = [
        *EVENTS[:-2],
        Delta("Nemo.", 2.0),
        Revising(("Nemo",)),
        Revised("A parrot.", ("Nemo",)),
    ]
    assert print_events([*revised, EVENTS[-1]], as_json=False) is ANSWER
    assert capsys.readouterr().out == "A parrot.\n"
    monkeypatch.setattr("app.cli.ask.is_terminal_output", lambda: True)
    print_events([*revised, EVENTS[-1]], as_json=False)
    out, err = capsys.readouterr()
    assert out == "A Nemo.\nA parrot.\n" and "No passage has Nemo" in err


def test_what_was_looked_at_and_what_no_passage_supports_is_printed():
    sentences = (CheckedSentence("In 1874.", (), ("1874",)), CheckedSentence("A parrot.", (1,)))
    shown = source_lines(replace(ANSWER, looked_at="page 3 of Book", sentences=sentences))
    assert shown == [
        "  Looked at: page 3 of Book",
        "  [1] Book, page 12",
        "  No passage supports “In 1874.” (in no passage: 1874).",
    ]
    assert source_lines(replace(ANSWER, sentences=sentences, declined=True)) == [
        "  [1] Book, page 12"
    ]


def test_cited_passages_are_listed_and_older_versions_marked():
    assert source_lines(ANSWER) == ["  [1] Book, page 12"]
    older = replace(ANSWER, passages=(replace(CITATION, cited=True, is_replaced=True),))
    assert source_lines(older) == ["  [1] Book, page 12 (of an older version)"]
