"""Material of an overview: notes and key sentences of all parts, and how room is shared out."""

import pytest

import storage
from app.service.answering.material import MIN_WEIGHT, choose, gather, least_tokens
from app.service.reading.titles import list_shown_keys
from storage import NewSegment

TOKENS = 400
PAGES = [f"On day {i} the miller Ann mended the wheel number {i} of the mill." for i in range(1, 9)]


@pytest.fixture
def add(db):
    def add(title, *texts):
        document = storage.add_document(
            db, 1, title=title, kind="text", file_name=title, sha256=title, byte_count=1
        )
        segments = [
            NewSegment(text, f"page {i + 1}", "page", i + 1, i + 1, i * TOKENS, TOKENS)
            for i, text in enumerate(texts)
        ]
        storage.add_segments(db, document.id, segments)
        storage.set_start_position(db, document.id, 10_000 * (document.id - 1))
        return document.id

    return add


def gathered(db, focus="", before=None):
    return gather(db, 1, list_shown_keys(db, 1), focus, before)


def test_without_notes_the_parts_are_even_pieces_of_the_text(db, add):
    add("mill", *PAGES)
    material = gathered(db)
    assert [part.first.locator for part in material.parts] == [f"page {i}" for i in (1, 3, 5, 7)]
    assert all(not part.note and part.ranked for part in material.parts)
    assert (material.looked_through, material.passages) == (8, 8)


def test_notes_make_parts_and_what_was_not_noted_is_cut_evenly(db, add):
    document = add("mill", *PAGES)
    storage.add_note(db, document, 0, 3 * TOKENS, "Ann mends three wheels")
    storage.add_note(db, document, 3 * TOKENS, 4 * TOKENS, "Ann rests")
    parts = gathered(db).parts
    assert [(p.note, p.first.locator) for p in parts] == [
        ("Ann mends three wheels", "page 1"),
        ("Ann rests", "page 4"),
        ("", "page 5"),
        ("", "page 7"),
    ]


def test_nothing_behind_a_position_is_gathered(db, add):
    document = add("mill", *PAGES)
    add("later", "The parson sold the church.")
    storage.add_note(db, document, 0, 2 * TOKENS, "Ann mends two wheels")
    storage.add_note(db, document, 2 * TOKENS, 8 * TOKENS, "Ann mends the others")
    material = gathered(db, before=3 * TOKENS)
    assert [part.note for part in material.parts] == ["Ann mends two wheels", ""]
    assert material.passages == 3
    assert not any("number 4" in s.text for part in material.parts for s in part.ranked)


def test_everything_is_taken_in_reading_order_while_there_is_room(db, add):
    document = add("mill", *PAGES)
    storage.add_note(db, document, 0, 2 * TOKENS, "Ann mends two wheels")
    chosen = choose(gathered(db).parts, 10_000, len)
    assert [each.part.first.locator for each in chosen] == [f"page {i}" for i in (1, 3, 5, 7)]
    assert chosen[0].text == f"Ann mends two wheels. {PAGES[0]} {PAGES[1]}"
    assert chosen[1].text == f"{PAGES[2]} {PAGES[3]}"


@pytest.mark.parametrize("room", [0, 50, 200, 330, 400, 700])
def test_what_is_chosen_fits_into_the_room(db, add, room):
    add("mill", *PAGES)
    chosen = choose(gathered(db).parts, room, len)
    assert sum(len(each.text) for each in chosen) <= room
    if room >= least_tokens(gathered(db).parts, len):
        assert len(chosen) == 4, "each part has its sentence before any has two"


def test_parts_for_which_there_is_no_room_are_left_out_evenly(db, add):
    add("mill", *[page for page in PAGES for _ in range(4)])
    parts = gathered(db).parts
    assert len(parts) >= 16
    chosen = choose(parts, least_tokens(parts, len) // 4, len)
    places = [parts.index(each.part) for each in chosen]
    gaps = [b - a for a, b in zip(places, places[1:], strict=False)]
    assert places == sorted(places) and max(gaps) <= 8 and places[0] < 5


def test_parts_with_the_words_that_are_asked_for_get_more_room(db, add):
    pages = list(PAGES)
    pages[4:6] = ["The parson Bob came to see the wheel.", "Bob the parson bought the old mill."]
    add("mill", *pages)
    material = gathered(db, "bob")
    assert [part.weight for part in material.parts] == [MIN_WEIGHT, MIN_WEIGHT, 1.0, MIN_WEIGHT]
    chosen = choose(material.parts, 100, len)
    assert [each.part for each in chosen] == [material.parts[2]]
    assert "Bob" in chosen[0].text


def test_of_very_many_passages_some_are_looked_through_and_those_that_match(db, add, monkeypatch):
    monkeypatch.setattr("app.service.answering.material.MAX_PASSAGES", 4)
    pages = list(PAGES)
    pages[2] = "The parson Bob came to see the wheel."
    add("mill", *pages)
    assert gathered(db).looked_through == 4
    material = gathered(db, "bob")
    assert (material.looked_through, material.passages) == (5, 8)
    assert any("Bob" in s.text for part in material.parts for s in part.ranked)
