"""Document states: what the database stores, which transitions are legal, what is refused."""

from itertools import product

import pytest

import storage
from storage import (
    OPEN_STATES,
    RESUMABLE_STATES,
    STALLED_STATES,
    TRANSITIONS,
    DocumentState,
)
from storage.document_state import states_sql

PAIRS = list(product(DocumentState, DocumentState))
LEGAL = [(old, new) for old, new in PAIRS if new is old or new in TRANSITIONS[old]]
ILLEGAL = [pair for pair in PAIRS if pair not in LEGAL]


@pytest.fixture
def document_in(db, add_session, add_text):
    """Add a document and write a state into its row, whatever the table allows."""

    def add(state):
        document = add_text(db, add_session(db).id, "the whale", title="book")
        db.execute("UPDATE documents SET state = ? WHERE id = ?", [state.value, document.id])
        return storage.get_document(db, document.id)

    return add


def test_document_states_are_stored_as_these_strings(db, document_in):
    assert [*DocumentState] == "indexing queued reading paused done failed cancelled".split()
    document = document_in(DocumentState.PAUSED)
    assert document.state is DocumentState.PAUSED
    assert db.value("SELECT state FROM documents") == "paused"


def test_the_illegal_transitions_are_these():
    assert {(old.value, new.value) for old, new in ILLEGAL} == {
        ("indexing", "reading"),
        ("indexing", "paused"),
        ("indexing", "done"),
        ("indexing", "cancelled"),
        ("reading", "indexing"),
        ("done", "indexing"),
        ("done", "paused"),
        ("done", "failed"),
        ("done", "cancelled"),
        ("cancelled", "reading"),
        ("cancelled", "paused"),
        ("cancelled", "failed"),
    }


@pytest.mark.parametrize(("old", "new"), LEGAL)
def test_a_legal_transition_is_stored(db, document_in, old, new):
    document = document_in(old)
    assert storage.set_document_state(db, document.id, new).state is new
    assert storage.get_document(db, document.id).state is new


@pytest.mark.parametrize(("old", "new"), ILLEGAL)
def test_an_illegal_transition_is_refused_with_a_sentence(db, document_in, old, new):
    document = document_in(old)
    sentence = f"'book' is {old} now and cannot become {new}: "
    with pytest.raises(storage.IllegalTransition, match=sentence):
        storage.set_document_state(db, document.id, new)
    assert storage.get_document(db, document.id) == document


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_checkpoint_stores_a_state_only_by_a_legal_transition(
    db, document_in, save, count, old, new
):
    document = document_in(old)

    def save_with_state():
        save(
            db,
            document.session_id,
            4,
            b"a",
            document_id=document.id,
            document_tokens=4,
            document_state=new,
        )

    if (old, new) in LEGAL:
        save_with_state()
        after = storage.get_document(db, document.id)
        assert (after.state, after.tokens_read) == (new, 4)
        return
    with pytest.raises(storage.IllegalTransition, match="'book' is .* cannot become"):
        save_with_state()
    assert storage.get_document(db, document.id) == document
    assert count(db, "checkpoints") == count(db, "pages") == 0


@pytest.mark.parametrize("old", DocumentState)
def test_indexing_starts_again_and_ends_only_by_a_legal_transition(db, document_in, old):
    document = document_in(old)
    acts = {
        DocumentState.INDEXING: lambda: storage.reset_indexing(db, document.id),
        DocumentState.QUEUED: lambda: storage.finish_indexing(
            db, document.id, token_count=3, unit_count=1, unit_name="pages"
        ),
    }
    for new, act in acts.items():
        db.execute("UPDATE documents SET state = ?", [old.value])
        if (old, new) in LEGAL:
            assert act().state is new
        else:
            with pytest.raises(storage.IllegalTransition):
                act()
            assert storage.get_document(db, document.id) == document


def test_every_state_is_open_resumable_or_done():
    assert STALLED_STATES < RESUMABLE_STATES
    assert OPEN_STATES.isdisjoint(RESUMABLE_STATES)
    assert OPEN_STATES | RESUMABLE_STATES | {DocumentState.DONE} == set(DocumentState)
    assert all(state.can_become(DocumentState.QUEUED) for state in RESUMABLE_STATES)


def test_text_that_names_no_state_is_refused():
    with pytest.raises(ValueError, match="'lost' is not a document state; use one of: indexing, "):
        DocumentState("lost")


def test_a_damaged_state_is_reported(db, document_in):
    document = document_in(DocumentState.DONE)
    db.execute("PRAGMA ignore_check_constraints = ON")
    db.execute("UPDATE documents SET state = 'dome'")
    found = storage.get_document(db, document.id)
    assert found.state is DocumentState.FAILED
    assert f"no readable state of document number {document.id}" in (found.error or "")


def test_states_are_listed_for_sql_in_a_fixed_order(db):
    assert states_sql(OPEN_STATES) == "('indexing', 'queued', 'reading')"
    assert db.value(f"SELECT 'reading' IN {states_sql(OPEN_STATES)}") == 1
