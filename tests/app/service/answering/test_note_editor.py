"""Notes from drafts: cleaned, cut at a clause, checked against their text, or else found in it."""

import doctest

import pytest

import storage
from app.service.answering import note_editor
from app.service.answering.note_editor import (
    BEGINNING,
    MAX_NOTE_CHARACTERS,
    NoteEditor,
    clean,
    main_name,
    telling_sentence,
)

TEXT = """Captain Flint rowed to the island at dawn, and
Morag waited for him on the pier.

"I will not go," said Morag.  So Flint dug alone.

At noon Flint found the iron chest under the old oak, and Flint carried it to the boat.
The rain began. Morag counted 31 gold coins, and then Flint buried the chest again.
The tide rose. They were glad of the fire in the evening.
"""


@pytest.fixture
def db():
    with storage.Database(":memory:") as database:
        yield database


FOUND = "Morag counted 31 gold coins, and then Flint buried the chest again"
EDITOR = NoteEditor()


def note(draft, text=TEXT, previous=""):
    """The note from what the model says after the beginning that it was given."""
    return EDITOR.note(f"{EDITOR.request(text).beginning}{draft}", text, previous)


def test_its_examples_hold():
    assert doctest.testmod(note_editor).failed == 0


def test_the_model_is_asked_what_the_main_character_does():
    assert main_name(TEXT) == "Flint"
    assert EDITOR.request(TEXT).beginning == f"{BEGINNING} Flint first"
    assert EDITOR.request("nobody has a name here. nobody at all.").beginning == BEGINNING


def test_what_precedes_a_name_mostly_belongs_to_it():
    text = "Then Mr. Chick met Miss Tox. So Miss Tox bowed, and Mr. Chick bowed to Miss Tox."
    assert main_name(text) == "Miss Tox"


def test_a_sound_draft_is_the_note_without_its_frame():
    assert note(" finds the iron chest under the old oak.\n") == (
        "Flint finds the iron chest under the old oak"
    )


def test_a_draft_that_is_cut_off_ends_with_its_last_whole_clause():
    assert note(" rows to the island at dawn, and then he di") == "Flint rows to the island at dawn"
    assert note(" rows to the island at dawn in which the") == "Flint rows to the island at dawn"
    assert note(" finds the old chest of the cuckoo's, and") == "Flint finds the old chest"
    assert note(" carries the iron chest to the boa") == "Flint carries the iron chest…"


@pytest.mark.parametrize(
    "draft, cleaned",
    [
        ("The last pages of the novel describe how Ann sails home.\n", "Ann sails home"),
        ('Summary: "Ann sails home with Bob."\n', "Ann sails home with Bob"),
        ("In this passage, Ann sails home [1].\nMore", "Ann sails home"),
        ("**Ann sails home to Mr. Bob.** And more of it", "Ann sails home to Mr. Bob"),
        ("", ""),
        ("[1]", ""),
    ],
)
def test_frames_quotes_marks_and_numbers_of_passages_go(draft, cleaned):
    assert clean(draft) == cleaned


@pytest.mark.parametrize(
    "draft",
    [
        " meets Napoleon in the old house.\n",  # a name that the text does not have
        " counts 47 gold coins in the rain.\n",
        " studies chemistry, marries a duchess and writes novels.\n",
        " Flint Flint Flint Flint Flint.\n",
        " is what this passage says about the chest.\n",
        " could not find it.\n",
        "",
        "\ufffd\ufffd chest oak rain",
    ],
)
def test_an_unsound_draft_gives_way_to_the_sentence_that_tells_most(draft):
    assert note(draft) == FOUND


def test_a_note_does_not_repeat_the_one_before_it():
    sound = " finds the iron chest under the old oak.\n"
    assert note(sound, previous="Flint finds the iron chest under an oak") == FOUND
    assert telling_sentence(TEXT, FOUND) not in ("", FOUND)
    only = "In the evening Captain Flint rowed to the island."
    assert telling_sentence(only) == only[:-1] and telling_sentence(only, only) == ""


def test_a_sentence_of_speech_or_of_one_who_tells_is_no_note():
    assert telling_sentence('"The captain rowed to the island with Morag at dawn," he said.') == ""
    assert telling_sentence("I rowed with the captain to the island with Morag at dawn.") == ""


def test_a_long_sentence_is_shortened_at_a_word():
    long = f"The {'very ' * 5}extraordinarily-longwinded-and-everlasting " * 3 + "captain rowed."
    found = telling_sentence(long)
    assert found.endswith("…") and len(found) <= MAX_NOTE_CHARACTERS and found[:-1] in long


def test_a_text_without_sentences_is_no_prose():
    assert EDITOR.is_prose(TEXT)
    assert not EDITOR.is_prose("12 | 13 | 14.\n" * 200)
    assert not EDITOR.is_prose("for (i = 0; i < 10; i++) { x[i] += 1; } " * 50)
    assert not EDITOR.is_prose("")


def test_other_scripts_and_any_characters_are_taken():
    for text in ("彼は島へ行った。" * 90, "Он уехал домой. " * 90, "\0\ud800\u202e. " * 90):
        assert isinstance(note("abc", text), str) and isinstance(EDITOR.is_prose(text), bool)


def test_chapters_end_where_the_next_heading_begins(db):
    session = storage.create_session(db, "s", {})
    document = storage.add_document(
        db, session.id, title="b", kind="text", file_name="b", sha256="b", byte_count=1
    )
    texts = ["CHAPTER I\n" + "a" * 90, "b" * 50 + "\nCHAPTER II. The Sea\n" + "b" * 49, "c" * 100]
    storage.add_segments(
        db,
        document.id,
        [storage.NewSegment(t, "line 1", "line", 1, 1, 100 * i, 100) for i, t in enumerate(texts)],
    )
    first, second = EDITOR.chapter_ends(db, document)
    assert first == 0 and 140 <= second <= 145


def test_the_chapters_of_an_outline_count_where_there_is_one(db):
    session = storage.create_session(db, "s", {})
    document = storage.add_document(
        db, session.id, title="b", kind="epub", file_name="b", sha256="b", byte_count=1
    )
    rows = [("CHAPTER 1\nText", 0, 1), ("more", 100, 1), ("CHAPTER 9\n", 200, 2)]
    storage.add_segments(
        db,
        document.id,
        [storage.NewSegment(t, f"chapter {c}", "chapter", c, c, s, 100, c) for t, s, c in rows],
    )
    assert EDITOR.chapter_ends(db, document) == [200, 300]
