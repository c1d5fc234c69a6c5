"""Names that differ only in characters that are not seen are refused."""

import unicodedata

import pytest

import storage

UNSEEN = ["\u200b", "\u200d", "\u202e", "\u2066", "\u200f", "\u00ad", "\ufeff", "\ufe0f", "\u3164"]
UNSEEN += ["\U000e0041", "\u061c", "\u2060"]


@pytest.mark.parametrize("character", UNSEEN)
def test_a_session_name_that_looks_like_another_is_refused_everywhere(db, character):
    first = storage.create_session(db, "Grüße", {})
    other = storage.create_session(db, "other", {})
    alike = f"Grü{character}ße"
    for refused in (
        lambda: storage.create_session(db, alike, {}),
        lambda: storage.create_session(db, alike.upper(), {}),
        lambda: storage.rename_session(db, other.id, alike),
        lambda: storage.duplicate_session(db, first.id, alike),
    ):
        with pytest.raises(storage.AlreadyExists, match="not seen") as error:
            refused()
        assert character not in str(error.value)
    assert storage.rename_session(db, first.id, alike).name == alike  # its own


def test_a_name_of_which_nothing_is_seen_is_refused(db):
    with pytest.raises(ValueError, match="no character that is seen"):
        storage.create_session(db, "\u200b\u202e\u3164", {})


def test_a_restored_session_gets_a_number_if_another_looks_like_it(db):
    first = storage.create_session(db, "abc", {})
    storage.trash_session(db, first.id)
    storage.create_session(db, "a\u200bbc", {})
    assert storage.restore_session(db, first.id).name == "abc (2)"


def test_names_that_differ_in_what_is_seen_are_taken(db):
    for name in ("naive", "naïve", "a b", "a  b", "👩\u200d💻", "👩", "می\u200cخواهم", "2"):
        storage.create_session(db, name, {})


@pytest.mark.parametrize("character", UNSEEN)
def test_a_file_name_that_looks_like_another_of_the_session_is_refused(db, add_text, character):
    for name in ("s", "t"):
        storage.create_session(db, name, {})
    s, t = (storage.get_session(db, name).id for name in ("s", "t"))
    add_text(db, s, "one", title="réport")
    with pytest.raises(storage.AlreadyExists, match="rename the file"):
        add_text(db, s, "two", title=f"ré{character}port")
    add_text(db, s, "a new version", title=unicodedata.normalize("NFD", "réport"))
    add_text(db, t, "two", title=f"ré{character}port")
