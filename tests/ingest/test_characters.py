"""Characters that no segment may contain are removed; all others stay."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.characters import without_controls, without_surrogates

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
