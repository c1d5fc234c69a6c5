"""After a deletion no text of what was deleted is left in any file of the database."""

import random
import sqlite3
import stat
import sys

import pytest

import storage


def _files(path):
    return {p.name: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()}


def _left(path, *words):
    """Which words any file has, in one of the encodings that could be on the disk."""
    forms = [(w, w.encode(e)) for w in words for e in ("utf-8", "utf-16-le", "utf-16-be")]
    return {(name, w) for name, data in _files(path).items() for w, form in forms if form in data}


def _text(mark, rng):
    words = [f"w{rng.randrange(10_000)}" for _ in range(rng.randrange(3, 400))]
    return f"{mark}begin {' '.join(words)} {mark}end"


def _add(db, add_text, session_id, mark, rng):
    texts = [_text(f"{mark}x", rng) for _ in range(rng.randrange(1, 12))]
    document = add_text(db, session_id, *texts, title=f"{mark}title")
    storage.index_segments(db)
    passage = {"document_id": document.id, "document": f"{mark}title", "text": texts[0]}
    storage.add_message(db, session_id, role="user", text=f"why {mark}?", position=0)
    storage.add_message(
        db,
        session_id,
        role="assistant",
        text="because",
        position=0,
        citations=[passage],
        details={"passages": [passage, {"document_id": 0, "text": "kept"}]},
    )
    return document


def test_the_test_finds_what_is_not_erased(file_db, path, add_session, add_text):
    session = add_session(file_db)
    _add(file_db, add_text, session.id, "zqleft", random.Random(0))
    assert {word for _, word in _left(path, "zqleftxbegin", "zqlefttitle")} == {
        "zqleftxbegin",
        "zqlefttitle",
    }
    tokens = file_db.value("SELECT group_concat(tokens) FROM segment_tokens")
    assert "zqleftxbegin" in tokens


def test_nothing_is_left_of_a_deleted_session(file_db, path, add_session, add_text):
    rng = random.Random(1)
    kept, gone = add_session(file_db, "kept"), add_session(file_db, "zqgonename")
    for number in range(6):
        _add(file_db, add_text, kept.id, f"zqkept{number}", rng)
        _add(file_db, add_text, gone.id, f"zqgone{number}", rng)
    storage.trash_session(file_db, gone.id)
    assert _left(path, "zqgone")
    storage.delete_session(file_db, gone.id)
    assert _left(path, "zqgone") == set()
    assert storage.search_passages(file_db, kept.id, "zqkept3xbegin")


def test_nothing_is_left_of_a_deleted_document(file_db, path, add_session, add_text):
    session, rng = add_session(file_db), random.Random(2)
    documents = [_add(file_db, add_text, session.id, f"zq{n}", rng) for n in range(8)]
    storage.delete_document(file_db, documents[3].id)
    # The question is the person's; the passages and all else are the document's.
    assert _left(path, "zq3x", "zq3title") == set()
    assert _left(path, "zq4x")
    quoted = [
        m.details["passages"][1]["text"]
        for m in storage.list_messages(file_db, session.id)
        if m.role == "assistant"
    ]
    assert quoted == ["kept"] * 8


def test_nothing_is_left_of_deleted_messages(file_db, path, add_session):
    session = add_session(file_db)
    first = storage.add_message(file_db, session.id, role="user", text="zqkeep", position=0)
    for number in range(30):
        text = f"zqgone{number} " * 200
        storage.add_message(file_db, session.id, role="user", text=text, position=0)
    storage.delete_messages_from(file_db, session.id, first.id + 1)
    assert storage.erase_deleted(file_db)
    assert _left(path, "zqgone") == set() and _left(path, "zqkeep")


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_left_after_any_order_of_additions_and_deletions(
    file_db, path, add_session, add_text, seed
):
    rng = random.Random(seed)
    session, live, gone = add_session(file_db), {}, []
    for number in range(40):
        if rng.random() < 0.6 or not live:
            mark = f"zq{number:03d}"
            live[mark] = _add(file_db, add_text, session.id, mark, rng).id
        else:
            mark = rng.choice(list(live))
            storage.delete_document(file_db, live.pop(mark))
            gone.append(f"{mark}x")
    assert gone and _left(path, *gone) == set()


def test_what_another_reader_still_needs_is_erased_by_the_next_call(
    file_db, path, add_session, add_text
):
    session = add_session(file_db)
    document = _add(file_db, add_text, session.id, "zqgone", random.Random(3))
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM segments").fetchall()
    storage.delete_document(file_db, document.id)
    assert not storage.erase_deleted(file_db)
    assert reader.execute("SELECT count(*) FROM segments").fetchone()[0] > 0
    reader.close()
    assert storage.erase_deleted(file_db) and _left(path, "zqgonex") == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_files_of_a_database_are_its_owners_alone(path, add_session):
    with storage.Database(path) as db:
        add_session(db)
    path.chmod(0o644)
    with storage.Database(path) as db:
        add_session(db, "other")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert len(modes) == 3 and set(modes.values()) == {0o600}
