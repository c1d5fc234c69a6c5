"""Tokens: what of a text is stored in the search index."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import folding
from storage import tokens as tokens_file
from storage.languages import stem
from storage.migrations import _M008
from storage.stop_words import STOP_WORDS, guess_language
from storage.tokens import (
    CAPITAL,
    MAX_TOKEN_CHARACTERS,
    TWO_LETTERED,
    capital_names,
    chunks,
    count_words,
    folded_words,
    groups,
    index_tokens,
    is_unspaced,
    two_lettered_words,
)


def tokens(text, language="english"):
    return index_tokens(text, language, STOP_WORDS)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("The whales' tails", "the whale tail"),
        ("well-known", "well known wellknown"),
        ("It isn't Ahab's.", "it isn ahab"),
        ("AB-1204/7", "ab 1204 ab1204 7"),
        ("1,250,000 crowns", "1 250 000 1250000 crown"),
        ("on 2021-03-05", "on 2021 03 05 20210305"),
        ("1 234 567", "1 234 567 1234567"),
        ("in 1911 234 men", "in 1911 234 men"),
        ("550e8400-e29b-41d4-a716-446655440000", "550 e 8400 e 29 b 41 d 4 a 716 446655440000"),
        ("3f2a9c77b1e8d0aa", "3f2a9c77b1e8d0aa"),
        ("end.Next ...and", "end next endnext and"),
        ("C#, C++ and .NET", "c# c++ and net .net"),
        ("issue#12 a+b", "issu 12 a b"),
        ("机器学 and GPU的", "机器 器学 学 and gpu 的"),
        ("ตลาดเปิด", "ตลา ลาด าดเ ดเป เปิ ปิด ิด ด"),
        ("x" * 101 + " y", "y"),
        ("", ""),
        ("!!! 🐋 ___", ""),
    ],
)
def test_a_text_is_stored_as_tokens(text, stored):
    assert tokens(text) == stored


def test_a_stop_word_in_capitals_is_stored_as_a_name():
    assert tokens("The WHO sent IT.") == "the who sent it ^who ^it"
    assert tokens("IT WAS THE END\nof it") == "it was the end of it"
    assert tokens("IIT") == "iit"


def test_words_are_stored_by_the_stems_of_the_language():
    assert tokens("Häuser", "german") == tokens("Haus", "german") == "haus"
    assert tokens("Häuser") == "hauser +haeuser"
    assert tokens("книги", "german") == tokens("книга", "russian")
    assert tokens("lamps", "russian") == "lamp"


def test_a_word_is_stored_with_two_letters_too_where_the_text_has_one():
    assert tokens("Anna Müller, Aarhus") == "anna muller +mueller aarhus"
    assert tokens("Müller-Schmidt") == "muller schmidt mullerschmidt +mueller +muellerschmidt"
    assert tokens("Kjær, cœur, Straße") == "kjaer coeur strass"
    assert tokens("Müller", "german") == tokens("Mueller", "german") == "mull"
    assert tokens("does a blue poet true") == "doe a blue poet true"


def test_words_with_two_letters_are_given_beside_their_folded_form():
    assert two_lettered_words("Müller and Aarhus in Århus: Ärö-Fähre") == {
        "muller": "mueller",
        "arhus": "aarhus",
        "aro": "aeroe",
        "fahre": "faehre",
        "arofahre": "aeroefaehre",
    }
    assert two_lettered_words("naïve Zoë, Ёлка, does") == {}


def test_folded_words_are_whole_words():
    assert folded_words("Wałęsa's co-operatives") == [
        *("walesa", "co", "operatives", "cooperatives")
    ]
    assert folded_words("the WHO", STOP_WORDS) == ["^who", "the", "who"]
    assert folded_words("黑猫") == ["黑猫", "猫"]


def test_words_are_counted_in_scripts_without_spaces_too():
    assert count_words("Who is O'Brien?") == 3
    assert count_words("为什么?") == 1
    assert count_words("什么是机器学习?") == 3
    assert count_words("") == 0


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wann wurde der Leuchtturm gebaut?", "german"),
        ("When was the lighthouse built?", "english"),
        ("Who was der Kaiser?", "english"),
        ("Où est la boulangerie?", "french"),
        ("Кто чинит сети и где?", "russian"),
        ("", "english"),
    ],
)
def test_the_language_of_a_question_is_that_of_its_stop_words(question, language):
    assert guess_language(folded_words(question)) == language


@settings(deadline=None)
@given(st.text(st.characters(codec=None), min_size=1))
def test_sqlite_cuts_the_tokens_of_any_text_as_they_are(text):
    stored = tokens(text).encode("utf-8", "replace").decode()
    statement = next(s for s in _M008 if "fts5" in s)
    tokenizer = statement[statement.index("tokenize") : statement.rindex(")")]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE VIRTUAL TABLE t USING fts5(tokens, {tokenizer})")
        db.execute("CREATE VIRTUAL TABLE words USING fts5vocab(t, instance)")
        db.execute("INSERT INTO t VALUES (?)", [stored])
        cut = [row[0] for row in db.execute("SELECT term FROM words ORDER BY offset")]
    assert cut == stored.split(" ") if stored else cut == []


def test_a_word_with_a_thousand_endings_is_cut_without_recursion():
    assert index_tokens("x" + "'s" * 5000, "english", frozenset()) == "x"


WORDS = st.sampled_from(
    "tide Tides TIDE WHO It's IT us US.  'tis ships' end... .NET C# C++ R&D AB-1204 x_y _ ,, 1,234 "
    "co-operative 12.5 1 234 567 ÉTÉ l’été straße 机器学 ตลาด U.S. can't've "
    "Müller Mueller Øst-Ærø ÜBER Đoković \u00a0 \u202f".split(" ")
)
SIGNS = st.sampled_from(
    ["", " ", " ", "\n", ".", ", ", "-", "-\n", "\u00ad\n", "--", '"', "(", "WHO"]
)
TEXTS = st.lists(st.tuples(WORDS, SIGNS)).map(lambda parts: "".join(map("".join, parts)))


def plain_tokens(text, language):
    """What `index_tokens` gives, without what is kept and without its shorter ways."""
    found = [CAPITAL + word for word in capital_names(text, STOP_WORDS)]
    for chunk in chunks(text):
        run = chunk.parts[0]
        words = groups(run) if is_unspaced(run) else (*chunk.parts, *chunk.whole)
        found += [word if is_unspaced(run) else stem(word, language) for word in words]
        if chunk.two_lettered:
            pairs = zip(chunk.words, chunk.two_lettered.words, strict=True)
            others = [stem(two, language) for one, two in pairs if one != two]
            stored = [stem(word, language) for word in chunk.words]
            found += [TWO_LETTERED + word for word in others if word not in stored]
    return sorted(word for word in found if len(word) <= MAX_TOKEN_CHARACTERS)


@pytest.mark.parametrize("language", ["english", "german"])
@given(TEXTS)
def test_the_tokens_of_kept_pieces_are_those_that_their_words_have(language, text):
    for _ in range(2):  # the second time, all pieces are kept
        assert sorted(tokens(text, language).split()) == plain_tokens(text, language)


@given(TEXTS)
def test_what_looks_for_thousands_and_broken_words_first_misses_none(text):
    joined = folding._HYPHENATED_LINE_BREAK.sub(r"\1", folding._SOFT_LINE_BREAK.sub("", text))
    assert folding.join_lines(text) == joined
    spaced = tokens_file._SPACED_THOUSANDS.sub(tokens_file._joined_thousands, joined)
    assert tokens_file._spaced(text) == spaced
