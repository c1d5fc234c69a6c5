"""Segments: stored in order and read from any token."""

import pytest

import storage


def ordinals(segments):
    return [segment.ordinal for segment in segments]


def test_segments_are_read_back_unchanged(db, add_session, add_text):
    document = add_text(db, add_session(db).id, "one", "two \0 \ud800 鯨")
    first, second = storage.iter_segments(db, document.id)
    assert (first.text, first.locator, first.token_start, first.token_count) == (
        "one",
        "page 1",
        0,
        10,
    )
    assert second.text == "two \0 \ufffd 鯨"


@pytest.mark.parametrize("batch", [1, 3, 7, 200])
@pytest.mark.parametrize(
    ("from_token", "first"), [(0, 0), (1, 0), (9, 0), (10, 1), (34, 3), (69, 6), (70, 7), (999, 7)]
)
def test_iter_segments_starts_at_the_segment_that_contains_the_token(
    db, add_session, add_text, from_token, first, batch
):
    document = add_text(db, add_session(db).id, *"abcdefg")
    found = storage.iter_segments(db, document.id, from_token, batch=batch)
    assert ordinals(found) == list(range(first, 7))


def test_iter_segments_yields_segments_without_tokens(db, add_session, add_text):
    document = add_text(db, add_session(db).id)
    counts = [0, 5, 0, 0, 5, 0]
    starts = [sum(counts[:i]) for i in range(len(counts))]
    pairs = zip(starts, counts, strict=True)
    storage.add_segments(
        db, document.id, [storage.NewSegment("x", "p", "page", 1, 1, s, c) for s, c in pairs]
    )
    assert ordinals(storage.iter_segments(db, document.id)) == [0, 1, 2, 3, 4, 5]
    assert ordinals(storage.iter_segments(db, document.id, 4)) == [1, 2, 3, 4, 5]
    assert ordinals(storage.iter_segments(db, document.id, 5)) == [4, 5]


def test_more_segments_are_added_at_the_end(db, add_session, add_text):
    document = add_text(db, add_session(db).id, "a", "b")
    storage.add_segments(db, document.id, [storage.NewSegment("c", "page 3", "page", 3, 3, 20, 10)])
    assert ordinals(storage.iter_segments(db, document.id)) == [0, 1, 2]
    assert storage.get_document(db, document.id).segment_count == 3


def test_segments_are_stored_completely_or_not_at_all(db, add_session, add_text, count):
    document = add_text(db, add_session(db).id, "a")
    good = storage.NewSegment("b", "page 2", "page", 2, 2, 10, 10)
    bad = storage.NewSegment("c", "page 3", "page", None, 3, 20, 10)
    with pytest.raises(storage.StorageError, match="NOT NULL"):
        storage.add_segments(db, document.id, [good, bad])
    assert count(db, "segments") == storage.get_document(db, document.id).segment_count == 1


def test_segments_of_a_missing_document_are_refused(db):
    with pytest.raises(storage.NotFound, match="document number 3"):
        storage.add_segments(db, 3, [])


def test_iter_segments_holds_no_lock(file_db, add_session, add_text):
    document = add_text(file_db, add_session(file_db).id, *"abc")
    for segment in storage.iter_segments(file_db, document.id, batch=1):
        storage.set_start_position(file_db, document.id, segment.ordinal)
    assert file_db.value("PRAGMA wal_checkpoint(TRUNCATE)") == 0


@pytest.mark.parametrize(
    ("before", "after", "expected"), [(1, 1, [1, 2, 3]), (0, 0, [2]), (9, 9, [0, 1, 2, 3, 4])]
)
def test_segments_around_a_segment_are_its_neighbours(
    db, add_session, add_text, before, after, expected
):
    session = add_session(db)
    add_text(db, session.id, *"vwxyz", title="other")
    document = add_text(db, session.id, *"abcde")
    middle = list(storage.iter_segments(db, document.id))[2]
    assert ordinals(storage.segments_around(db, middle.id, before, after)) == expected


def test_segments_around_a_segment_end_before_the_position(db, add_session, add_text):
    document = add_text(db, add_session(db).id, *"abcde")
    middle = list(storage.iter_segments(db, document.id))[2]
    assert storage.segments_around(db, middle.id, before_position=10_000) == []
    storage.set_start_position(db, document.id, 100)
    found = storage.segments_around(db, middle.id, before_position=130)
    assert ordinals(found) == [1, 2]


def test_segments_around_a_missing_segment_are_refused(db):
    with pytest.raises(storage.NotFound, match="passage number 3"):
        storage.segments_around(db, 3)
