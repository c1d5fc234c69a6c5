import pytest

import storage


@pytest.fixture
def thrown_away(db, add_session, add_text):
    session = add_session(db, "old")
    add_text(db, session.id, "a whale")
    storage.trash_session(db, session.id)
    return session


def test_what_is_in_the_trash_is_in_no_list_and_its_name_is_free(db, thrown_away, add_session):
    assert storage.list_sessions(db) == []
    for name in ("old", f"\x01trash {thrown_away.id}"):
        with pytest.raises(storage.NotFound):
            storage.get_session(db, name)
    assert [t.name for t in storage.list_trash(db)] == ["old"]
    add_session(db, "old")
    with pytest.raises(storage.NotFound, match="is already in the trash"):
        storage.trash_session(db, thrown_away.id)


def test_it_comes_back_whole_and_under_another_name_if_its_own_is_taken(
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


def test_deleted_from_the_trash_no_row_is_left(db, thrown_away, count):
    assert storage.kept_hashes(db)
    storage.delete_session(db, thrown_away.id)
    assert [count(db, t) for t in ("sessions", "documents", "segments", "trash")] == [0, 0, 0, 0]
    assert storage.kept_hashes(db) == set()


def test_a_search_looks_at_names_and_titles(db, add_session, add_text):
    session = add_session(db, "Éire")
    add_text(db, session.id, "x", title="The Táin")
    add_session(db, "other")
    for search, names in (("éire", ["Éire"]), ("TÁIN the", ["Éire"]), ("éire other", [])):
        assert [s.session.name for s in storage.list_sessions(db, search)] == names
    assert len(storage.list_sessions(db, " ")) == 2
