"""An answer that only repeats its question is recognised, and said to be one."""

import pytest

from app.service.answering.echo import repeats_question
from app.service.answering.support import REPEATS_QUESTION, support_notes

WHY = "Why was the princess ready to be thrown to the monster?"


@pytest.mark.parametrize(
    "question, answer",
    [
        (WHY, "because she was ready to be thrown to the monster"),
        (WHY, "Because the princesses were ready. [2]"),
        ("Who lived near the well?", "the well"),
        ("What happened when the man and his wife died?", "The man and his wife died."),
        ("And how will the giant feel when he says his name?", "he will be"),
        ("In which year did the war of 1914 begin?", "the war of 1914"),
        ("Warum war die Prinzessin traurig?", "weil die Prinzessin traurig war"),
        ("Pourquoi la princesse était-elle triste ?", "La princesse était triste."),
    ],
)
def test_an_answer_with_nothing_new_repeats_its_question(question, answer):
    languages = ("english", "german", "french")
    assert repeats_question(answer, question, languages)


@pytest.mark.parametrize(
    "question, answer",
    [
        (WHY, "because the king had no boat"),
        ("Who lived near the well?", "Ann"),
        ("How many heads did he have?", "three"),
        ("How many heads did he have?", "3 heads"),
        ("When did the war begin?", "in 1914"),
        ("Did the princess cry?", "The princess cried."),
        ("Was it the king or the queen who wept?", "the queen"),
        ("Which is older, the mill or the tower?", "the tower"),
        ("Who wept, the king or the queen?", "the king"),
        ("Why did she not weep?", "No, she did not weep."),
        ("Summarise the princess.", "the princess"),
        ("Who lived near the well?", ""),
        ("Who lived near the well?", "[1]"),
    ],
)
def test_an_answer_that_says_something_or_chooses_does_not(question, answer):
    assert not repeats_question(answer, question, ("english",))


def test_of_an_answer_that_repeats_its_question_this_is_said_and_nothing_else():
    sentences = [{"text": "the well", "supported_by": [1], "unknown": []}]
    details = {"repeats_question": True, "sentences": sentences}
    assert support_notes(details) == [REPEATS_QUESTION]
    assert support_notes({**details, "found_nothing": True}) == []
    assert support_notes({"sentences": sentences}) == []
