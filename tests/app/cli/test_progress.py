"""What `read` prints of a document's notes: each once, and of very many the first."""

import pytest

import storage
from app.cli.progress import print_notes


@pytest.fixture
def row():
    with storage.Database(":memory:") as db:
        storage.create_session(db, "s", {})
        made = storage.add_document(
            db, 1, title="book", kind="text", file_name="b.txt", sha256="x", byte_count=1
        )

        def row(count):
            finished = storage.finish_indexing(
                db,
                made.id,
                token_count=1,
                unit_count=1,
                unit_name="line",
                notes=[f"Note {i}." for i in range(count)],
            )
            storage.reset_indexing(db, made.id)
            return finished

        yield row


def printed(capsys, *arguments):
    print_notes(*arguments)
    out, err = capsys.readouterr()
    assert out == "", "standard output is kept for the result"
    return err.splitlines()


def test_notes_are_printed_with_their_document_and_not_twice(capsys, row):
    assert printed(capsys, row(0)) == []
    assert printed(capsys, row(2)) == ["book: Note 0.", "book: Note 1."]
    assert printed(capsys, row(2), ["Note 0."]) == ["book: Note 1."]


def test_very_many_notes_are_folded(capsys, row):
    assert len(printed(capsys, row(6))) == 6, "one more line says no less than the note"
    *_, fifth, last = printed(capsys, row(17))
    assert fifth == "book: Note 4."
    assert last == "book: and 12 more notes; --json and the page have all."
