"""Messages: stored, listed and limited."""

import pytest

import storage


def say(db, session, text, position, role="user", **columns):
    return storage.add_message(db, session.id, role=role, text=text, position=position, **columns)


def texts(messages):
    return [message.text for message in messages]


def test_a_message_is_read_back_unchanged(db, add_session):
    session = add_session(db)
    said = say(
        db,
        session,
        "The whale. \ud800",
        7,
        role="assistant",
        citations=[{"locator": "page 3"}],
        details={"answer_tokens": 4, "odd": "\ud800"},
    )
    assert storage.list_messages(db, session.id) == [said]
    assert said.text == "The whale. \ufffd"
    assert said.citations == [{"locator": "page 3"}]
    assert said.details == {"answer_tokens": 4, "odd": "\ud800"}


def test_messages_are_listed_oldest_first_and_the_limit_keeps_the_newest(db, add_session):
    session = add_session(db)
    for i, text in enumerate("abcd"):
        say(db, session, text, i)
    assert texts(storage.list_messages(db, session.id)) == ["a", "b", "c", "d"]
    assert texts(storage.list_messages(db, session.id, limit=2)) == ["c", "d"]
    assert storage.list_messages(db, session.id, limit=0) == []


def test_messages_before_a_position_are_listed(db, add_session):
    session = add_session(db)
    for text, position in [("a", 10), ("b", 20), ("c", 20), ("d", 30)]:
        say(db, session, text, position)
    assert texts(storage.list_messages(db, session.id, before_position=20)) == ["a", "b", "c"]
    assert texts(storage.list_messages(db, session.id, 1, before_position=19)) == ["a"]


def test_messages_of_other_sessions_are_not_listed(db, add_session):
    session, other = add_session(db, "one"), add_session(db, "two")
    say(db, other, "hidden", 1)
    assert storage.list_messages(db, session.id) == []


def test_bad_messages_are_refused(db, add_session, count):
    session = add_session(db)
    with pytest.raises(ValueError, match="'system' is not a message role"):
        say(db, session, "x", 1, role="system")
    with pytest.raises(storage.NotFound):
        storage.add_message(db, 99, role="user", text="x", position=1)
    assert count(db, "messages") == 0


@pytest.mark.parametrize("damage", ["'{{'", "x'00ff'", "'7'", "9e999", "'[['"])
@pytest.mark.parametrize("column", ["citations", "details"])
def test_a_message_whose_details_cannot_be_read_hides_no_other(db, add_session, column, damage):
    session = add_session(db)
    say(db, session, "Where is the whale?", 1)
    say(db, session, "In the sea.", 1, role="assistant", citations=[{"document_id": 1}])
    db.execute(f"UPDATE messages SET {column} = {damage} WHERE role = 'assistant'")
    asked, answered = storage.list_messages(db, session.id)
    assert (asked.text, answered.text) == ("Where is the whale?", "In the sea.")
    assert getattr(answered, column) == type(getattr(asked, column))()


def test_a_session_with_unreadable_details_is_copied_and_no_deleted_text_stays_in_them(
    db, add_session, add_text
):
    session = add_session(db)
    document = add_text(db, session.id, "a whale")
    say(db, session, "In the sea.", 1, role="assistant", citations=[{"document_id": [7]}])
    db.execute('UPDATE messages SET details = \'{"passages": [{"text": "a whale"\'')
    copy = storage.duplicate_session(db, session.id, "copy")
    (copied,) = storage.list_messages(db, copy.id)
    assert (copied.text, copied.details) == ("In the sea.", {})
    storage.delete_document(db, document.id)
    assert "whale" not in db.value("SELECT min(details) FROM messages")
    assert "whale" not in db.value("SELECT max(details) FROM messages")
