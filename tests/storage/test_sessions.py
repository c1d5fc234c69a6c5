"""Sessions: names, lists, settings and deletion."""

import pytest

import storage

EMPTY_AFTER_DELETION = [
    "sessions",
    "documents",
    "segments",
    "messages",
    "checkpoints",
    "pages",
    "checkpoint_pages",
    "speeds",
]


def test_a_created_session_is_found_by_its_name(db):
    made = storage.create_session(db, "  Moby Dick ", {"window": 2048, "ahn": None})
    assert made.name == "Moby Dick"
    assert storage.get_session(db, "moby dick") == made
    assert storage.get_session_by_id(db, made.id) == made


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 121, "two\nlines", "nul\0", "bell\x07!", "\ud800"]
)
def test_invalid_session_names_are_refused(db, name):
    with pytest.raises(ValueError, match="name"):
        storage.create_session(db, name, {})


@pytest.mark.parametrize(
    "name", ["x" * 120, "鯨", "l'été / 1851", "'; DROP TABLE sessions; --", "🐋"]
)
def test_valid_session_names_are_stored(db, name):
    storage.create_session(db, name, {})
    assert storage.get_session(db, name).name == name


def test_composed_and_decomposed_unicode_are_the_same_session_name(db):
    storage.create_session(db, "caf\u00e9", {})
    assert storage.get_session(db, "cafe\u0301").name == "caf\u00e9"


def test_a_taken_session_name_is_refused_in_any_case(db, add_session):
    add_session(db)
    with pytest.raises(storage.AlreadyExists, match="'Moby Dick'"):
        storage.create_session(db, "MOBY DICK", {})


def test_a_missing_session_is_reported_with_the_most_similar_names(db, add_session):
    for name in ["Moby Dick", "Server log"]:
        add_session(db, name)
    with pytest.raises(storage.NotFound, match="most similar names are: 'Moby Dick'") as error:
        storage.get_session(db, "moby dik")
    assert "Server" not in str(error.value)


@pytest.mark.parametrize("name", ["zzz", "", "\ud800", "x" * 10_000])
def test_a_missing_session_without_similar_names_is_reported(db, name, add_session):
    with pytest.raises(storage.NotFound, match="and no other session yet"):
        storage.get_session(db, name)
    add_session(db)
    with pytest.raises(storage.NotFound, match="list of sessions"):
        storage.get_session(db, name)


def test_a_missing_session_id_is_reported(db):
    with pytest.raises(storage.NotFound, match="number 7"):
        storage.get_session_by_id(db, 7)


def test_sessions_are_listed_by_latest_activity_with_their_counts(db, add_session, add_text, save):
    first, second = add_session(db, "first"), add_session(db, "second")
    assert [s.session.name for s in storage.list_sessions(db)] == ["second", "first"]
    document = add_text(db, first.id, "one", "two")
    save(db, first.id, 12, b"a", document_id=document.id, document_tokens=12)
    summary = storage.list_sessions(db)[0]
    assert summary.session.name == "first"
    assert (summary.document_count, summary.tokens_read, summary.checkpoint_count) == (1, 12, 1)
    storage.touch_session(db, second.id)
    assert storage.list_sessions(db)[0].session.name == "second"


def test_tokens_that_the_caller_knows_to_be_read_count_if_they_are_more_than_what_is_stored(
    db, add_session, add_text, save
):
    first, second = add_session(db, "first"), add_session(db, "second")
    one, two = (add_text(db, first.id, text) for text in ("one", "two"))
    other = add_text(db, second.id, "other")
    save(db, first.id, 12, b"a", document_id=one.id, document_tokens=12)

    def read(positions):
        listed = storage.list_sessions(db, positions=positions)
        assert storage.screen_of_sessions(db, "", 0, 50, positions).rows == listed
        return {s.session.name: s.tokens_read for s in listed}

    assert read({}) == {"first": 12, "second": 0}
    assert read({one.id: 15, two.id: 4, other.id: 2, 99: 7}) == {"first": 19, "second": 2}
    assert read({one.id: 9}) == {"first": 12, "second": 0}, "a checkpoint was written since"


def test_renaming_a_session(db, add_session):
    session, other = add_session(db, "old"), add_session(db, "other")
    assert storage.rename_session(db, session.id, "OLD").name == "OLD"
    with pytest.raises(storage.AlreadyExists):
        storage.rename_session(db, session.id, other.name)
    with pytest.raises(storage.NotFound):
        storage.rename_session(db, 99, "new")


def test_session_settings_are_replaced(db, add_session):
    session = add_session(db)
    assert storage.update_session_settings(db, session.id, {"b": [1]}).settings == {"b": [1]}
    with pytest.raises(storage.NotFound):
        storage.update_session_settings(db, 99, {})


def fill(db, session, add_text, save):
    document = add_text(db, session.id, "the white whale", "the ship", title=session.name)
    save(db, session.id, 5, b"shared", session.name.encode(), document_id=document.id)
    storage.add_message(db, session.id, role="user", text="who?", position=5)
    storage.add_speed(db, session.id, position=5, tokens=5, seconds=0.1)


def test_deleting_a_session_deletes_all_its_rows(db, add_session, add_text, save, count):
    session = add_session(db)
    fill(db, session, add_text, save)
    storage.delete_session(db, session.id)
    assert {table: count(db, table) for table in EMPTY_AFTER_DELETION} == dict.fromkeys(
        EMPTY_AFTER_DELETION, 0
    )
    db.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'segments_fts', 'row')")
    assert db.rows("SELECT * FROM temp.words") == []
    assert db.integrity_check() == []


def test_deleting_a_session_does_not_change_other_sessions(db, add_session, add_text, save, count):
    gone, kept = add_session(db, "gone"), add_session(db, "kept")
    for session in (gone, kept):
        fill(db, session, add_text, save)
    storage.delete_session(db, gone.id)
    assert storage.read_page(db, storage.page_hash(b"shared")) == b"shared"
    assert not storage.has_page(db, storage.page_hash(b"gone"))
    assert len(storage.search_passages(db, kept.id, "whale")) == 1
    assert count(db, "segments") == 2
    assert db.integrity_check() == []


def test_the_id_of_a_deleted_session_is_not_used_again(db, add_session):
    first = add_session(db)
    storage.delete_session(db, first.id)
    assert add_session(db).id != first.id


def test_deleting_a_missing_session_is_refused(db):
    with pytest.raises(storage.NotFound):
        storage.delete_session(db, 1)
