"""The document that a session is at, and the text at the position of its reading."""

import pytest

import storage
from storage import DocumentState, find_current_document


@pytest.fixture
def session(db, add_session):
    return add_session(db)


def at(db, **positions):
    return find_current_document(db, "Moby Dick", positions.pop("positions", {}))


def test_a_session_without_anything_to_read_is_at_no_document(db, session, add_text):
    assert at(db) is None and find_current_document(db, "no such", {}) is None
    document = add_text(db, session.id, "one")
    storage.set_document_state(db, document.id, DocumentState.DONE)
    assert at(db) is None


def test_the_document_being_read_comes_first_and_one_that_stopped_in_part_before_it(
    db, session, add_text
):
    first, second = (add_text(db, session.id, "one", title=title) for title in ("first", "second"))
    assert at(db).title == "first" and at(db).state is DocumentState.QUEUED
    storage.set_document_state(db, second.id, DocumentState.READING)
    assert at(db).title == "second"
    storage.set_document_state(db, first.id, DocumentState.PAUSED)
    assert at(db).title == "second", "nothing was read of the paused one, so it blocks none"
    stopped = add_text(db, session.id, "one", title="stopped")
    storage.set_document_state(db, stopped.id, DocumentState.FAILED, "It broke.")
    assert at(db).title == "second"
    db.execute("UPDATE documents SET tokens_read = 3 WHERE id = ?", [stopped.id])
    assert (at(db).title, at(db).error) == ("stopped", "It broke.")


def test_the_text_is_that_at_the_position_which_is_newer_than_the_stored_one(db, session, add_text):
    document = add_text(db, session.id, "one", "two", "three")
    for position, text, page in ((0, "one", 1), (9, "one", 1), (10, "two", 2), (29, "three", 3)):
        found = at(db, positions={document.id: position, 99: 5})
        assert (found.text.text, found.text.locator_start, found.tokens_read) == (
            text,
            page,
            position,
        )
    assert at(db).tokens_read == 0 and at(db).unit_count == 3


def test_of_a_document_being_indexed_it_is_the_text_stored_last(db, session):
    document = storage.add_document(
        db, session.id, title="b", kind="pdf", file_name="b", sha256="b", byte_count=1
    )
    assert at(db).state is DocumentState.INDEXING and at(db).text is None
    segments = [
        storage.NewSegment("text", f"page {i}", "page", i, i, 10 * i, 10) for i in range(1, 5)
    ]
    storage.add_segments(db, document.id, segments)
    assert at(db).text.locator_start == 4


def test_a_rereading_is_shown_when_the_session_itself_is_read(db, session, add_text):
    document = add_text(db, session.id, "one")
    storage.set_document_state(db, document.id, DocumentState.DONE)
    reread = storage.begin_reread(db, session.id, {"model": "other"})
    found = at(db)
    assert found.is_reread and found.session_id == reread.id
    add_text(db, session.id, "new", title="new")
    assert at(db).title == "new" and not at(db).is_reread


def test_it_is_one_statement_that_finds_its_rows_by_indexes(db, session, add_text):
    add_text(db, session.id, "one")
    sent = []
    db.connection.conn.set_trace_callback(sent.append)
    at(db)
    db.connection.conn.set_trace_callback(None)
    assert len(sent) == 1
    plan = "\n".join(row["detail"] for row in db.rows(f"EXPLAIN QUERY PLAN {sent[0]}"))
    assert "segments_by_token (document_id=? AND token_start<?)" in plan
    assert "SCAN segments" not in plan and "SCAN documents" not in plan, plan
