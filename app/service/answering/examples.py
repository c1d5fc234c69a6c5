"""Worked examples before the passages: what an answer is to look like.

A small model repeats the question in whole sentences, and finds an answer where there is none.
After a few short turns about another text it answers in the passage's own words, and declines where
the passage does not tell. All examples are about one pair of passages, so they cost few tokens.
"""

from __future__ import annotations

import functools

from ahn_runtime.tokenizer import Encoder
from app.service.reading.stream_text import end_turn
from storage import STOP_WORDS, folded_words

ASK = "Answer in a few words: "
PASSAGES = "Passages found for the question:\n\n"
NOT_FOUND = "I could not find it."
_TEXT = (
    "Pump manual, page 12:\nOnce a month switch the pump off, take the filter out and rinse it in "
    "cold water. Soap would clog it.\n\n"
    "The ring, chapter 3:\nWhen Tom had lost the ring, he sat down on the stair and wept, for it "
    "had been his mother's; and he told nobody but his sister Ann.\n\n"
)
# The last turns are whole phrases: after shorter ones a model says "wept" for all that was done.
_TURNS = (
    ("Whom did Tom tell?", "his sister Ann"),
    ("Why must the filter not be washed with soap?", "because soap would clog it"),
    ("Who found the ring?", NOT_FOUND),
    ("How is the filter cleaned?", "take it out and rinse it in cold water"),
    ("What did Tom do when he had lost the ring?", "he sat down on the stair and wept"),
)


MIN_COPIED_WORDS = 4


def copies_examples(answer: str, known: str) -> bool:
    """Whether an answer has words on end of the examples, one of which is from nowhere else.

    Where the passages tell no answer, a small model may give the example's: asked why a brig sailed
    west it said "because it had been his mother's".

    Args:
        known: the passages and the question.
    """
    explained = STOP_WORDS.union(folded_words(known))
    copied = _runs(answer) & _example_runs()
    return not all(explained.issuperset(run) for run in copied)


@functools.cache
def _example_runs() -> frozenset[tuple[str, ...]]:
    answers = (answer for _, answer in _TURNS if answer != NOT_FOUND)
    return frozenset().union(*map(_runs, (_TEXT, *answers)))


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = folded_words(text)
    ends = range(MIN_COPIED_WORDS, len(words) + 1)
    return frozenset(tuple(words[end - MIN_COPIED_WORDS : end]) for end in ends)


def example_ids(tokens: Encoder) -> list[int]:
    """Token ids of the examples, in the user's turn; another turn of the user is begun after."""
    ids = tokens.encode(PASSAGES + _TEXT)
    for question, answer in _TURNS:
        ids += [*end_turn(tokens, ASK + question), *tokens.encode(answer)]
        ids += [tokens.control["<|im_end|>"], *tokens.encode("\n")]
        ids += [tokens.control["<|im_start|>"], *tokens.encode("user\n")]
    return ids
