"""Migrations: every old schema is migrated, a newer one refused."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

import storage
from storage.migrations import SCHEMA_VERSION, create_old_database, migrations

TABLES = {
    "sessions",
    "documents",
    "segments",
    "segment_tokens",
    "segments_fts",
    "segments_to_index",
    "messages",
    "checkpoints",
    "pages",
    "checkpoint_pages",
}


def test_a_new_file_gets_every_table_and_the_schema_version(file_db):
    assert set(file_db.connection.table_names()) >= TABLES
    assert file_db.value("PRAGMA user_version") == SCHEMA_VERSION


def test_the_schema_version_is_the_number_of_migrations():
    with closing(sqlite3.connect(":memory:")) as raw:
        assert len(migrations.pending(sqlite_utils.Database(raw))) == SCHEMA_VERSION


CHAPTERS_SINCE = 4


def write_old(path, version):
    """Write a file like the version with this number of migrations did, with a session in it.

    The rows are those of the first version; of later columns only the chapter is filled.
    """
    with closing(create_old_database(path, version)) as db:
        raw = db.conn
        raw.executescript(_OLD_ROWS)
        if version >= CHAPTERS_SINCE:
            raw.execute("UPDATE segments SET chapter = locator_start")
        raw.commit()


_OLD_ROWS = """
    INSERT INTO sessions (id, name, created_at, updated_at) VALUES (1, 'old', 'then', 'then');
    INSERT INTO documents (id, session_id, ordinal, title, kind, file_name, sha256, byte_count,
        state, token_count, start_position, tokens_read, created_at)
        VALUES (1, 1, 1, 'book', 'epub', 'book.epub', 'ab', 3, 'done', 20, 5, 20, 'then');
    INSERT INTO segments (document_id, ordinal, locator, locator_kind, locator_start, locator_end,
        token_start, token_count, text) VALUES
        (1, 0, 'chapter 1', 'chapter', 1, 1, 0, 10, 'a whale'),
        (1, 1, 'chapter 2', 'chapter', 2, 2, 10, 10, 'a ship');
    INSERT INTO checkpoints (session_id, position, document_id, document_tokens, created_at,
        manifest) VALUES (1, 25, 1, 20, 'then', '{}');
"""


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_every_old_schema_is_migrated(path, version):
    write_old(path, version)
    with storage.Database(path) as db, storage.Database(":memory:") as fresh:
        assert db.value("PRAGMA user_version") == SCHEMA_VERSION
        assert schema(db) == schema(fresh)
        (document,) = storage.list_documents(db, 1)
        assert (document.title, document.tokens_read, document.notes) == ("book", 20, [])
        assert (document.version, document.replaces, document.source_path) == (1, None, None)
        assert [p.text for p in storage.search_passages(db, 1, "whale")] == ["a whale"]
        assert [segment.chapter for segment in storage.iter_segments(db, 1)] == [1, 2]
        assert [c.position for c in storage.list_checkpoints(db, 1)] == [25]
        assert storage.list_speeds(db, 1, limit=9) == []
        storage.add_speed(db, 1, position=25, tokens=20, seconds=0.5)
        assert [s.tokens_per_second for s in storage.list_speeds(db, 1, limit=9)] == [40]
        assert db.integrity_check() == []


def schema(db):
    rows = db.rows("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return {(row["name"], row["sql"]) for row in rows}


RELEASED = Path(__file__).parents[1] / "data" / "before_redesign"
SCHEMAS = json.loads((RELEASED / "schemas.json").read_text(encoding="utf-8"))

_LATER_ROWS = {
    2: """INSERT INTO sessions (id, name, created_at, updated_at, rereads)
        VALUES (2, 'being reread', 'then', 'then', 1);""",
    3: """INSERT INTO documents (id, session_id, ordinal, title, kind, file_name, sha256,
            byte_count, state, created_at, source_path, version, replaces)
        VALUES (2, 1, 2, 'book (version 2)', 'epub', 'book.epub', 'cd', 4, 'queued', 'then',
            '/books/book.epub', 2, 1);""",
    5: """INSERT INTO follows (document_id, path, ended, ready_tokens, settled_segments, place)
        VALUES (1, '/logs/app.log', 1, 20, 2, '{"first_line": 1}');""",
    6: "INSERT INTO trash (session_id, name, trashed_at) VALUES (1, 'letters', 'then');",
    7: """INSERT INTO speeds (session_id, position, tokens, seconds, read_at)
        VALUES (1, 25, 20, 0.5, 'then');""",
}
"""What each schema can hold that the one before could not."""


def write_released(path, version):
    """A file of a schema as it was released, made without the migrations under test."""
    schema = SCHEMAS[str(version)]
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for statement in schema["statements"]:
            raw.execute(statement)
        raw.executemany("INSERT INTO _sqlite_migrations VALUES (?, ?, ?, ?)", schema["applied"])
        raw.execute(f"PRAGMA user_version = {version}")
        raw.executescript(_OLD_ROWS)
        for since, rows in _LATER_ROWS.items():
            if version >= since:
                raw.executescript(rows)
        raw.commit()


def test_every_schema_that_was_ever_current_is_recorded():
    assert list(SCHEMAS) == [str(version) for version in range(1, len(SCHEMAS) + 1)]
    assert SCHEMA_VERSION >= len(SCHEMAS) == 7


@pytest.mark.parametrize("version", [int(version) for version in SCHEMAS])
def test_every_released_schema_is_brought_up_to_date_with_what_it_holds(path, version):
    write_released(path, version)
    with storage.Database(path) as db, storage.Database(":memory:") as fresh:
        assert db.value("PRAGMA user_version") == SCHEMA_VERSION
        assert schema(db) == schema(fresh)
        assert [p.text for p in storage.search_passages(db, 1, "whale")] == ["a whale"]
        assert [c.position for c in storage.list_checkpoints(db, 1)] == [25]
        rereads = [(row.name, row.rereads) for row in storage.list_rereads(db)]
        assert rereads == ([("being reread", 1)] if version >= 2 else [])
        versions = [(d.version, d.replaces) for d in storage.list_documents(db, 1)]
        assert versions == ([(1, None), (2, 1)] if version >= 3 else [(1, None)])
        follow = storage.find_follow(db, 1)
        assert (follow and (follow.path, follow.ended, follow.ready_tokens)) == (
            ("/logs/app.log", True, 20) if version >= 5 else None
        )
        trashed = [(t.session_id, t.name) for t in storage.list_trash(db)]
        assert trashed == ([(1, "letters")] if version >= 6 else [])
        speeds = [s.tokens_per_second for s in storage.list_speeds(db, 1, limit=9)]
        assert speeds == ([40] if version >= 7 else [])
        assert db.integrity_check() == []


def test_a_released_database_has_the_schema_of_a_fresh_one(path):
    shutil.copy(RELEASED / "data" / "ammon.sqlite", path)
    with storage.Database(path) as db, storage.Database(":memory:") as fresh:
        assert schema(db) == schema(fresh)
        assert db.value("SELECT count(*) FROM _sqlite_migrations") == SCHEMA_VERSION
        assert db.integrity_check() == []


def test_reopening_a_database_keeps_its_rows(path, add_session):
    with storage.Database(path) as db:
        add_session(db)
    with storage.Database(path) as db:
        assert storage.get_session(db, "Moby Dick").settings == {"model": "tiny"}
        assert db.value("SELECT count(*) FROM _sqlite_migrations") == SCHEMA_VERSION


def test_an_empty_file_becomes_a_new_database(path):
    path.touch()
    with storage.Database(path) as db:
        assert storage.list_sessions(db) == []


def test_a_newer_schema_is_refused_and_not_changed(path):
    storage.Database(path).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(storage.SchemaTooNew, match=f"version {SCHEMA_VERSION + 1}.*update"):
        storage.Database(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_is_rolled_back(path, monkeypatch):
    monkeypatch.setattr("storage.migrations._M001", ("CREATE TABLE half (id)", "CREATE nonsense"))
    with pytest.raises(storage.StorageError, match="syntax error"):
        storage.Database(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_new_file_has_incremental_auto_vacuum(file_db):
    assert file_db.value("PRAGMA auto_vacuum") == 2
    assert file_db.value("PRAGMA journal_mode") == "wal"


def before(path, migration):
    """Write a file like the version without this migration did, with a session and a document."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        migrations.apply(sqlite_utils.Database(raw), stop_before=migration)
        raw.execute("PRAGMA user_version = 4")
        raw.execute(
            "INSERT INTO sessions (name, created_at, updated_at) VALUES ('old', '2031', '2031')"
        )
        raw.execute(
            "INSERT INTO documents (session_id, ordinal, title, kind, file_name, sha256, "
            "byte_count, state, created_at) "
            "VALUES (1, 1, 'app', 'log', 'a.log', 'x', 1, 'done', '')"
        )


def test_a_database_from_before_follows_keeps_its_documents(path):
    before(path, "m005_follows")
    with storage.Database(path) as db:
        assert db.value("PRAGMA user_version") == SCHEMA_VERSION
        (document,) = storage.list_documents(db, storage.get_session(db, "old").id)
        assert document.title == "app" and storage.find_follow(db, document.id) is None
        assert storage.readable_tokens(db, document) == (0, False)


@pytest.mark.parametrize("version", [int(version) for version in SCHEMAS])
def test_the_text_of_an_older_database_is_to_be_indexed_again(path, version):
    write_released(path, version)
    with storage.Database(path) as db:
        assert storage.index_state(db) == storage.IndexState(0, 2)
        assert db.integrity_check() == []
        assert storage.index_segments(db) == 2
        assert db.value("SELECT tokens FROM segment_tokens WHERE id = 1") == "a whale"
        assert [p.text for p in storage.search_passages(db, 1, "whales")] == ["a whale"]
        db.execute("DELETE FROM sessions WHERE id = 1")
        assert db.value("SELECT count(*) FROM segment_tokens") == 0
        assert db.integrity_check() == []
