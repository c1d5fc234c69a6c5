"""Search inside one document: which passages, up to where, and where in them the words are."""

import pytest

import storage


@pytest.fixture
def session(db, add_session):
    return add_session(db)


def found(db, session, document, written, **more):
    words = storage.searched_words(db, session.id, written)
    return storage.find_in_document(db, session.id, document.id, words, limit=9, **more)


def test_passages_with_each_of_the_words_are_found_in_reading_order(db, session, add_text):
    first = add_text(db, session.id, "The parrots sang.", "A grey parrot.", "Grey sea.")
    add_text(db, session.id, "Another grey parrot.", title="other")
    matches = found(db, session, first, "parrot")
    assert [p.text for p in matches.passages] == ["The parrots sang.", "A grey parrot."]
    assert found(db, session, first, "parrot grey").total == 1
    assert found(db, session, first, '"parrot"*').total == 2
    assert found(db, session, first, " !? ").passages == []
    words = storage.searched_words(db, session.id, "parrot")
    one = storage.find_in_document(db, session.id, first.id, words, limit=1)
    assert (len(one.passages), one.total) == (1, 2)


def test_nothing_behind_a_position_is_found(db, session, add_text):
    document = add_text(db, session.id, "A parrot.", "The parrots.", token_count=10)
    assert found(db, session, document, "parrot", before_position=10**6).total == 0, "not begun"
    db.execute("UPDATE documents SET start_position = 100 WHERE id = ?", [document.id])
    assert found(db, session, document, "parrot", before_position=110).total == 1
    assert found(db, session, document, "parrot", before_position=109).total == 0
    assert storage.segment_at(db, document.id, 10**6, 110) != storage.segment_at(
        db, document.id, 10**6
    )
    assert storage.segment_at(db, document.id, 0, 109) is None


@pytest.mark.parametrize(
    "text, written, marked",
    [
        ("The Parrots' parrot, sparrots", "parrot", ["Parrots", "parrot"]),
        ("An e-mail; the mail.", "e-mail", ["e-mail"]),
        ("\u706f\u5854\u7684\u9e66\u9e49\u5f88\u5927", "\u9e66\u9e49", ["\u9e66\u9e49"]),
        ("a.b (x)", "(x", ["(x"]),
        ("nothing", "", []),
    ],
)
def test_the_words_are_found_in_a_text_in_their_forms(db, session, add_text, text, written, marked):
    add_text(db, session.id, "Some English text about the parrots and the mail of the tower.")
    spans = storage.searched_words(db, session.id, written).spans(text)
    assert [text[start:end] for start, end in spans] == marked
