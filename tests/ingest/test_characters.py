"""Characters that no segment may contain are removed; all others stay."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.characters import (
    blocks_without_typesetting,
    without_controls,
    without_surrogates,
    without_typesetting,
)

ANY = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "clean"),
    [("a\ud83d\ude42b", "a🙂b"), ("lone \ud83d", "lone \ufffd"), ("\ude42\ud83d", "\ufffd\ufffd")],
)
def test_surrogate_pairs_become_one_character_and_lone_ones_a_replacement(text, clean):
    assert without_surrogates(text) == clean


@given(ANY)
def test_text_without_surrogates_can_be_encoded_and_is_not_changed_again(text):
    clean = without_surrogates(text)
    clean.encode()
    assert without_surrogates(clean) == clean


@given(ANY)
def test_only_control_characters_are_removed_and_tabs_and_newlines_stay(text):
    kept = [c for c in text if unicodedata.category(c) != "Cc" or c in "\t\n"]
    assert without_controls(text) == "".join(kept)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("The light\u00adhouse of Skerry\u00ad\u200bvore", "The lighthouse of Skerryvore"),
        ("tele\u200bgraph \ufeffnum\u2060ber", "telegraph number"),
        ("a light-\u00ad\nhouse, a light\u00ad\nhouse", "a light-\nhouse, a light-\nhouse"),
        ("Auf\u200clage \u03b1\u200d\u03b2", "Auflage αβ"),
        ("می\u200cخواهد क्\u200dष", "می\u200cخواهد क्\u200dष"),
        ("\U0001f469\u200d\U0001f692 well-known", "\U0001f469\u200d\U0001f692 well-known"),
        ("ភាសា\u200bខ្មែរ", "ភាសា\u200bខ្មែរ"),
        ("\u200fשלום\u200e", "\u200fשלום\u200e"),
    ],
    ids=["soft", "zero-width", "line-end", "latin", "spelling", "emoji", "khmer", "direction"],
)
def test_signs_of_typesetting_are_removed_where_no_spelling_needs_them(text, clean):
    assert without_typesetting(text) == clean


@given(st.lists(st.text(alphabet="ab\n\u00ad\u200b\u200c\u2060ก", max_size=12), max_size=9))
def test_blocks_are_cleaned_as_the_whole_text_is(blocks):
    cleaned = "".join(blocks_without_typesetting(blocks))
    assert cleaned == without_typesetting("".join(blocks))


def test_an_endless_row_of_invisible_signs_is_not_held():
    held = blocks_without_typesetting("\u200c" * 10_000 for _ in range(20))
    assert max(map(len, held)) < 30_000
