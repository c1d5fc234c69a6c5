import pytest

import storage


def ordinals(segments):
    return [segment.ordinal for segment in segments]


def test_segments_come_back_as_they_were(db, add_session, add_text):
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
def test_iteration_starts_where_the_token_is(db, add_session, add_text, from_token, first, batch):
    document = add_text(db, add_session(db).id, *"abcdefg")
    found = storage.iter_segments(db, document.id, from_token, batch=batch)
    assert ordinals(found) == list(range(first, 7))


def test_segments_without_tokens_are_not_lost(db, add_session, add_text):
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


def test_more_segments_go_behind(db, add_session, add_text):
    document = add_text(db, add_session(db).id, "a", "b")
    storage.add_segments(db, document.id, [storage.NewSegment("c", "page 3", "page", 3, 3, 20, 10)])
    assert ordinals(storage.iter_segments(db, document.id)) == [0, 1, 2]
    assert storage.get_document(db, document.id).segment_count == 3


def test_a_batch_is_stored_whole_or_not_at_all(db, add_session, add_text, count):
    document = add_text(db, add_session(db).id, "a")
    good = storage.NewSegment("b", "page 2", "page", 2, 2, 10, 10)
    bad = storage.NewSegment("c", "page 3", "page", None, 3, 20, 10)
    with pytest.raises(storage.StorageError, match="NOT NULL"):
        storage.add_segments(db, document.id, [good, bad])
    assert count(db, "segments") == storage.get_document(db, document.id).segment_count == 1


def test_segments_need_their_document(db):
    with pytest.raises(storage.NotFound, match="document number 3"):
        storage.add_segments(db, 3, [])


def test_iteration_holds_no_lock(file_db, add_session, add_text):
    document = add_text(file_db, add_session(file_db).id, *"abc")
    for segment in storage.iter_segments(file_db, document.id, batch=1):
        storage.set_start_position(file_db, document.id, segment.ordinal)
    assert file_db.value("PRAGMA wal_checkpoint(TRUNCATE)") == 0


@pytest.mark.parametrize(
    ("before", "after", "expected"), [(1, 1, [1, 2, 3]), (0, 0, [2]), (9, 9, [0, 1, 2, 3, 4])]
)
def test_neighbours(db, add_session, add_text, before, after, expected):
    session = add_session(db)
    add_text(db, session.id, *"vwxyz", title="other")
    document = add_text(db, session.id, *"abcde")
    middle = list(storage.iter_segments(db, document.id))[2]
    assert ordinals(storage.segments_around(db, middle.id, before, after)) == expected


def test_neighbours_end_before_the_position(db, add_session, add_text):
    document = add_text(db, add_session(db).id, *"abcde")
    middle = list(storage.iter_segments(db, document.id))[2]
    assert storage.segments_around(db, middle.id, before_position=10_000) == []
    storage.set_start_position(db, document.id, 100)
    found = storage.segments_around(db, middle.id, before_position=130)
    assert ordinals(found) == [1, 2]


def test_neighbours_of_nothing(db):
    with pytest.raises(storage.NotFound, match="passage number 3"):
        storage.segments_around(db, 3)
