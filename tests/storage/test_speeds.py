"""Reading speeds: stored for each interval between checkpoints, deleted by going back."""

import pytest

import storage


def add(db, session, *intervals):
    """Store the speeds of intervals given as (position, tokens, seconds)."""
    for position, tokens, seconds in intervals:
        storage.add_speed(db, session.id, position=position, tokens=tokens, seconds=seconds)


def places(db, session, limit=9):
    return [speed.position for speed in storage.list_speeds(db, session.id, limit)]


@pytest.fixture
def session(db, add_session):
    return add_session(db)


def test_speeds_are_listed_in_the_order_of_the_stream_with_their_times(db, session):
    add(db, session, (300, 200, 4.0), (100, 100, 0.5))
    first, second = storage.list_speeds(db, session.id, 9)
    assert (first.position, first.tokens_per_second) == (100, 200.0)
    assert (second.tokens, second.seconds, second.tokens_per_second) == (200, 4.0, 50.0)
    assert second.read_at < first.read_at and first.read_at.endswith("+00:00")


def test_the_speed_of_an_interval_that_is_read_again_is_replaced(db, session):
    add(db, session, (100, 100, 1.0), (100, 100, 4.0))
    assert [s.seconds for s in storage.list_speeds(db, session.id, 9)] == [4.0]


def test_speeds_over_the_limit_are_joined_with_the_same_sums(db, session):
    add(db, session, *((10 * i, 10, 0.5 * i) for i in range(1, 8)))
    joined = storage.list_speeds(db, session.id, 3)
    assert [s.position for s in joined] == [30, 50, 70]
    assert sum(s.tokens for s in joined) == 70
    assert [s.seconds for s in joined] == [3.0, 4.5, 6.5]


def test_a_speed_without_tokens_time_or_session_is_refused(db, session):
    for wrong in ((100, 0, 1.0), (100, 100, 0.0)):
        with pytest.raises(storage.StorageError):
            add(db, session, wrong)
    with pytest.raises(storage.StorageError):
        storage.add_speed(db, session.id + 1, position=1, tokens=1, seconds=1.0)
    assert places(db, session) == []


def test_going_back_deletes_later_speeds(db, session, save):
    checkpoint = save(db, session.id, 100, b"a")
    save(db, session.id, 200, b"b")
    add(db, session, (100, 100, 1.0), (200, 100, 1.0))
    storage.go_back(db, session.id, checkpoint.id, pause=True)
    assert places(db, session) == [100]
    storage.go_back(db, session.id, None, pause=True)
    assert places(db, session) == []


def test_a_copied_session_has_no_speeds(db, session):
    add(db, session, (100, 100, 1.0))
    copy = storage.duplicate_session(db, session.id, "copy")
    assert places(db, copy) == [] and places(db, session) == [100]


def test_a_finished_rereading_replaces_the_speeds(db, session, add_text):
    add_text(db, session.id, "a whale")
    add(db, session, (100, 100, 1.0), (200, 100, 1.0))
    reread = storage.begin_reread(db, session.id, {})
    for document in storage.list_documents(db, reread.id):
        storage.finish_indexing(db, document.id, token_count=10, unit_count=1, unit_name="page")
        storage.set_document_state(db, document.id, "done")
    add(db, reread, (150, 150, 1.0))
    storage.finish_reread(db, reread.id)
    assert places(db, session) == [150]


def test_speeds_are_there_after_the_file_is_opened_again(path, add_session):
    with storage.Database(path) as db:
        session = add_session(db)
        add(db, session, (100, 100, 1.0))
    with storage.Database(path) as db:
        assert places(db, session) == [100]
