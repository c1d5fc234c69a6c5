"""Which sentences of an answer its passages support, and what they do not have."""

import pytest

from app.service.answering.citations import Citation
from app.service.answering.numbers import all_numbers, worded_numbers, written_numbers
from app.service.answering.support import (
    check_support,
    left_out_notes,
    sentences,
    support_notes,
    unknown_in,
)
from tests.support.passages import passage

PARROT = (
    "In 1873 the harbour master, Mr. Müller, kept a grey parrot called Ozymandias in the tower. "
    "It ate thirty-one figs a day, or 1,250 in six weeks."
)
LAMP = "The lamp in room 7 was lit by keeper Jonathan Ashe at 10:45, and burned for 3 days."


def checked(answer, question="What is told?", texts=(PARROT, LAMP), languages=("english",)):
    found = [passage(i, text) for i, text in enumerate(texts, 1)]
    cited = [Citation.from_passage(p.segment_id, p, 1000) for p in found]
    return check_support(answer, cited, question, languages)


@pytest.mark.parametrize(
    "answer, supported_by",
    [
        ("The harbour master kept a parrot.", (1,)),
        ("The parrots are called Ozymandias.", (1,)),  # another form of the word
        ("Mueller kept it.", (1,)),  # another spelling
        ("Muller kept it in a tower.", (1,)),
        ("It ate 31 figs a day.", (1,)),  # in words in the passage
        ("It ate thirty-one figs.", (1,)),
        ("1250 figs in 6 weeks", (1,)),
        ("The lamp burned for three days [2].", (2,)),
        ("It was lit by Mr. Ashe at 10:45.", (2,)),
        ("The grey parrot Ozymandias and the lamp, lit by the keeper Jonathan Ashe", (2, 1)),
    ],
)
def test_a_sentence_is_matched_to_the_passages_that_have_its_words(answer, supported_by):
    (sentence,) = checked(answer)
    assert (sorted(sentence.supported_by), sentence.unknown) == (sorted(supported_by), ())


@pytest.mark.parametrize(
    "answer, unknown",
    [
        ("The baker baked a cake.", ()),
        ("In 1874 the harbour master kept a grey parrot.", ("1874",)),
        ("The grey parrot ate thirty-two figs.", ("thirty-two",)),
        ("The grey parrot ate 178 figs.", ("178",)),
        ("The parrot of Captain Nemo lived in the tower.", ("Captain", "Nemo")),
        ("The harbour master kept the parrot for NASA.", ("NASA",)),
        ("The keeper lit the lamp at 10:46 in room 7.", ("46",)),
    ],
)
def test_a_sentence_that_no_passage_supports_has_no_passages(answer, unknown):
    (sentence,) = checked(answer)
    assert (sentence.supported_by, sentence.unknown) == ((), unknown)


def test_what_the_question_has_is_known_but_is_no_evidence():
    question = "Did Captain Nemo keep the parrot in 1900?"
    assert unknown_in(checked("Captain Nemo kept a parrot in 1900.", question)) == ()
    (sentence,) = checked("Nemo had the parrot in his submarine.", question)
    assert sentence.supported_by == () and sentence.unknown == ()
    (sentence,) = checked("He kept the parrot.", "Who kept the parrot?")
    assert sentence.supported_by == (1,), "with no other words those of the question count"


def test_each_sentence_is_checked_and_those_without_words_are_left_out():
    found = checked("Yes. Mr. Müller kept a parrot. It sang opera.\n- The lamp burned.")
    assert [(s.text, s.supported_by) for s in found] == [
        ("Mr. Müller kept a parrot.", (1,)),
        ("It sang opera.", ()),
        ("The lamp burned.", (2,)),
    ]
    assert checked("It was there.") == ()


def test_without_passages_nothing_is_supported():
    (sentence,) = checked("A parrot.", texts=())
    assert sentence.supported_by == ()


def test_sentences_end_where_they_do():
    text = "1. Dr. J. Ashe came at 3.5 km. “Go!” he said. “Stay!” She left.\n\n- He left [2].\n[1]"
    assert sentences(text) == [
        "Dr. J. Ashe came at 3.5 km.",
        "“Go!” he said.",
        "“Stay!”",
        "She left.",
        "He left [2].",
    ]
    told = "The Rev. Septimus Harding met Col. Bold. Prof. Ashe left."
    assert sentences(told) == ["The Rev. Septimus Harding met Col. Bold.", "Prof. Ashe left."]
    assert sentences("灯台です。工場です。") == ["灯台です。", "工場です。"]


def test_german_nouns_are_no_names():
    (sentence,) = checked(
        "Der Wärter ist in der Kammer mit dem Papagei.",
        texts=("Der Papagei ist bei dem Wärter.",),
        languages=("german",),
    )
    assert sentence.unknown == () and sentence.supported_by == (1,)


def test_a_short_text_in_another_script_is_compared_by_its_characters():
    (sentence,) = checked("工場は大阪", texts=("ガラス工場は大阪です。",))
    assert sentence.supported_by == (1,)


def test_notes_name_the_sentence_and_what_is_unknown():
    details = {
        "sentences": [
            {"text": "In 1874.", "supported_by": (), "unknown": ("1874",)},
            {"text": "A cake.", "supported_by": [], "unknown": []},
            {"text": "A parrot.", "supported_by": [1], "unknown": []},
        ]
    }
    assert support_notes(details) == [
        "No passage supports “In 1874.” (in no passage: 1874).",
        "No passage supports “A cake.”.",
    ]
    assert support_notes({**details, "declined": True}) == []
    assert support_notes({**details, "found_nothing": True}) == []
    assert support_notes({}) == [], "an answer that was stored before sentences were checked"
    damaged = {"sentences": [None, "nonsense", {"text": "A cake."}, *details["sentences"][:1]]}
    assert len(support_notes(damaged)) == 1 and support_notes({"sentences": 7}) == []
    for unknown in (None, 7, [7]):
        sentence = {"text": "A cake.", "supported_by": None, "unknown": unknown}
        assert len(support_notes({"sentences": [sentence]})) == 1
    assert left_out_notes({"left_out": None}) == [] and left_out_notes({"left_out": [7]}) == ["7"]


def test_numbers_are_one_in_words_and_digits():
    assert written_numbers("On 3 May 1,234 men, 12 000 more, 7 8 at 3.5%") == {
        "3": "3", "1,234": "1234", "12 000": "12000", "7": "7", "8": "8", "3.5": "35"
    }  # fmt: skip
    assert worded_numbers("twenty-three, two hundred, one, the third") == {
        "twenty-three": "23", "two": "2", "hundred": "100", "third": "3"
    }  # fmt: skip
    assert {"1204", "2024", "5", "05", "10"} <= all_numbers("AB-1204 on 2024-05-03T10:00")
