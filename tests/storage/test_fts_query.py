"""Search terms of a question, and how well texts match them."""

import pytest

from storage.fts_query import (
    MAX_TERMS,
    Term,
    any_of,
    match_bonus,
    question_terms,
    quoted,
    single_characters,
)
from storage.stop_words import STOP_WORDS
from storage.tokens import index_tokens


def words(question, *languages):
    """The phrases of the terms that the question has as it is written, joined by slashes."""
    terms = question_terms(question, languages or ("english",))
    return ["/".join(map(" ".join, term.phrases)) for term in terms if not term.is_optional]


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("What was Captain Ahab's leg made of?", ["captain", "ahab", "leg", "made"]),
        ("Who is he?", ["who", "is", "he"]),
        ("whale Whale WHALE", ["whale"]),
        ("___ !!!", []),
        ("x" * 101, []),
        ("the quarter-deck", ["quarterdeck/quarter deck", "quarter", "deck"]),
        ("AB-1204", ["ab1204/ab 1204", "1204"]),
        ("wi-fi", ["wifi/wi fi"]),
        ("1,250,000", ["1250000/1 250 000", "250", "000"]),
        ("C#, C++, C and .NET", ["c#", "c++", "c", ".net/net"]),
        ("What did the WHO send?", ["who/^who", "send"]),
        ("WHAT DID WHO SEND?", ["send"]),
        ("What did IT do?", ["it/^it"]),
        ("Müller", ["muller/mueller"]),
        ("Mueller", ["mueller/+mueller"]),
        ("Muller", ["muller"]),
        ("a blue boat", ["blue/+blue", "boat"]),
    ],
)
def test_question_terms_are_words_without_stop_words(question, terms):
    assert words(question) == terms


def test_a_word_is_asked_for_with_its_stem_in_every_language():
    assert words("nations", "english", "german") == ["nation"]
    assert words("Häuser", "german", "english") == ["hauser/haus/haeuser"]
    assert words("Häuser", "english") == ["hauser/haeuser"]


def test_stop_words_are_those_of_english_and_of_the_languages_of_the_texts():
    assert words("Wann wurde der Turm gebaut?", "german") == ["turm", "gebaut"]
    assert words("Wann wurde der Turm gebaut?", "english")[0] == "wann"


def test_question_terms_are_limited():
    assert len(words(" ".join(f"w{i}" for i in range(500)))) == MAX_TERMS
    assert len(words("".join(chr(0x4E00 + i) for i in range(500)))) == MAX_TERMS


def test_scripts_without_spaces_are_asked_for_in_groups_of_characters():
    assert words("ab机器学c 猫") == ["ab", "c", "机器", "器学", "猫"]
    assert words("ตลาดเปิด")[:2] == ["ตลา", "ลาด"]
    assert any_of(question_terms("猫")) == '"猫" *'
    assert [term.phrases for term in single_characters("什么是猫a?")] == [(("猫",),)]


def test_two_words_are_asked_for_as_one_too():
    optional = [term for term in question_terms("the light house") if term.is_optional]
    assert optional == [Term((("lighthous",),), is_optional=True)]


def test_no_character_of_a_phrase_is_syntax():
    assert quoted(('a"b', "NOT")) == '"a""b NOT"'


def score(texts, question):
    stored = [index_tokens(text, "english", STOP_WORDS) for text in texts]
    return match_bonus(stored, question_terms(question))


def test_the_match_bonus_grows_with_the_share_of_the_terms():
    none, one, both, together = score(
        ["fish", "a green fish", "green is the far away house", "greens houses"], "green house"
    )
    assert none == 0.0 < one < both < together <= 1.5


def test_the_match_bonus_counts_any_form_of_a_term():
    without, compound, number, character = score(
        ["a lamp", "the quarter deck", "48500 pounds", "黑猫"], "quarterdeck 48,500 猫"
    )
    assert without == 0.0 < min(compound + number, character)


def test_each_spelling_of_a_name_counts_once_and_is_near_what_it_is_near():
    texts = ["Captain Muller sailed", "Captain Müller sailed", "Captain Mueller sailed"]
    for question in ("captain Müller", "Müller sailed", "Mueller sailed", "captain Mueller"):
        assert len(set(score(texts[1:], question))) == 1
    for question in ("captain Müller", "Müller sailed"):
        assert len(set(score(texts, question))) == 1
    for question in ("Müller", "Mueller", "Muller", "Århus", "Kjær"):
        terms = question_terms(question)
        for text in (question, "Müller", "Mueller", "Muller"):
            tokens = index_tokens(text, "english", STOP_WORDS).split()
            phrases = {token for term in terms for phrase in term.phrases for token in phrase}
            assert sum(token in phrases for token in tokens) <= 1, (question, text)


def test_the_match_bonus_without_texts_or_terms():
    assert match_bonus(["text"], []) == [0.0]
    assert match_bonus([], question_terms("term")) == []
