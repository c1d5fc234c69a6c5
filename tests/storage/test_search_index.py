"""The search index: what is in it, and how the rest comes into it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import storage
from storage import search_index
from storage.search_index import BATCH_SEGMENTS, session_languages


def forget(db):
    """Bring the database into the state in which a migration leaves it: nothing is indexed."""
    db.execute("DELETE FROM segment_tokens")
    db.execute("DELETE FROM document_languages")
    db.execute("INSERT OR IGNORE INTO segments_to_index SELECT document_id, id FROM segments")


def found(db, question, session_id=1):
    return [passage.text for passage in storage.search_passages(db, session_id, question)]


def test_new_segments_are_indexed_at_once(db, add_session, add_text, count):
    add_text(db, add_session(db).id, "the white whale", "the ship")
    assert storage.index_state(db) == storage.IndexState(2, 2)
    assert not storage.lacks_segments(db)
    assert count(db, "segment_tokens") == 2


def test_a_segment_that_is_stored_without_its_tokens_is_noted(db, add_session, add_text, count):
    document = add_text(db, add_session(db).id, "the white whale")
    db.execute(
        "INSERT INTO segments (document_id, ordinal, text, locator, locator_kind, locator_start, "
        "locator_end, token_start, token_count) VALUES (?, 1, 'a ship', 'p', 'page', 2, 2, 9, 1)",
        [document.id],
    )
    assert storage.index_state(db) == storage.IndexState(1, 2)
    assert found(db, "ship") == ["a ship"]
    assert storage.index_state(db) == storage.IndexState(2, 2)


def test_tokens_and_segments_are_stored_together_or_not_at_all(db, add_session, add_text, count):
    document = add_text(db, add_session(db).id, "the white whale")
    new = storage.NewSegment("a ship", "p", "page", 6, 6, 50, 1)
    prepared = storage.prepare_segments([new, new], "english")
    prepared.rows[1] = (None, *prepared.rows[1][1:])  # a text must not be NULL
    with pytest.raises(storage.StorageError):
        storage.store_segments(db, document.id, prepared)
    assert count(db, "segments") == count(db, "segment_tokens") == 1
    assert db.integrity_check() == []


def test_new_segments_do_not_wait_for_old_ones_of_their_document(db, add_session, add_text):
    document = add_text(db, add_session(db).id, *["the whale"] * 5)
    forget(db)
    storage.add_segments(db, document.id, [storage.NewSegment("a ship", "p", "page", 6, 6, 50, 1)])
    assert storage.index_state(db) == storage.IndexState(1, 6)


def test_a_search_indexes_what_its_session_lacks_and_no_other(db, add_session, add_text):
    first, second = add_session(db, "first"), add_session(db, "second")
    add_text(db, first.id, "the white whale")
    add_text(db, second.id, "the whale of another")
    forget(db)
    assert db.integrity_check() == []
    assert found(db, "whale", second.id) == ["the whale of another"]
    assert storage.index_state(db, first.id) == storage.IndexState(0, 1)
    assert storage.index_state(db, second.id) == storage.IndexState(1, 1)
    assert storage.index_state(db) == storage.IndexState(1, 2)
    assert found(db, "whale", first.id) == ["the white whale"]


def test_indexing_goes_in_batches_and_resumes_where_it_stopped(
    db, add_session, add_text, monkeypatch
):
    monkeypatch.setattr(search_index, "BATCH_SEGMENTS", 2)
    session = add_session(db)
    for title in "ab":
        add_text(db, session.id, *["the whale"] * 3, title=title)
    forget(db)
    assert [storage.index_batch(db) for _ in range(2)] == [2, 1], "a batch is of one document"
    answers = iter([False, True])
    assert storage.index_segments(db, is_stopped=lambda: next(answers)) == 2
    assert storage.index_state(db) == storage.IndexState(5, 6)
    assert storage.index_segments(db) == 1
    assert storage.index_segments(db) == storage.index_batch(db) == 0
    assert len(found(db, "whales")) == 6
    assert db.integrity_check() == []


def test_a_batch_that_fails_is_not_indexed(db, add_session, add_text, monkeypatch):
    add_text(db, add_session(db).id, "the whale", "the ship")
    forget(db)
    monkeypatch.setattr(search_index, "index_tokens", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        storage.index_batch(db)
    monkeypatch.undo()
    assert storage.index_state(db) == storage.IndexState(0, 2)
    assert found(db, "ship") == ["the ship"]


_INDEX = """
    import sys, storage
    with storage.Database(sys.argv[1]) as db:
        print(storage.index_batch(db), flush=True)
        while storage.index_batch(db):
            pass
        print("all", flush=True)
"""


def test_an_indexing_that_is_killed_is_resumed(path, add_session, add_text):
    texts = [f"The whale number{i} swam away from the ship." for i in range(12 * BATCH_SEGMENTS)]
    with storage.Database(path) as db:
        add_text(db, add_session(db).id, *texts)
        forget(db)
    program = [sys.executable, "-c", textwrap.dedent(_INDEX), str(path)]
    root = str(Path(storage.__file__).parents[1])
    child = subprocess.Popen(
        program, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    )
    assert child.stdout.readline() == f"{BATCH_SEGMENTS}\n".encode()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    with storage.Database(path) as db:
        before = storage.index_state(db)
        assert BATCH_SEGMENTS <= before.indexed < before.total == len(texts)
        assert db.integrity_check() == []
        assert storage.index_segments(db) == before.total - before.indexed
        assert found(db, "number7")[0] == texts[7]
        assert db.integrity_check() == []


def test_two_threads_index_each_segment_once(file_db, add_session, add_text, monkeypatch, count):
    monkeypatch.setattr(search_index, "BATCH_SEGMENTS", 5)
    add_text(file_db, add_session(file_db).id, *["the whale"] * 100)
    forget(file_db)
    indexed = []
    threads = [
        threading.Thread(target=lambda: indexed.append(storage.index_segments(file_db)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(indexed) == 100
    assert count(file_db, "segment_tokens") == 100
    assert file_db.integrity_check() == []


def test_deleted_segments_are_not_indexed_any_more(db, add_session, add_text, count):
    session = add_session(db)
    gone = add_text(db, session.id, "the white whale", title="gone")
    late = add_text(db, session.id, "the late whale", title="late")
    add_text(db, session.id, "the other whale", title="kept")
    storage.delete_document(db, gone.id)
    forget(db)
    storage.delete_document(db, late.id)
    assert found(db, "whale") == ["the other whale"]
    assert count(db, "segment_tokens") == count(db, "document_languages") == 1
    assert count(db, "segments_to_index") == 0
    assert db.integrity_check() == []


def test_a_missing_segment_is_found_by_the_integrity_check(db, add_session, add_text):
    add_text(db, add_session(db).id, "the white whale", "the ship")
    db.execute("DELETE FROM segment_tokens WHERE id = 1")
    assert ["rebuild" in problem for problem in db.integrity_check()] == [True]
    storage.rebuild_search_index(db)
    assert db.integrity_check() == []
    assert found(db, "whale") == ["the white whale"]


def test_each_document_has_the_languages_of_its_batches(db, add_session, add_text):
    german = "Der Wärter des Leuchtturms ging zum Hafen hinunter und flickte die Netze."
    session, other = add_session(db), add_session(db, "other")
    add_text(db, session.id, german)
    add_text(db, session.id, "The keeper of the lighthouse and the mender of the nets.", title="e")
    assert session_languages(db, session.id) == ["english", "german"]
    assert session_languages(db, other.id) == []
    assert found(db, "Leuchtturm Häfen")[0] == german


def test_a_copy_of_a_session_is_found_by_the_same_questions(db, add_session, add_text):
    session = add_session(db)
    add_text(db, session.id, "Die Häuser stehen und die Türme sind nicht mehr da.")
    copy = storage.duplicate_session(db, session.id, "copy")
    assert storage.lacks_segments(db, copy.id) and not storage.lacks_segments(db, session.id)
    assert found(db, "Haus", copy.id) == found(db, "Haus", session.id) != []


def test_an_imported_session_is_found_though_an_export_has_no_index(
    db, tmp_path, add_session, add_text
):
    session = add_session(db)
    add_text(db, session.id, "José Núñez", "a ship", title="ab" * 32)
    file = tmp_path / "letters.ammon"
    part = tmp_path / "letters.part"
    storage.export_session(db, session.id, file, tmp_path.joinpath, part=part, folder=tmp_path)
    with storage.opened_export(file, tmp_path) as export, storage.Database(":memory:") as ours:
        imported = storage.import_session(ours, export)
        assert found(ours, "Jose Nunez", imported.id) == ["José Núñez"]
