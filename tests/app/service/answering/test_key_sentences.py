"""Key sentences: those that say most of a part, word for word, and not the same twice."""

from app.service.answering.key_sentences import rank_sentences
from tests.support.passages import passage

TEXT = (
    "Ann the miller found the old boat by the weir. It was warm. Rain fell on the roofs for a day. "
    "Ann the miller took the old boat down to the weir. Later Ann sold the mill to the parson Bob."
)
LINES = "\n".join(
    f"Grad C: Yeah , the number {i} .\nGrad B: So we use the parser ." for i in "abcd"
)


def test_the_sentence_with_most_of_what_is_frequent_comes_first_then_what_it_lacks():
    ranked = rank_sentences([passage(1, TEXT)], set(), ["english"])
    texts = [sentence.text for sentence in ranked]
    assert texts[0].startswith("Ann the miller") and "weir" in texts[0]
    assert texts[1] == "Later Ann sold the mill to the parson Bob."
    assert all(text in TEXT for text in texts)
    assert "It was warm." not in texts, "a short sentence says little"


def test_sentences_with_the_words_that_are_asked_for_come_first():
    ranked = rank_sentences([passage(1, TEXT)], {"rain"}, ["english"])
    assert ranked[0].text.startswith("Rain fell") and ranked[0].has_focus
    assert not any(sentence.has_focus for sentence in ranked[1:])


def test_each_sentence_knows_its_place_and_its_passage():
    first, second = passage(1, "Ann found the boat there."), passage(2, "Bob sold the boat again.")
    ranked = rank_sentences([first, second], set(), ["english"])
    by_place = sorted(ranked, key=lambda sentence: sentence.place)
    assert [s.passage.segment_id for s in by_place] == [1, 2]


def test_wrapped_lines_are_one_sentence_and_what_two_people_say_is_not():
    wrapped = rank_sentences([passage(1, "Ann found the boat\nby the old weir.")], set(), [])
    assert [s.text for s in wrapped] == ["Ann found the boat by the old weir."]
    spoken = rank_sentences([passage(1, LINES)], set(), ["english"])
    assert all(s.text.count("Grad") == 1 for s in spoken)


def test_a_text_without_whole_sentences_still_has_some():
    assert rank_sentences([passage(1, "Apples\nPears")], set(), [])
    assert rank_sentences([passage(1, " \n ")], set(), []) == ()
    long = rank_sentences([passage(1, "word " * 400 + "end.")], set(), [])
    assert all(len(sentence.text.split()) <= 60 for sentence in long)


def test_a_part_that_says_one_thing_over_and_over_is_told_with_it_once():
    (sentence,) = rank_sentences([passage(1, "Ann sold the boat to Bob. " * 9)], set(), [])
    assert sentence.text == "Ann sold the boat to Bob."
