"""Checkpoints: stored in one transaction, pages shared, documents rewound."""

import pytest

import storage


def test_a_saved_checkpoint_is_read_back_unchanged(db, add_session, add_text, save):
    session = add_session(db)
    document = add_text(db, session.id, "one", "two")
    saved = save(
        db,
        session.id,
        15,
        b"ab",
        b"c",
        document_id=document.id,
        document_tokens=12,
        document_state="reading",
    )
    assert storage.get_checkpoint(db, saved.id) == saved
    assert (saved.position, saved.document_tokens, saved.byte_count) == (15, 12, 3)
    assert [storage.read_page(db, hash) for hash in saved.manifest["pages"]] == [b"ab", b"c"]
    document = storage.get_document(db, document.id)
    assert (document.tokens_read, document.state, document.finished_at) == (12, "reading", None)


def test_a_checkpoint_with_state_done_sets_when_the_document_was_finished(
    db, add_session, add_text, save
):
    session = add_session(db)
    document = add_text(db, session.id, "one")
    columns = {"document_id": document.id, "document_tokens": 10}
    save(db, session.id, 10, b"a", **columns, document_state="done")
    finished_at = storage.get_document(db, document.id).finished_at
    assert finished_at is not None
    save(db, session.id, 11, b"a", **columns)
    assert storage.get_document(db, document.id).finished_at == finished_at


def test_checkpoints_are_listed_from_the_highest_position(db, add_session, save):
    session = add_session(db)
    saved = [save(db, session.id, position, b"a") for position in (5, 20, 10, 20)]
    order = [checkpoint.id for checkpoint in storage.list_checkpoints(db, session.id)]
    assert order == [saved[i].id for i in (3, 1, 2, 0)]


def test_checkpoints_share_pages_which_are_counted_once(db, add_session, save, count):
    session = add_session(db)
    first = save(db, session.id, 1, b"shared", b"one")
    second = save(db, session.id, 2, b"shared", b"two!")
    assert (first.byte_count, second.byte_count) == (9, 10)
    assert count(db, "pages") == 3
    assert storage.checkpoint_bytes(db, session.id) == 13


def test_a_checkpoint_can_use_a_stored_page_without_its_bytes(db, add_session, save):
    session = add_session(db)
    save(db, session.id, 1, b"shared")
    hash = storage.page_hash(b"shared")
    again = storage.save_checkpoint(
        db, session.id, position=2, manifest={}, pages={}, page_hashes=[hash, hash]
    )
    assert again.byte_count == 6


def test_a_checkpoint_with_a_missing_page_is_refused_and_stores_nothing(
    db, add_session, add_text, count
):
    session = add_session(db)
    document = add_text(db, session.id, "one")
    before = (storage.get_document(db, document.id), storage.get_session_by_id(db, session.id))
    given = {storage.page_hash(b"given"): b"given"}
    with pytest.raises(storage.StorageError, match="neither given nor stored"):
        storage.save_checkpoint(
            db,
            session.id,
            position=5,
            manifest={},
            pages=given,
            page_hashes=[*given, storage.page_hash(b"missing")],
            document_id=document.id,
            document_tokens=5,
            document_state="reading",
        )
    assert count(db, "pages") == count(db, "checkpoints") == count(db, "checkpoint_pages") == 0
    after = (storage.get_document(db, document.id), storage.get_session_by_id(db, session.id))
    assert after == before


def test_a_checkpoint_that_fails_at_its_last_statement_stores_nothing(
    db, add_session, add_text, save, count
):
    session = add_session(db)
    document = add_text(db, session.id, "one")
    db.execute(
        "CREATE TRIGGER stop BEFORE INSERT ON checkpoint_pages "
        "BEGIN SELECT RAISE(ABORT, 'stop'); END"
    )
    with pytest.raises(storage.StorageError, match="stop"):
        save(db, session.id, 5, b"a", document_id=document.id, document_tokens=5)
    assert count(db, "pages") == count(db, "checkpoints") == 0
    assert storage.get_document(db, document.id).tokens_read == 0


def test_a_checkpoint_with_bad_arguments_is_refused(db, add_session, add_text, save, count):
    session, other = add_session(db), add_session(db, "other")
    foreign = add_text(db, other.id, "one")
    with pytest.raises(ValueError, match="sha256"):
        storage.save_checkpoint(
            db, session.id, position=1, manifest={}, pages={"ab": b"x"}, page_hashes=["ab"]
        )
    with pytest.raises(ValueError, match="does not name"):
        storage.save_checkpoint(
            db, session.id, position=1, manifest={}, pages={"ab": b"x"}, page_hashes=[]
        )
    with pytest.raises(ValueError, match="not a document state"):
        save(db, other.id, 1, b"a", document_id=foreign.id, document_state="lost")
    with pytest.raises(storage.NotFound, match="no document number"):
        save(db, session.id, 1, b"a", document_id=foreign.id)
    with pytest.raises(storage.NotFound, match="no session number 99"):
        save(db, 99, 1, b"a")
    assert count(db, "pages") == count(db, "checkpoints") == 0


def test_deleting_a_checkpoint_frees_only_pages_that_no_other_uses(db, add_session, save):
    session = add_session(db)
    first = save(db, session.id, 1, b"shared", b"one")
    save(db, session.id, 2, b"shared", b"two")
    storage.delete_checkpoint(db, first.id)
    assert [storage.has_page(db, storage.page_hash(p)) for p in (b"shared", b"one", b"two")] == [
        True,
        False,
        True,
    ]
    with pytest.raises(storage.NotFound, match="may have been pruned"):
        storage.delete_checkpoint(db, first.id)


def test_a_checkpoint_with_a_damaged_manifest_is_listed_with_an_empty_one(db, add_session, save):
    session = add_session(db)
    for position in (1, 2):
        save(db, session.id, position, b"a")
    db.execute("UPDATE checkpoints SET manifest = '{\"format' WHERE position = 2")
    newest, sound = storage.list_checkpoints(db, session.id)
    assert newest.manifest == {}
    assert sound.manifest["format"] == 1


def test_rewinding_documents_to_an_earlier_checkpoint(db, add_session, add_text, save):
    session = add_session(db)
    read = {"document_state": "done", "document_tokens": 10}
    documents = [add_text(db, session.id, "x", title=title) for title in "abc"]
    for i, document in enumerate(documents):
        storage.set_start_position(db, document.id, 10 * i)
    middle = documents[1].id
    save(db, session.id, 10, b"1", document_id=documents[0].id, **read)
    earlier = save(db, session.id, 15, b"2", document_id=middle, document_tokens=5)
    save(db, session.id, 20, b"3", document_id=middle, **read)
    save(db, session.id, 30, b"4", document_id=documents[2].id, **read)
    storage.rewind_documents(
        db, session.id, position=15, document_id=earlier.document_id, document_tokens=5
    )
    after = storage.list_documents(db, session.id)
    assert [document.state for document in after] == ["done", "reading", "queued"]
    assert [document.tokens_read for document in after] == [10, 5, 0]
    assert [document.start_position for document in after] == [0, 10, None]
    assert [document.finished_at is None for document in after] == [False, True, True]


def test_rewinding_documents_to_the_beginning(db, add_session, add_text, save):
    session = add_session(db)
    document = add_text(db, session.id, "x", title="a")
    storage.set_start_position(db, document.id, 7)
    save(
        db, session.id, 17, b"1", document_id=document.id, document_state="done", document_tokens=10
    )
    storage.rewind_documents(db, session.id)
    after = storage.get_document(db, document.id)
    assert (after.state, after.tokens_read, after.start_position) == ("queued", 0, None)
