"""Version chains: found by file, connected after a deletion, and listed in order."""

import pytest

import storage


@pytest.fixture
def add(db, add_session):
    session = add_session(db)

    def add(name="a.txt", path=None, sha="x", **columns):
        return storage.add_document(
            db,
            session.id,
            title=name,
            kind="text",
            file_name=name,
            sha256=sha,
            byte_count=1,
            source_path=path,
            **columns,
        )

    return add


def lines(db):
    found = storage.version_chains(storage.list_documents(db, 1))
    return [[document.id for document in line] for line in found]


def newest(db, name="a.txt", path=None):
    found = storage.list_newest(db, 1, name, path)
    return found[0].id if found else None


def test_a_new_document_is_a_version_chain_of_its_own(db, add):
    document = add()
    assert (document.version, document.replaces, document.source_path) == (1, None, None)
    assert lines(db) == [[document.id]]


def test_the_newest_document_of_a_file_is_the_one_that_nothing_replaces(db, add):
    first = add(path="/a/a.txt")
    other = add(path="/b/a.txt")
    second = add(path="/a/a.txt", version=2, replaces=first.id)
    assert newest(db, path="/a/a.txt") == second.id
    assert newest(db, path="/b/a.txt") == other.id
    assert newest(db, path="/c/a.txt") is None
    assert newest(db, name="b.txt", path="/a/a.txt") is None
    assert lines(db) == [[first.id, second.id], [other.id]]


def test_without_a_path_the_name_is_compared_and_an_equal_path_is_preferred(db, add):
    placed = add(path="/a/a.txt")
    unplaced = add()
    assert newest(db, path="/a/a.txt") == placed.id
    assert newest(db, path="/z/a.txt") == unplaced.id
    assert newest(db) == unplaced.id


def test_another_session_has_its_own_version_chains(db, add, add_session):
    add()
    other = add_session(db, "other")
    assert storage.list_newest(db, other.id, "a.txt", None) == []


@pytest.mark.parametrize("gone, left", [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])])
def test_a_version_chain_stays_connected_when_a_document_is_deleted(db, add, gone, left):
    ids = [add().id]
    for version in (2, 3):
        ids.append(add(version=version, replaces=ids[-1]).id)
    storage.delete_document(db, ids[gone])
    assert lines(db) == [[ids[i] for i in left]]
    assert newest(db) == ids[left[-1]]


@pytest.mark.parametrize("chosen, order", [(0, [1, 2, 0]), (1, [0, 2, 1]), (2, [0, 1, 2])])
def test_an_older_version_can_become_the_newest(db, add, chosen, order):
    ids = [add().id]
    for version in (2, 3):
        ids.append(add(version=version, replaces=ids[-1]).id)
    storage.make_newest(db, ids[chosen])
    assert lines(db) == [[ids[i] for i in order]]
    assert newest(db) == ids[chosen]
    assert db.integrity_check() == []


def test_a_cycle_of_versions_ends(db, add):
    """An imported file may contain a cycle, although this program never stores one."""
    first, second = add(), add()
    db.execute("UPDATE documents SET replaces = 3 - id")
    assert sorted(sum(lines(db), [])) == [first.id, second.id]
    assert newest(db) is None
    assert storage.version_chain(db, storage.get_document(db, first.id))
