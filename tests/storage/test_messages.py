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
