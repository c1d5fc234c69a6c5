"""The file store: copies are named by content, and kept while a document needs them."""

import hashlib
import os
import time

import pytest

import storage
from app.service.library.file_store import ABANDONED_S, FileStore, sha256_of
from ingest import DocumentNotFound
from tests.support.other_process import OtherProcess

CONTENT = b"A lamp was lit.\n" * 100_000  # more than one block


@pytest.fixture
def db():
    with storage.Database(":memory:") as database:
        yield database


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "book.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def store(db, tmp_path):
    return FileStore(db, tmp_path / "files")


def name_it(db, sha256):
    row = storage.create_session(db, "s", {})
    return storage.add_document(
        db, row.id, title="t", kind="text", file_name="t", sha256=sha256, byte_count=1
    )


def test_a_copy_is_named_by_its_content_and_found_by_its_document(db, store, file):
    copy, sha256 = store.put(file)
    assert copy.read_bytes() == CONTENT
    assert sha256 == copy.name == sha256_of(file) == hashlib.sha256(CONTENT).hexdigest()
    assert store.put(file) == (copy, sha256) and list(copy.parent.iterdir()) == [copy]
    assert store.path(name_it(db, sha256)) == copy


def test_a_whole_copy_stays_the_same_file_and_a_damaged_one_is_replaced(store, file):
    copy, _ = store.put(file)
    first = copy.stat().st_ino
    assert store.put(file)[0].stat().st_ino == first  # its reader may open no other file
    copy.write_bytes(b"damaged")
    assert store.put(file)[0].read_bytes() == CONTENT
    assert [path.name for path in copy.parent.iterdir() if path.suffix == ".part"] == []


def test_only_what_no_document_names_is_pruned(db, store, file, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("Another text.")
    named, unnamed = store.put(file)[0], store.put(other)[0]
    name_it(db, named.name)
    store.prune()
    assert named.exists() and not unnamed.exists()


def test_nothing_is_pruned_while_a_document_is_being_added(db, store, file):
    with store.adding():
        with store.adding():
            copy, sha256 = store.put(file)
            store.prune()
        assert copy.exists(), "another document is still being added"
        document = name_it(db, sha256)
    assert copy.exists()
    storage.delete_document(db, document.id)
    with store.adding():
        store.prune()
    assert not copy.exists(), "the prune that was put off is done"


def test_a_partial_copy_is_pruned_once_it_was_abandoned(store, file):
    copy, _ = store.put(file)
    young, old = copy.parent / "young.part", copy.parent / "old.part"
    for part in (young, old):
        part.write_bytes(b"half")
    then = time.time() - ABANDONED_S - 1
    os.utime(old, (then, then))
    store.prune()
    assert young.exists() and not old.exists()


def test_a_file_that_is_not_there_leaves_nothing(store, tmp_path):
    for copy in (store.put, sha256_of):
        with pytest.raises(DocumentNotFound, match="nowhere.txt cannot be opened"):
            copy(tmp_path / "nowhere.txt")
    assert list((tmp_path / "files").iterdir()) == []


ADDER = """
from pathlib import Path
import storage
from app.service.library.file_store import FileStore
data = Path(sys.argv[1])
db = storage.Database(data / "db")
store = FileStore(db, data / "files")
with store.adding():
    copy, sha256 = store.put(Path(sys.argv[2]))
    say(sha256)
    hear()
    row = storage.get_session(db, "s")
    storage.add_document(
        db, row.id, title="t", kind="text", file_name="t", sha256=sha256, byte_count=1)
say("added")
hear()
"""


def test_a_copy_that_another_process_is_adding_is_not_pruned(tmp_path, file):
    with storage.Database(tmp_path / "db") as db:
        storage.create_session(db, "s", {})
        store = FileStore(db, tmp_path / "files")
        with OtherProcess(ADDER, tmp_path, file) as adder:
            copy = tmp_path / "files" / adder.hear()
            store.prune()
            assert copy.exists()
            assert adder.ask() == "added"
            store.prune()
            assert copy.exists(), "a document names it"


def test_a_killed_adding_puts_off_no_prune_and_another_adding_makes_up_for_it(tmp_path, file):
    with storage.Database(tmp_path / "db") as db:
        storage.create_session(db, "s", {})
        store = FileStore(db, tmp_path / "files")
        with OtherProcess(ADDER, tmp_path, file) as adder:
            copy = tmp_path / "files" / adder.hear()
            with store.adding():
                store.prune()
            assert copy.exists()
            adder.kill()
        with store.adding():
            pass
        assert not copy.exists(), "the prune that was put off is done by who adds next"


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_file_that_became_a_link_out_of_the_allowed_folders_is_not_copied(store, file, tmp_path):
    folder = tmp_path.resolve() / "allowed"
    folder.mkdir()
    inside = folder / "a.txt"
    inside.write_bytes(CONTENT)
    assert store.put(inside, [folder])[1] == hashlib.sha256(CONTENT).hexdigest()
    inside.unlink()
    inside.symlink_to(file)
    file.write_text("secret")
    with pytest.raises(DocumentNotFound, match="outside the folders that may be read"):
        store.put(inside, [folder])
    assert [path.name for path in store.path_of("x").parent.iterdir()] == [
        hashlib.sha256(CONTENT).hexdigest()
    ]
