"""The trash: sessions are hidden, restored and deleted for good."""

import pytest

import storage


@pytest.fixture
def thrown_away(db, add_session, add_text):
    session = add_session(db, "old")
    add_text(db, session.id, "a whale")
    storage.trash_session(db, session.id)
    return session


def test_a_session_in_the_trash_is_not_listed_and_its_name_is_free(db, thrown_away, add_session):
    assert storage.list_sessions(db) == []
    for name in ("old", f"\x01trash {thrown_away.id}"):
        with pytest.raises(storage.NotFound):
            storage.get_session(db, name)
    assert [t.name for t in storage.list_trash(db)] == ["old"]
    add_session(db, "old")
    with pytest.raises(storage.NotFound, match="is already in the trash"):
        storage.trash_session(db, thrown_away.id)


def test_a_restored_session_is_complete_and_numbered_if_its_name_is_taken(
    db, thrown_away, add_session
):
    assert storage.restore_session(db, thrown_away.id).name == "old"
    assert [s.session.id for s in storage.list_sessions(db)] == [thrown_away.id]
    storage.trash_session(db, thrown_away.id)
    add_session(db, "OLD")
    assert storage.restore_session(db, thrown_away.id).name == "old (2)"
    assert len(storage.list_documents(db, thrown_away.id)) == 1
    with pytest.raises(storage.NotFound, match="restored or deleted for good"):
        storage.restore_session(db, thrown_away.id)


def test_deleting_a_session_from_the_trash_deletes_all_its_rows(db, thrown_away, count):
    assert storage.kept_hashes(db)
    storage.delete_session(db, thrown_away.id)
    assert [count(db, t) for t in ("sessions", "documents", "segments", "trash")] == [0, 0, 0, 0]
    assert storage.kept_hashes(db) == set()


def test_sessions_are_found_by_name_and_by_document_title(db, add_session, add_text):
    session = add_session(db, "Éire")
    add_text(db, session.id, "x", title="The Táin")
    add_session(db, "other")
    for search, names in (("éire", ["Éire"]), ("TÁIN the", ["Éire"]), ("éire other", [])):
        assert [s.session.name for s in storage.list_sessions(db, search)] == names
    assert len(storage.list_sessions(db, " ")) == 2


@pytest.mark.parametrize("time", ["x'41ff'", "7", "'yesterday'", "''"])
def test_a_session_is_deleted_for_good_whatever_its_time_in_the_trash_is(db, thrown_away, time):
    db.execute(f"UPDATE trash SET trashed_at = {time}")
    (trashed,) = storage.list_trash(db)
    assert storage.delete_session(db, thrown_away.id, trashed_at=trashed.trashed_at)
    assert storage.list_trash(db) == []
