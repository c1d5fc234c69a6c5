"""The worked examples: whole chat turns, which a small window does without."""

import pytest

from app.service.answering.declining import says_not_found
from app.service.answering.examples import NOT_FOUND, copies_examples, example_ids
from app.service.answering.prompt import build_prompt
from app.service.reading.stream_text import end_turn
from tests.support.passages import passage
from tests.support.tokens import CharacterTokens


def test_examples_end_in_a_new_turn_of_the_user_and_answer_shortly():
    tokens = CharacterTokens()
    text = tokens.decode(example_ids(tokens))
    assert text.endswith("<|im_end|>\n<|im_start|>user\n")
    answers = [part.partition("<|im_end|>")[0] for part in text.split("assistant\n")[1:]]
    assert len(answers) == text.count("<|im_start|>user\n") >= 3
    assert NOT_FOUND in answers and says_not_found(NOT_FOUND)
    assert all(len(answer.split()) <= 9 for answer in answers)


def test_they_come_before_the_passages_and_are_left_out_of_a_small_window():
    tokens = CharacterTokens()
    examples = tokens.decode(example_ids(tokens))
    found = [passage(1, "The keeper came at noon.")]
    large = build_prompt(tokens, "Who came?", found, [], 4000, 100)
    small = build_prompt(tokens, "Who came?", found, [], 1000, 100)
    assert examples in tokens.decode(large.ids) and examples not in tokens.decode(small.ids)
    assert tokens.decode(large.ids).index(examples) < tokens.decode(large.ids).index("at noon")
    assert len(small.passages) == len(large.passages) == 1
    answer_start = end_turn(tokens, "")
    assert large.ids[-len(answer_start) :] == answer_start


def test_they_take_no_room_from_passages():
    tokens = CharacterTokens()
    found = [passage(i, f"The keeper came at {i}. " * 16, 1 - i / 100) for i in range(9)]
    asked = (tokens, "Who came?", found, [], 4000, 100)
    bare = build_prompt(*asked, with_examples=False)
    whole = build_prompt(*asked)
    assert 1 < len(bare.passages) and whole.passages == bare.passages
    assert len(whole.ids) == len(bare.ids) + len(example_ids(tokens))
    assert len(bare.ids) <= 4000


def test_what_is_at_a_place_and_options_are_asked_for_without_them():
    tokens = CharacterTokens()
    found = [passage(1, "The keeper came at noon.")]
    asked = (tokens, "What is on page 1?", found, [], 4000, 100)
    examples = tokens.decode(example_ids(tokens))
    assert examples in tokens.decode(build_prompt(*asked).ids)
    assert examples not in tokens.decode(build_prompt(*asked, at_place=True).ids)
    assert examples not in tokens.decode(build_prompt(*asked, with_examples=False).ids)


@pytest.mark.parametrize(
    "answer, known, is_copied",
    [
        ("because it had been his mother's", "The brig made 7 miles to the west.", True),
        ("Take it out and rinse it in COLD water.", "The cook fried an egg.", True),
        ("She wept, for it had been his mother's.", "She wept: it was his mother's.", False),
        ("because soap would clog it", "Why? Because soap would clog it.", False),
        ("cold water", "The sea was cold.", False),
        ("It had been raining, and he sat down.", "The brig made 7 miles.", False),
        (NOT_FOUND, "The brig made 7 miles to the west.", False),
        ("", "", False),
    ],
)
def test_an_answer_with_words_of_the_examples_is_told_from_one_of_the_texts(
    answer, known, is_copied
):
    assert copies_examples(answer, known) is is_copied
