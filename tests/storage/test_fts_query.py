"""Search terms of a question, and how well texts match them."""

import pytest

from storage.fts_query import (
    MAX_TERMS,
    TOKENIZER,
    match_bonus,
    question_terms,
    unspaced_bigrams,
)
from storage.migrations import _M001


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("What was Captain Ahab's leg made of?", ["captain", "ahab", "leg", "made"]),
        ("Who is he?", ["who", "is", "he"]),
        ("whale Whale WHALE", ["whale"]),
        ("___ !!!", []),
        ("x" * 101, []),
    ],
)
def test_question_terms_are_words_without_stop_words(question, terms):
    assert question_terms(question) == terms


def test_question_terms_and_bigrams_are_limited():
    assert len(question_terms(" ".join(f"w{i}" for i in range(500)))) == MAX_TERMS
    assert len(unspaced_bigrams("".join(chr(0x4E00 + i) for i in range(500)))) == MAX_TERMS


def test_bigrams_come_from_unspaced_scripts_only():
    assert unspaced_bigrams("ab机器学c 猫") == ["机器", "器学", "猫"]


def test_the_match_bonus_uses_the_tokenizer_of_the_search_index():
    assert any(f"tokenize = '{TOKENIZER}'" in statement for statement in _M001)


def test_the_match_bonus_grows_with_the_share_of_the_terms():
    none, one, both, together = match_bonus(
        ["fish", "a green fish", "green is the far away house", "greens houses"],
        ["green", "house"],
    )
    assert none == 0.0 < one < both < together <= 1.5


def test_the_match_bonus_without_texts_or_terms():
    assert match_bonus(["text"], []) == [0.0]
    assert match_bonus([], ["term"]) == []
