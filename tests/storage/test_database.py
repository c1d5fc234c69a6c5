"""The database file: threads, transactions, errors, integrity and free space."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing

import pytest

import storage
from storage import database
from tests.support.paths import ROOT


def in_threads(work, count=2):
    errors = []

    def run(i):
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_threads_write_to_a_file_at_the_same_time(file_db, add_session, count):
    def work(i):
        for n in range(20):
            add_session(file_db, f"{i} {n}")

    in_threads(work, count=3)
    assert count(file_db, "sessions") == 60


def test_threads_share_a_database_in_memory_in_turns(db, count):
    session = storage.create_session(db, "one", {})

    def work(i):
        for _ in range(20):
            with db.transaction():
                before = storage.get_session_by_id(db, session.id).settings.get("n", 0)
                storage.update_session_settings(db, session.id, {"n": before + 1})

    in_threads(work, count=3)
    assert storage.get_session(db, "one").settings == {"n": 60}


def test_each_thread_has_its_own_connection(file_db):
    seen = []
    in_threads(lambda i: seen.append(file_db.connection), count=1)
    assert seen[0] is not file_db.connection


def test_connections_of_ended_threads_are_closed(file_db):
    for _ in range(5):
        in_threads(lambda i: file_db.value("SELECT 1"), count=1)
    assert len(file_db._opened) <= 2


def test_a_transaction_that_raises_is_rolled_back(db, add_session, count):
    with pytest.raises(KeyError), db.transaction():
        add_session(db)
        raise KeyError
    assert count(db, "sessions") == 0


def test_an_inner_transaction_joins_the_outer_one(db, add_session, count):
    with pytest.raises(KeyError), db.transaction():
        with db.transaction():
            add_session(db)
        raise KeyError
    assert count(db, "sessions") == 0


def test_an_inner_transaction_that_raises_rolls_back_only_itself(db, add_session):
    with db.transaction():
        add_session(db, "outer")
        with pytest.raises(KeyError), db.transaction():
            add_session(db, "inner")
            raise KeyError
    assert [summary.session.name for summary in storage.list_sessions(db)] == ["outer"]


def test_readers_do_not_wait_for_a_writer(file_db, add_session):
    add_session(file_db)
    with file_db.transaction():
        add_session(file_db, "second")
        seen = []
        in_threads(lambda i: seen.append(len(storage.list_sessions(file_db))), count=1)
    assert seen == [1]


def test_a_lock_of_another_connection_is_reported(path, add_session):
    with storage.Database(path, busy_timeout_s=0.05) as db, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(storage.DatabaseLocked, match="locked by another program"):
            add_session(db)
        other.execute("ROLLBACK")
        add_session(db)


def test_a_full_disk_is_reported_and_nothing_is_stored(file_db, add_session, save, count):
    session = add_session(file_db)
    pages = file_db.value("PRAGMA page_count")
    file_db.value(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(storage.DiskFull, match="free some space"):
        save(file_db, session.id, 1, b"small", os.urandom(400_000))
    assert count(file_db, "pages") == count(file_db, "checkpoints") == 0
    assert not file_db.connection.conn.in_transaction
    save(file_db, session.id, 1, b"small")


def test_a_database_that_cannot_be_written_is_reported(file_db, add_session):
    file_db.execute("PRAGMA query_only = ON")
    with pytest.raises(storage.ReadOnly, match="permission"):
        add_session(file_db)


def test_a_folder_that_cannot_be_written_is_reported():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        am_root = os.geteuid() == 0
        try:
            if am_root:  # root can write in spite of permissions
                os.seteuid(65534)
            with pytest.raises(storage.ReadOnly, match="folder"):
                storage.Database(f"{folder}/ammon.db")
        finally:
            if am_root:
                os.seteuid(0)
            os.chmod(folder, 0o755)


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(storage.NotFound, match="nowhere.*create it"):
        storage.Database(tmp_path / "nowhere" / "ammon.db")


def test_a_file_in_place_of_the_folder_is_reported(path):
    path.touch()
    with pytest.raises(storage.NotFound, match="is a file"):
        storage.Database(path / "ammon.db")


def test_a_folder_in_place_of_the_file_is_reported(tmp_path):
    with pytest.raises(storage.ReadOnly, match="check that it is a file"):
        storage.Database(tmp_path)


@pytest.mark.parametrize("size", [1, 100, 5000])
def test_a_file_that_is_no_database_is_refused_and_not_changed(path, size):
    content = b"%PDF-1.7 this is no database"[:size].ljust(size, b".")
    path.write_bytes(content)
    with pytest.raises(storage.DamagedDatabase, match="not an SQLite database"):
        storage.Database(path)
    assert path.read_bytes() == content


def test_a_truncated_database_raises_only_storage_errors(path, add_session, add_text):
    with storage.Database(path) as db:
        add_text(db, add_session(db).id, *["whale " * 500] * 20)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(storage.StorageError), storage.Database(path) as db:
        assert db.integrity_check() != []
        for document in storage.list_documents(db, 1):
            list(storage.iter_segments(db, document.id))


def test_the_integrity_check_of_an_intact_database_is_empty(db, add_session, add_text):
    add_text(db, add_session(db).id, "call me Ishmael")
    assert db.integrity_check() == []


def test_the_integrity_check_finds_a_broken_reference(db, add_session):
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("INSERT INTO checkpoint_pages VALUES (7, 'gone')")
    assert any("checkpoint_pages" in problem for problem in db.integrity_check())


def test_the_integrity_check_finds_a_wrong_search_index_which_is_rebuilt(db, add_session, add_text):
    session = add_session(db)
    add_text(db, session.id, "call me Ishmael")
    db.execute("INSERT INTO segments_fts (segments_fts) VALUES ('delete-all')")
    assert ["rebuild" in problem for problem in db.integrity_check()] == [True]
    storage.rebuild_search_index(db)
    assert db.integrity_check() == []
    assert len(storage.search_passages(db, session.id, "Ishmael")) == 1


def test_incremental_vacuum_returns_free_pages_to_the_disk(file_db, add_session, save):
    session = add_session(file_db)
    checkpoint = save(file_db, session.id, 1, os.urandom(1_000_000))
    file_db.value("PRAGMA wal_checkpoint(TRUNCATE)")
    full = file_db.size_bytes()
    storage.delete_checkpoint(file_db, checkpoint.id)
    assert file_db.incremental_vacuum(10) == 10
    assert file_db.incremental_vacuum(10_000) > 200
    file_db.value("PRAGMA wal_checkpoint(TRUNCATE)")
    assert file_db.size_bytes() < full - 900_000


def test_incremental_vacuum_does_nothing_inside_a_transaction(file_db, add_session, save):
    checkpoint = save(file_db, add_session(file_db).id, 1, os.urandom(100_000))
    with file_db.transaction():
        storage.delete_checkpoint(file_db, checkpoint.id)
        assert file_db.incremental_vacuum(100) == 0
    assert file_db.incremental_vacuum(100) > 20


def test_other_connections_write_between_the_steps_of_an_incremental_vacuum(
    file_db, add_session, save, monkeypatch
):
    checkpoint = save(file_db, add_session(file_db).id, 1, os.urandom(5_000_000))
    storage.delete_checkpoint(file_db, checkpoint.id)
    with storage.Database(file_db.path, busy_timeout_s=0.0) as other:
        written = []
        pause = "storage.database.time.sleep"
        monkeypatch.setattr(pause, lambda s: written.append(add_session(other, f"{len(written)}")))
        assert file_db.incremental_vacuum(100_000) > 1200
    assert len(written) == 2


def test_incremental_vacuum_without_free_pages_returns_none(db):
    assert db.incremental_vacuum(100) == 0
    assert db.size_bytes() > 0


def test_using_a_closed_database_raises(path):
    db = storage.Database(path)
    db.close()
    with pytest.raises(storage.StorageError, match="closed"):
        storage.list_sessions(db)
    db.close()


def test_a_database_closed_while_threads_use_it_ends_their_use_with_a_sentence(path):
    # In a process of its own: a connection closed under its user crashes the interpreter.
    code = """
import random, sys, threading, time, storage
for _ in range(30):
    db = storage.Database(sys.argv[1])
    begun, ends = threading.Barrier(5), []
    def use():
        begun.wait()
        try:
            while True:
                db.rows("SELECT * FROM sessions WHERE id IN (SELECT rowid FROM sqlite_master)")
        except storage.StorageError as error:
            ends.append(str(error))
        except BaseException as error:
            ends.append(repr(error))
    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait()
    time.sleep(0.02 + random.random() / 50)
    db.close()
    for thread in threads:
        thread.join()
    assert len(ends) == 4 and all("is closed; open it again" in end for end in ends), ends
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_a_close_waits_for_the_transaction_of_another_thread(path):
    db, begun, may_end, errors = storage.Database(path), threading.Event(), threading.Event(), []

    def write():
        try:
            with db.transaction():
                storage.create_session(db, "one", {})
                begun.set()
                assert may_end.wait(60)
                storage.create_session(db, "two", {})
        except BaseException as error:
            errors.append(error)

    writing, closing_it = threading.Thread(target=write), threading.Thread(target=db.close)
    writing.start()
    assert begun.wait(60)
    closing_it.start()
    closing_it.join(0.2)
    assert closing_it.is_alive()
    may_end.set()
    writing.join(60)
    closing_it.join(60)
    assert errors == []
    with storage.Database(path) as again:
        assert sorted(s.session.name for s in storage.list_sessions(again)) == ["one", "two"]


def test_a_statement_that_takes_too_long_is_interrupted_by_a_close(path, monkeypatch):
    monkeypatch.setattr(database, "CLOSE_S", 0.2)
    db, begun, errors = storage.Database(path), threading.Event(), []

    def count():
        begun.set()
        try:
            db.value(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) "
                "SELECT count(*) FROM numbers"
            )
        except storage.StorageError as error:
            errors.append(error)

    counting = threading.Thread(target=count)
    counting.start()
    assert begun.wait(60)
    time.sleep(0.2)
    db.close()
    counting.join(60)
    assert len(errors) == 1


def test_a_title_with_a_damaged_byte_is_still_listed(db, add_session):
    session = add_session(db)
    db.execute("UPDATE sessions SET name = CAST(x'41ff42' AS TEXT) WHERE id = ?", [session.id])
    assert storage.list_sessions(db)[0].session.name == "A\ufffdB"


@pytest.mark.parametrize("damage", ["'[1'", "'[]'", "7", "x'ff'", "''"])
def test_a_session_with_damaged_settings_is_listed_without_any_and_can_be_deleted(
    db, add_session, damage
):
    bad, good = add_session(db), add_session(db, "Ahab")
    db.execute(f"UPDATE sessions SET settings = {damage} WHERE id = ?", [bad.id])
    settings = {s.session.name: s.session.settings for s in storage.list_sessions(db)}
    assert settings == {"Moby Dick": {}, "Ahab": good.settings}
    storage.delete_session(db, storage.get_session(db, "Moby Dick").id)
    assert [s.session.name for s in storage.list_sessions(db)] == ["Ahab"]


def test_processes_may_open_a_new_file_at_once(path):
    code = "import sys, storage; storage.Database(sys.argv[1]).close()"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) for _ in range(4)
    ]
    assert [child.wait(60) for child in children] == [0] * 4


def test_threads_may_open_a_new_file_at_once(path):
    barrier = threading.Barrier(4)

    def work(i):
        barrier.wait()
        storage.Database(path).close()

    in_threads(work, count=4)


def test_the_database_is_found_after_a_change_of_directory(tmp_path, monkeypatch, add_session):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    with storage.Database("ammon.db") as db:
        add_session(db)
        monkeypatch.chdir(tmp_path / "elsewhere")
        in_threads(lambda i: storage.get_session(db, "Moby Dick"), count=1)
