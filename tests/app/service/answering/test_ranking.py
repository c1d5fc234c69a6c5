"""Passages are ranked again by what was found beside them and in their document."""

from dataclasses import replace

import pytest

from app.service.answering.ranking import DOCUMENT_WEIGHT, RANKED, rank_again, without_copies
from tests.support.passages import passage


def hit(number, score, document=1, place=None, text=""):
    """A passage of 10 tokens; `place`: how many such passages are before it in its document."""
    start = 10 * (number * 5 if place is None else place)
    found = passage(number, text or f"text {number}", score)
    return replace(found, document_id=document, token_start=start, token_count=10)


def ids(found, question="?"):
    return [p.segment_id for p in rank_again(found, question)]


def test_a_passage_beside_the_rest_of_the_question_passes_one_that_stands_alone():
    question = "Who mended the wheel of the mill?"
    about, told = "They came to the old mill.", "Ann mended its wheel."
    found = [
        hit(1, 2.0, place=7, text=about),
        hit(2, 1.0, place=30, text=told),
        hit(3, 0.95, place=8, text=told),
    ]
    assert ids(found, question)[:2] == [1, 3]
    alone = [*found[:2], replace(found[2], token_start=90)]
    assert ids(alone, question) == [1, 2, 3]


def test_words_together_in_a_sentence_pass_the_same_words_apart():
    question = "Where did Ann hide the silver key?"
    apart = "Ann laughed. It was cold. The silver was old. He had no key. Boys hide there."
    together = "It was cold. Ann would hide the silver key there. He laughed. The boys were old."
    assert ids([hit(1, 1.0, text=apart), hit(2, 0.9, text=together)], question) == [2, 1]


@pytest.mark.parametrize(
    "question, other, right",
    [
        ("How many ships did Ann see?", "Ann did see the ships.", "Ann did see twelve ships."),
        ("Wie viele Schiffe sah Ann?", "Ann sah die Schiffe.", "Ann sah zwölf Schiffe."),
        ("How did Ann feel?", "Ann did not know.", "Ann did rage: sad, sorry and ashamed."),
    ],
)
def test_what_has_the_kind_of_thing_that_is_asked_for_comes_first(question, other, right):
    assert ids([hit(1, 1.2, text=other), hit(2, 1.0, text=right)], question) == [2, 1]
    plain = question.replace("How many", "Which").replace("Wie viele", "Welche")
    if plain != question:
        assert ids([hit(1, 1.2, text=other), hit(2, 1.0, text=right)], plain) == [1, 2]


def test_a_document_with_several_good_hits_passes_one_with_a_single_hit():
    found = [hit(1, 1.6, document=1), *(hit(n, 1.5, document=2) for n in (2, 3, 4))]
    assert ids(found) == [2, 3, 4, 1]


def test_many_weak_hits_do_not_outweigh_a_good_one():
    found = [hit(1, 2.0, document=1), *(hit(n, 0.5, document=2) for n in range(2, 30))]
    assert ids(found)[0] == 1


def test_scores_show_the_gain_and_hits_far_behind_keep_their_place():
    found = [hit(n, 3.0 - n / 100) for n in range(RANKED + 5)]
    again = rank_again(found, "?")
    assert again[0].score == found[0].score + DOCUMENT_WEIGHT
    assert again[RANKED:] == found[RANKED:]


def test_nothing_and_hits_without_a_score_stay_as_they_are():
    assert rank_again([], "Who?") == []
    assert ids([hit(1, 0.0), hit(2, 0.0)]) == [1, 2]


def test_of_copies_the_best_is_kept():
    copy = replace(hit(2, 1.0, document=2), text="Text  1\n")
    assert without_copies([hit(1, 2.0), copy, hit(3, 0.5)]) == [hit(1, 2.0), hit(3, 0.5)]
