"""Two processes on one database: what one does is whole for the other, and holds no lock for long.

The other process is a real one; it acts at moments that the test chooses.
"""

import contextlib

import pytest

import storage
from tests.support.exports import export_to
from tests.support.other_process import OtherProcess

SEGMENTS = 1300  # three batches
WRITER = """
import storage
db = storage.Database(sys.argv[1], busy_timeout_s=0.0)
say("ready")
while True:
    hear()
    try:
        with db.transaction():
            db.execute("UPDATE sessions SET updated_at = updated_at")
        names = ", ".join(s.session.name for s in storage.list_sessions(db))
        say(names)
    except storage.DatabaseLocked:
        say("LOCKED")
"""


def fill(db, name="book", segments=SEGMENTS):
    session = storage.create_session(db, name, {"model": "tiny"})
    document = storage.add_document(
        db, session.id, title=name, kind="text", file_name="t", sha256="ab" * 32, byte_count=1
    )
    rows = [
        storage.NewSegment(f"whale {n}", f"line {n + 1}", "line", n + 1, n + 1, 3 * n, 3)
        for n in range(segments)
    ]
    storage.add_segments(db, document.id, rows)
    storage.finish_indexing(
        db, document.id, token_count=3 * segments, unit_count=segments, unit_name="line"
    )
    storage.set_start_position(db, document.id, 0)
    save(db, session.id, 50, document.id, b"early")
    save(db, session.id, 3 * segments, document.id, b"late", storage.DocumentState.DONE)
    storage.add_message(db, session.id, role="user", text="who?", position=5)
    return session, document


def save(db, session_id, position, document_id, page, state=None, **options):
    name = storage.page_hash(page)
    return storage.save_checkpoint(
        db,
        session_id,
        position=position,
        manifest={"page": name},
        pages={name: page},
        page_hashes=[name],
        document_id=document_id,
        document_tokens=position,
        document_state=state,
        **options,
    )


@pytest.fixture
def between_batches(file_db, monkeypatch):
    """What another process could write and see in each pause between two batches."""
    answers = []
    with OtherProcess(WRITER, file_db.path) as writer:
        assert writer.hear() == "ready"
        pause = storage.Database.pause

        def watched(db):
            if db is file_db and not db.connection.conn.in_transaction:
                answers.append(writer.ask())
            pause(db)

        monkeypatch.setattr(storage.Database, "pause", watched, raising=False)
        monkeypatch.setattr("storage.database.PAUSE_S", 0.0, raising=False)
        yield answers


def counts(db):
    tables = ("sessions", "documents", "segments", "messages", "checkpoints", "pages")
    return [db.value(f"SELECT count(*) FROM {table}") for table in tables]


def test_others_write_while_a_session_is_duplicated_and_see_the_copy_whole_or_not_at_all(
    file_db, between_batches
):
    session, _ = fill(file_db)
    copy = storage.duplicate_session(file_db, session.id, "copy")
    assert len(between_batches) >= 3 and set(between_batches) == {"book"}
    (document,) = storage.list_documents(file_db, copy.id)
    assert len(list(storage.iter_segments(file_db, document.id))) == SEGMENTS
    assert [c.position for c in storage.list_checkpoints(file_db, copy.id)] == [3900, 50]
    assert counts(file_db) == [2, 2, 2 * SEGMENTS, 2, 4, 2]
    assert file_db.integrity_check() == []


def test_others_write_while_a_session_is_deleted(file_db, between_batches):
    session, _ = fill(file_db)
    fill(file_db, "kept", 2)
    storage.delete_session(file_db, session.id)
    assert len(between_batches) >= 3 and set(between_batches) == {"kept"}
    assert counts(file_db) == [1, 1, 2, 1, 2, 2]
    assert file_db.integrity_check() == []


def test_others_write_while_a_document_is_deleted_or_indexed_again(file_db, between_batches):
    session, document = fill(file_db)
    storage.go_back(file_db, session.id, None, pause=False)
    del between_batches[:]
    storage.reset_indexing(file_db, document.id)
    assert len(between_batches) >= 3 and "LOCKED" not in between_batches
    other, document = fill(file_db, "other")
    del between_batches[:]
    storage.remove_document(file_db, document.id)
    assert len(between_batches) >= 3 and "LOCKED" not in between_batches
    assert storage.list_documents(file_db, other.id) == []
    assert storage.list_checkpoints(file_db, other.id) == []


def test_others_write_while_a_session_is_imported(file_db, between_batches, tmp_path):
    session, _ = fill(file_db)
    file = tmp_path / "book.ammon"
    export_to(file_db, session.id, file, all_checkpoints=True)
    with storage.opened_export(file, tmp_path) as export:
        storage.import_session(file_db, export, "import")
    assert len(between_batches) >= 4 and set(between_batches) == {"book"}
    assert counts(file_db) == [2, 2, 2 * SEGMENTS, 2, 4, 2]


def test_others_write_while_a_re_reading_replaces_a_session(file_db, between_batches):
    session, document = fill(file_db)
    reread = storage.begin_reread(file_db, session.id, {"model": "other"})
    (theirs,) = storage.list_documents(file_db, reread.id)
    segments = [
        storage.NewSegment(s.text, s.locator, "line", 1, 1, 4 * s.ordinal, 4)
        for s in storage.iter_segments(file_db, document.id)
    ]
    storage.add_segments(file_db, theirs.id, segments)
    storage.finish_indexing(
        file_db, theirs.id, token_count=4 * SEGMENTS, unit_count=1, unit_name="line"
    )
    save(file_db, reread.id, 4 * SEGMENTS, theirs.id, b"new", storage.DocumentState.DONE)
    del between_batches[:]
    storage.finish_reread(file_db, reread.id)
    assert len(between_batches) >= 3 and set(between_batches) == {"book"}
    last = list(storage.iter_segments(file_db, document.id))[-1]
    assert (last.token_start, last.token_count) == (4 * SEGMENTS - 4, 4)
    assert [c.position for c in storage.list_checkpoints(file_db, session.id)] == [4 * SEGMENTS]
    assert counts(file_db) == [1, 1, SEGMENTS, 1, 1, 1]


KILLED = """
import storage
db = storage.Database(sys.argv[1])
pauses = 0
def stop(db):
    global pauses
    pauses += 1
    if pauses == 2:
        say("half")
        hear()
storage.Database.pause = stop
if sys.argv[2] == "copy":
    storage.duplicate_session(db, int(sys.argv[3]), "copy", key="theirs")
else:
    storage.trash_session(db, int(sys.argv[3]))
    storage.delete_session(db, int(sys.argv[3]))
"""


def test_a_copy_of_a_killed_process_is_never_shown_and_is_swept(file_db):
    session, _ = fill(file_db)
    before = counts(file_db)
    with OtherProcess(KILLED, file_db.path, "copy", session.id) as other:
        assert other.hear() == "half"
        assert [s.session.name for s in storage.list_sessions(file_db)] == ["book"]
        storage.sweep_unfinished(file_db, lambda key: key == "theirs")
        assert counts(file_db) != before, "it is still at work"
        other.kill()
    storage.sweep_unfinished(file_db, lambda key: False)
    assert counts(file_db) == before
    assert file_db.integrity_check() == []


def test_a_deletion_of_a_killed_process_cannot_be_undone_and_is_completed(file_db):
    session, _ = fill(file_db)
    with OtherProcess(KILLED, file_db.path, "delete", session.id) as other:
        assert other.hear() == "half"
        other.kill()
    assert storage.list_sessions(file_db) == storage.list_trash(file_db) == []
    with pytest.raises(storage.NotFound, match="no longer in the trash"):
        storage.restore_session(file_db, session.id)
    storage.create_session(file_db, "book", {})  # its name is free
    storage.sweep_unfinished(file_db, lambda key: False)
    assert counts(file_db) == [1, 0, 0, 0, 0, 0]


RESTORER = """
import storage
db = storage.Database(sys.argv[1])
storage.restore_session(db, int(sys.argv[2]))
say("restored")
hear()
"""


def test_a_session_that_another_process_restores_is_not_deleted_by_the_sweep(file_db):
    session, _ = fill(file_db, segments=2)
    trashed = storage.trash_session(file_db, session.id)
    with OtherProcess(RESTORER, file_db.path, session.id) as other:
        assert other.hear() == "restored"
    assert not storage.delete_session(file_db, session.id, trashed_at=trashed.trashed_at)
    again = storage.trash_session(file_db, session.id)
    assert not storage.delete_session(file_db, session.id, trashed_at=trashed.trashed_at)
    assert storage.delete_session(file_db, session.id, trashed_at=again.trashed_at)
    assert storage.list_trash(file_db) == []


READER = """
import storage
db = storage.Database(sys.argv[1])
session_id, document_id = map(int, sys.argv[2:])
position = 200
def read_on():
    global position
    position += 50
    page = str(position).encode() * 100
    name = storage.page_hash(page)
    storage.save_checkpoint(db, session_id, position=position, manifest={"page": name},
        pages={name: page}, page_hashes=[name], document_id=document_id, document_tokens=position)
    storage.prune_checkpoints(db, session_id, budget_bytes=1)
    say("saved")
while hear():
    read_on()
"""


def test_an_export_made_while_another_process_reads_has_the_pages_of_its_checkpoint(
    file_db, tmp_path, monkeypatch
):
    session, document = fill(file_db, segments=100)
    storage.go_back(file_db, session.id, None, pause=False)
    save(file_db, session.id, 200, document.id, b"first")
    file, rows = tmp_path / "book.ammon", storage.Database.rows
    with OtherProcess(READER, file_db.path, session.id, document.id) as reader:

        def slow_rows(db, sql, parameters=()):
            if db is file_db and "checkpoint_pages" in sql and sql.startswith("SELECT *"):
                assert reader.ask("read on") == "saved"
            return rows(db, sql, parameters)

        monkeypatch.setattr(storage.Database, "rows", slow_rows)
        export_to(file_db, session.id, file)
    monkeypatch.undo()
    with storage.opened_export(file, tmp_path) as export:
        (checkpoint,) = storage.list_checkpoints(export.db, export.session.id)
        assert checkpoint.position == 200
        assert storage.read_page(export.db, checkpoint.manifest["page"]) == b"first"
    assert list(tmp_path.glob("*.part*")) == []


def test_what_another_process_has_begun_to_delete_is_not_exported_in_part(
    file_db, tmp_path, monkeypatch
):
    session, _ = fill(file_db)
    file, snapshot = tmp_path / "book.ammon", storage.Database.snapshot
    with contextlib.ExitStack() as others:

        def late_snapshot(db):
            if db is file_db:
                deleting = OtherProcess(KILLED, file_db.path, "delete", session.id)
                assert others.enter_context(deleting).hear() == "half"
            return snapshot(db)

        monkeypatch.setattr(storage.Database, "snapshot", late_snapshot)
        with pytest.raises(storage.NotFound, match="may have been deleted"):
            export_to(file_db, session.id, file)
        assert 0 < file_db.value("SELECT count(*) FROM segments") < SEGMENTS
    assert not file.exists() and list(tmp_path.glob("*.part*")) == []


def test_an_export_that_cannot_be_used_does_not_replace_the_file(file_db, tmp_path):
    session, _ = fill(file_db, segments=20)
    file = tmp_path / "book.ammon"
    file.write_bytes(b"the last good one")

    def refuse(export):
        assert export.session.name == "book"
        raise storage.DamagedDatabase("It cannot be used.")

    with pytest.raises(storage.DamagedDatabase, match="cannot be used"):
        export_to(file_db, session.id, file, check=refuse)
    assert file.read_bytes() == b"the last good one"
    assert list(tmp_path.glob("*.part*")) == []


REMOVER = """
import storage
db = storage.Database(sys.argv[1])
storage.remove_document(db, int(sys.argv[2]))
say("removed")
hear()
"""


def test_a_state_from_before_another_process_removed_a_document_is_not_saved(file_db):
    session, document = fill(file_db, segments=2)
    with OtherProcess(REMOVER, file_db.path, document.id) as other:
        assert other.hear() == "removed"
    with pytest.raises(storage.Outdated, match="'book' was changed"):
        save(file_db, session.id, 9, None, b"old", generation=session.generation)
    now = storage.get_session_by_id(file_db, session.id)
    assert now.generation > session.generation
    assert storage.list_checkpoints(file_db, session.id) == []
    save(file_db, session.id, 9, None, b"new", generation=now.generation)


def test_a_session_that_is_undone_while_it_is_copied_is_copied_again(file_db, monkeypatch):
    session, document = fill(file_db)
    pauses, pause = [], storage.Database.pause

    def undone(db):
        pauses.append(1)
        if len(pauses) == 2:
            storage.go_back(db, session.id, None, pause=True)
        pause(db)

    monkeypatch.setattr(storage.Database, "pause", undone)
    copy = storage.duplicate_session(file_db, session.id, "copy")
    assert storage.list_checkpoints(file_db, copy.id) == []
    assert counts(file_db) == [2, 2, 2 * SEGMENTS, 2, 0, 0]


def test_a_snapshot_sees_nothing_of_what_others_write(file_db, path):
    fill(file_db, segments=2)
    with file_db.snapshot():
        with storage.Database(path) as other:
            storage.create_session(other, "late", {})
        assert [s.session.name for s in storage.list_sessions(file_db)] == ["book"]
    assert len(storage.list_sessions(file_db)) == 2
