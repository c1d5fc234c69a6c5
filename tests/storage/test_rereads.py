"""Re-readings: hidden sessions whose state replaces that of their session in one transaction."""

import pytest

import storage
from storage import NewSegment


def segment(text, start, count):
    return NewSegment(text, "page 1", "page", 1, 1, start, count)


def page(text):
    data = text.encode()
    return storage.page_hash(data), data


@pytest.fixture
def read_session(db, add_session):
    """A session with a document that was read, a checkpoint and a message."""
    row = add_session(db)
    document = storage.add_document(
        db, row.id, title="Moby", kind="text", file_name="m.txt", sha256="ab", byte_count=9
    )
    storage.add_segments(db, document.id, [segment("the white whale", 5, 3)])
    storage.finish_indexing(db, document.id, token_count=8, unit_count=1, unit_name="pages")
    storage.set_start_position(db, document.id, 2)
    name, data = page("old")
    storage.save_checkpoint(
        db,
        row.id,
        position=10,
        manifest={"of": "old"},
        pages={name: data},
        page_hashes=[name],
        document_id=document.id,
        document_tokens=8,
        document_state="done",
    )
    storage.add_message(db, row.id, role="user", position=10, text="Which colour?")
    return row, document


def read_all_again(db, reread):
    """Index and read a document as the worker does with a model of twice as many tokens."""
    for document in storage.list_documents(db, reread.id):
        source = storage.reread_source(db, document.id)
        for old in storage.iter_segments(db, source.id):
            storage.add_segments(
                db, document.id, [segment(old.text, 2 * old.token_start, 2 * old.token_count)]
            )
        storage.finish_indexing(
            db, document.id, token_count=2 * source.token_count, unit_count=1, unit_name="pages"
        )
        storage.set_start_position(db, document.id, 4)
        name, data = page(f"new {document.id}")
        storage.save_checkpoint(
            db,
            reread.id,
            position=20,
            manifest={"of": "new"},
            pages={name: data},
            page_hashes=[name],
            document_id=document.id,
            document_tokens=16,
            document_state="done",
        )


def test_a_rereading_is_not_listed_and_does_not_change_its_session(db, read_session):
    row, _ = read_session
    reread = storage.begin_reread(db, row.id, {"options": "other"})
    assert [s.session.id for s in storage.list_sessions(db)] == [row.id]
    assert storage.find_reread(db, row.id).id == reread.id == storage.list_rereads(db)[0].id
    with pytest.raises(storage.NotFound):
        storage.get_session(db, reread.name)
    assert [d.state for d in storage.list_documents(db, reread.id)] == ["indexing"]
    assert storage.list_checkpoints(db, row.id)[0].manifest == {"of": "old"}


def test_a_finished_rereading_replaces_the_state_and_rows_keep_their_ids(db, read_session):
    row, document = read_session
    (old,) = storage.iter_segments(db, document.id)
    reread = storage.begin_reread(db, row.id, {"options": "other"})
    read_all_again(db, reread)
    storage.finish_reread(db, reread.id)

    assert storage.get_session_by_id(db, row.id).settings == {"options": "other"}
    (checkpoint,) = storage.list_checkpoints(db, row.id)
    assert checkpoint.manifest == {"of": "new"} and checkpoint.document_id == document.id
    (after,) = storage.list_documents(db, row.id)
    assert (after.id, after.token_count, after.start_position) == (document.id, 16, 4)
    (new,) = storage.iter_segments(db, document.id)
    assert (new.id, new.text, new.token_start, new.token_count) == (old.id, old.text, 10, 6)
    assert [m.text for m in storage.list_messages(db, row.id)] == ["Which colour?"]
    assert storage.search_passages(db, row.id, "whale")[0].segment_id == old.id
    assert storage.find_reread(db, row.id) is None
    for table, count in (("sessions", 1), ("documents", 1), ("segments", 1), ("pages", 1)):
        assert db.value(f"SELECT count(*) FROM {table}") == count


def test_an_unfinished_rereading_does_not_replace_the_state(db, read_session):
    row, _ = read_session
    reread = storage.begin_reread(db, row.id, {})
    with pytest.raises(ValueError, match="1 documents that are not done"):
        storage.finish_reread(db, reread.id)
    with pytest.raises(ValueError, match="is not a re-reading"):
        storage.finish_reread(db, row.id)
    assert storage.list_checkpoints(db, row.id)[0].manifest == {"of": "old"}


def test_a_rereading_catches_up_with_documents_added_later(db, read_session):
    row, _ = read_session
    reread = storage.begin_reread(db, row.id, {})
    read_all_again(db, reread)
    assert not storage.catch_up(db, reread.id)
    later = storage.add_document(
        db, row.id, title="Later", kind="text", file_name="l.txt", sha256="cd", byte_count=1
    )
    assert storage.catch_up(db, reread.id), "it is still being indexed"
    storage.add_segments(db, later.id, [segment("a later text", 0, 3)])
    storage.finish_indexing(db, later.id, token_count=3, unit_count=1, unit_name="pages")
    assert storage.catch_up(db, reread.id)
    assert [d.title for d in storage.list_documents(db, reread.id)] == ["Moby", "Later"]
    assert not storage.catch_up(db, reread.id)


def test_deleting_a_session_deletes_its_rereading(db, read_session):
    row, _ = read_session
    reread = storage.begin_reread(db, row.id, {})
    read_all_again(db, reread)
    storage.delete_session(db, row.id)
    for table in ("sessions", "documents", "segments", "checkpoints", "pages", "messages"):
        assert db.value(f"SELECT count(*) FROM {table}") == 0


def test_a_database_of_the_first_version_gets_the_rereads_column(path):
    import sqlite3
    from contextlib import closing

    from storage.migrations import _M001

    with closing(sqlite3.connect(path)) as raw:
        for statement in _M001:
            raw.execute(statement)
        raw.execute(
            "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, "
            "name TEXT, applied_at TEXT)"
        )
        raw.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES "
            "('ammon', 'm001_sessions_documents_checkpoints', '2026')"
        )
        raw.execute("INSERT INTO sessions (name, created_at, updated_at) VALUES ('Old', '1', '1')")
        raw.execute("PRAGMA user_version = 1")
        raw.commit()
    with storage.Database(path) as db:
        assert storage.get_session(db, "Old").rereads is None
