"""Who somebody is: which questions ask it, and which passages of a text tell it."""

from dataclasses import replace

import pytest

from app.service.answering.introductions import (
    MAX_INTRODUCING,
    NameAsked,
    around,
    first_named,
    introducing,
    is_named_in,
    name_asked_about,
)
from storage import Passage
from tests.support.passages import passage


def who(name: str) -> NameAsked:
    return NameAsked(name, f"{name} is")


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
        ("Who is heathcliff?", "Heathcliff", "Heathcliff is"),
        ("who was joe of the mill", "Joe of the Mill", "Joe of the Mill was"),
        ("Who is “Joe”?", "Joe", "Joe is"),
        ("Who is J.R.R. Tolkien?", "J.R.R. Tolkien", "J.R.R. Tolkien is"),
        ("Who is King Keiko?", "King Keiko", "King Keiko is"),
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
        "Who is Joe's?",
        "Who is the CEO?",
        "Who was the King of Spain?",
        "Who is CEO?",
        "who is not dead?",
        "who was with joe?",
        "who is joe Gargery's",
        "Who is this?",
        "Who is Joe Gargery Why?" * 9,
        "谁是乔？",
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
        "He met an outlaw named\nJoe on the way.",
    ],
)
def test_a_text_introduces_a_name(text: str):
    others = ["Joe went away.", text, "Joe laughed, and Joe cried; Joe it was."]
    assert introducing(passages(*others), who("Joe Gargery"))[0].text == text


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
        "Joe was a little late.",
        "Joe est nécessaire.",
        "A man named Joe's cousin came.",
    ],
)
def test_what_has_a_name_does_not_always_introduce_it(text: str):
    assert introducing(passages(text), who("Joe")) == []


def test_the_surest_comes_first_then_the_earliest_and_nothing_else():
    texts = [
        "Joe came in.",
        "His friend Joe sat down.",
        "Joe was a smith.",
        "There was a boy named Joe.",
        "There was a boy named Joe Gargery.",
    ]
    found = introducing(passages(*texts), who("Joe"))
    assert [p.text for p in found] == texts[3:]
    assert len(found) == MAX_INTRODUCING
    assert {p.score for p in found} == {4.0}


def test_beside_an_unsure_one_comes_the_passage_that_names_it_first():
    texts = ["Joe came in.", "He laughed.", "His friend Joe sat down."]
    assert [p.text for p in introducing(passages(*texts), who("Joe"))] == [texts[2], texts[0]]


def test_the_whole_name_comes_before_another_one_with_a_word_of_it():
    texts = [
        "There was a dog named Smith.",
        "He met a girl called Jane Doe.",
        "Jane Smith runs the mill.",
        "Jane Smith was a widow.",
    ]
    found = introducing(passages(*texts), who("Jane Smith"))
    assert [p.text for p in found] == [texts[3], texts[0]]
    assert introducing(passages(texts[1]), who("Jane Smith")) == []
    found = introducing(passages(*texts[:3]), who("Jane Smith"))
    assert [p.text for p in found] == [texts[0], texts[2]]


def test_rows_of_tables_introduce_nobody():
    row = replace(passages("a clerk | a man named Joe")[0], locator_kind="row")
    assert introducing([row], who("Joe")) == []


def test_of_several_documents_the_one_that_matches_best_comes_first():
    there, here = passages("There was a boy named Joe.", "A fox named Joe came.")
    assert introducing([replace(here, document_id=2), there], who("Joe"))[0].text == here.text


def test_what_stands_beside_a_name_is_the_sentence_that_introduces_it_with_its_neighbours():
    text = "It rained. Joe came.\nHe sat. A boy named Joe rose. He sang. He left."
    assert around(who("Joe"), text) == "He sat. A boy named Joe rose. He sang."
    unsure = "It rained. Joe came.\nJoe sat. He left."
    assert around(who("Joe"), unsure) == "It rained. Joe came.\nJoe sat."
    assert around(who("Joe"), "Nobody came.\nNobody sat.") == "Nobody came.\nNobody sat."
    later = "Tomorrow it rains. We wait. It is late. Then Tom came. He mends clocks."
    assert around(who("Tom"), later) == "It is late. Then Tom came. He mends clocks."


def test_the_whole_name_counts_before_one_of_its_words():
    texts = ["Mr. Bold is here.", "John Bold came in.", "Then John Bold left."]
    assert [p.text for p in first_named(passages(*texts), who("John Bold"))] == [texts[1]]
    assert [p.text for p in first_named(passages(texts[0]), who("Mary Bold"))] == [texts[0]]
    assert first_named(passages(*texts), who("Heathcliff")) == []


@pytest.mark.parametrize(
    ("name", "text", "is_named"),
    [
        ("Joe Gargery", "So said Joe\nGargery.", True),
        ("Joe Gargery", "Then old Gargery laughed.", True),
        ("Joe Gargery", "Then Joe laughed.", False),  # there are many
        ("John Smith", "Adam Smith wrote a book.", False),
        ("Ann Lee", "Lee Marvin is an actor.", False),
        ("Mr. Harding", "Mr. Harding came.", True),
        ("Tom", "Tomorrow it rains.", False),
        ("Takeru", "He met Idzumo Takeru.", True),
    ],
)
def test_whether_a_text_speaks_of_somebody(name: str, text: str, is_named: bool):
    assert is_named_in(who(name), text) is is_named


@pytest.mark.parametrize("text", ["First came the king, killed by none.", "So he was killed."])
def test_words_in_small_letters_are_a_name_only_where_a_text_has_them_as_one(text: str):
    asked = name_asked_about("who was killed first")
    assert asked is None or not is_named_in(asked, text)
    named = name_asked_about("who is joe gargery")
    assert named is not None and is_named_in(named, "Then Joe Gargery came.")


def test_a_long_question_and_a_long_passage_take_no_time():
    assert name_asked_about("Who is A" + "-" * 100_000 + " b") is None
    text = "a son " * 5_000 + "a boy named Joe"
    assert len(introducing(passages(*[text] * 20), who("Joe"))) == MAX_INTRODUCING
