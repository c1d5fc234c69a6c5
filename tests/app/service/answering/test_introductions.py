"""Who somebody is: which questions ask it, and which passages of a text tell it."""

from dataclasses import replace

import pytest

from app.service.answering.introductions import (
    MAX_INTRODUCING,
    around,
    first_named,
    introducing,
    name_asked_about,
    stands_in,
)
from storage import Passage
from tests.support.passages import passage


def passages(*texts: str) -> list[Passage]:
    """Passages of one document in reading order; the last one matches best."""
    return [
        replace(passage(number, text, score=float(number)), document_id=1, token_start=100 * number)
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("question", "name", "answer"),
    [
        ("Who is Joe Gargery?", "Joe Gargery", "Joe Gargery is"),
        ("Who was Mr. Harding", "Mr. Harding", "Mr. Harding was"),
        ("Who's Dr. Bull?", "Dr. Bull", "Dr. Bull is"),
        ("who is heathcliff?", "Heathcliff", "Heathcliff is"),
        ("Who were the Beatles?", "Beatles", "The Beatles were"),
        ("Who was the King of Spain?", "King of Spain", "The King of Spain was"),
        ("Wer ist Gregor Samsa?", "Gregor Samsa", "Gregor Samsa ist"),
        ("Qui est Emma ?", "Emma", "Emma est"),
        ("  Who on earth is Sissy Jupe  ", "Sissy Jupe", "Sissy Jupe is"),
    ],
)
def test_a_question_that_asks_who_somebody_is(question: str, name: str, answer: str):
    asked = name_asked_about(question)
    assert asked is not None
    assert (asked.name, asked.answer) == (name, answer)


@pytest.mark.parametrize(
    "question",
    [
        "Who is Joe afraid of?",
        "Who is the fox's friend?",
        "Who is Joe's sister?",
        "Who is she?",
        "who is he",
        "Who is It?",
        "Who saved Joe?",
        "What is Joe?",
        "Who is responsible for the pump?",
        "Who is Joe and what does he want?",
        "",
    ],
)
def test_a_question_that_asks_for_something_else(question: str):
    assert name_asked_about(question) is None


@pytest.mark.parametrize(
    "text",
    [
        "In that village lived a smith named Joe Gargery with his wife.",
        "There was a man called Joe, who mended the clock.",
        "“My name is Joe,” he said, and went in.",
        "Joe Gargery was a fair man, with curls of flaxen hair.",
        "Joe was, a few years since, a beneficed clergyman of the town.",
        "I saw Joe, the blacksmith of our village, at his forge.",
        "Her brother Joe came home.",
        "The next was an old smith, Joe.",
        "They had two brothers, Peter and Joe.",
        "He met an outlaw named\nPeter Joe on the way.",
    ],
)
def test_a_text_introduces_a_name(text: str):
    others = ["Joe went away.", text, "Joe laughed, and Joe cried; Joe it was."]
    assert introducing(passages(*others), "Joe Gargery")[0].text == text


@pytest.mark.parametrize(
    "text",
    [
        "I called Joe in two hours.",
        "Catherine called Joe.",
        "She came and called Joe twice.",
        "Joe was not there.",
        "Joe was walking home.",
        "Joe's wife was a tall woman.",
        "A man named Joel mended it.",
        "Bring me the boots, Joe, and the hat.",
    ],
)
def test_what_has_a_name_does_not_always_introduce_it(text: str):
    assert introducing(passages(text), "Joe") == []


def test_the_surest_comes_first_then_the_earliest_and_nothing_else():
    texts = [
        "Joe came in.",
        "His friend Joe sat down.",
        "Joe was a smith.",
        "There was a boy named Joe.",
        "There was a boy named Joe Gargery.",
    ]
    found = introducing(passages(*texts), "Joe")
    assert [p.text for p in found] == texts[3:]
    assert len(found) == MAX_INTRODUCING
    assert {p.score for p in found} == {4.0}


def test_beside_an_unsure_one_comes_the_passage_that_names_it_first():
    texts = ["Joe came in.", "He laughed.", "His friend Joe sat down."]
    assert [p.text for p in introducing(passages(*texts), "Joe")] == [texts[2], texts[0]]


def test_what_stands_beside_a_name_is_the_sentence_that_introduces_it_with_its_neighbours():
    text = "It rained. Joe came.\nHe sat. A boy named Joe rose. He sang. He left."
    assert around("Joe", text) == "He sat. A boy named Joe rose. He sang."
    assert (
        around("Joe", "It rained. Joe came. Joe sat. He left.") == "It rained. Joe came. Joe sat."
    )
    assert around("Joe", "Nobody came.\nNobody sat.") == "Nobody came.\nNobody sat."


def test_the_whole_name_counts_before_one_of_its_words():
    texts = ["Mr. Bold is here.", "John Bold came in.", "Then John Bold left."]
    assert [p.text for p in first_named(passages(*texts), "John Bold")] == [texts[1]]
    assert [p.text for p in first_named(passages(*texts), "Mary Bold")] == [texts[0]]
    assert first_named(passages(*texts), "Heathcliff") == []


def test_a_name_stands_in_a_text_in_its_letters():
    assert stands_in("Joe\u00a0Gargery", "So said Gargery.") or stands_in("Joe", "Joe said")
    assert not stands_in("Responsible", "He is responsible.")
