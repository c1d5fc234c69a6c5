"""Which passages an answer is cited for: those that say it where they speak of what was asked."""

from dataclasses import replace

import pytest

from app.service.answering.citations import Citation
from app.service.answering.evidence import mark_cited
from tests.support.passages import passage


def citations(*texts):
    found = [passage(i + 1, text) for i, text in enumerate(texts)]
    return [Citation.from_passage(p.segment_id, p, 1000) for p in found]


def cited(answer, texts, question="", **options):
    """The numbers of the passages that are cited."""
    marked = mark_cited(answer, citations(*texts), question, **options)
    return [passage.number for passage in marked if passage.cited]


def test_the_passage_that_has_the_words_is_cited():
    texts = "the lamp burned", "a grey parrot, Ozymandias"
    assert cited("Ozymandias, the parrot", texts) == [2]
    assert cited("Ozymandias, the lamp", texts) == [], "it has half of the words"
    assert cited("It is there [2].", texts) == [2], "there are no words to compare"
    assert cited("It is there [7].", texts) == cited("It is there.", ["it is there"]) == []
    assert mark_cited("A parrot.", []) == ()


def test_of_named_passages_those_are_cited_that_say_it():
    texts = "a grey parrot", "the lamp burned", "a grey parrot"
    assert cited("a parrot", texts) == [1, 3]
    assert cited("a parrot [3]", texts) == [3]
    assert cited("a parrot [2]", texts) == []
    assert cited("a parrot [7]", texts) == [1, 3], "there is no such passage"


def test_words_are_shared_in_any_spelling():
    texts = "the lamp burned", "José’s co\u00adoperative at Straße 5"
    assert cited("Jose, the cooperative", texts) == [2]
    assert cited("工場は大阪", ("灯台は港のそばです。", "ガラス工場は大阪です。")) == [2]


def test_irregular_forms_of_a_word_are_the_word():
    text = "In the winter of 1881 the lamp went out, and the men ran home."
    assert cited("in the winter of 1881", [text], "In which winter did the lamp go out?") == [1]
    assert cited("1881", [text], "When did the man run home?") == [1]
    assert cited("1881", [text], "When did the lamp burn?") == []


def test_an_answer_that_found_nothing_or_that_nothing_supports_cites_nothing():
    assert cited("I could not find it.", ["could not find the lamp"]) == []
    texts = ["The sheep were as large as calves."]
    assert cited("They were as calves [1].", texts, is_supported=False) == []


def test_of_passages_that_share_as_much_the_one_about_the_question_is_cited():
    texts = "The king slept.", "At dawn the king gave Ann the ring.", "The king ate."
    assert cited("the king", texts, "Who gave Ann the ring?") == [2]
    # Words of the question are no evidence.
    assert cited("Ann's king", texts, "Whom did Ann see?") == []


KING = (
    "The king sent his daughter to the mill. There she saw a soldier with a drum. "
    "It rained for a week. Nobody came. In the evening a troll with six heads ate the miller's cow."
)


@pytest.mark.parametrize(
    "answer, question, is_cited",
    [
        ("a soldier with a drum", "What did the king's daughter see at the mill?", True),
        ("she saw a soldier", "Whom did the king's daughter meet at the mill?", True),
        # The words are there, but far from what was asked, or of another.
        ("a troll with six heads", "What did the king's daughter see at the mill?", False),
        ("a soldier with a drum", "What did the hunter see in the forest?", False),
        ("a soldier with a drum", "What did the king's daughter Ann see at the mill?", False),
        # The words of several sentences, put together.
        ("a soldier with six heads", "What did the king's daughter see at the mill?", False),
        ("the soldier with a drum ate the cow", "What did the troll do with the cow?", False),
        # One common word has to be in the sentence that speaks of what was asked.
        ("a cow", "What did the troll with six heads eat?", True),
        ("rain", "What did the troll with six heads eat?", False),
        ("a week", "How long did it rain?", True),
        # What any text is asked with does not count, nor does what a place is called.
        ("a soldier with a drum", "What happened because of the king's daughter?", True),
        ("It rained for a week.", "", True),
    ],
)
def test_the_answer_is_said_where_the_passage_speaks_of_what_was_asked(answer, question, is_cited):
    assert cited(answer, [KING], question, languages=["english"]) == [1] * is_cited


def test_the_title_may_have_what_the_question_names():
    (found,) = citations("In the wood she saw a soldier with a drum.")
    question = "What was in the wood that Ann saw?"
    assert not mark_cited("a soldier with a drum", [found], question)[0].cited
    titled = replace(found, document="The travels of Ann")
    assert mark_cited("a soldier with a drum", [titled], question)[0].cited


def test_a_question_in_another_language_than_the_text_is_not_compared():
    question = "Was hat die Tochter des Königs an der Mühle gesehen?"
    assert cited("a soldier with a drum", [KING], question, languages=["english"]) == [1]


def test_each_sentence_of_an_answer_is_cited():
    texts = "The lamp burned for three days.", "A grey parrot ate figs.", "It rained."
    assert cited("The lamp burned for 3 days. The parrot was grey.", texts) == [1, 2]


def test_lines_that_only_the_page_made_are_no_sentences():
    text = (
        "On the morning of the third day the keeper of the lamp went down to\n"
        "the harbour and sold the grey parrot to a travelling captain, who had\n"
        "come from the islands for no other reason than to buy it."
    )
    question = "Where did the keeper of the lamp go on the third morning?"
    assert cited("to the harbour, where a captain had come from the islands", [text], question) == [
        1
    ]


def test_marking_changes_nothing_but_the_mark():
    (before,) = citations("the parrot")
    (after,) = mark_cited("It is there [1].", [before])
    assert not before.cited and after == replace(before, cited=True)
