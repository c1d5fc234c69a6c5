"""Followed logs: stored in one transaction as they grow, and ordinary documents at the end."""

from dataclasses import replace

import pytest

import storage

GROWN = {"line_count": 2, "byte_count": 5, "notes": ["rotated"], "place": {"at": 5}}


def segments(start, *texts):
    return [
        storage.NewSegment(text, f"line {at}", "line", at, at, 10 * (at - 1), 10)
        for at, text in enumerate(texts, start=start)
    ]


@pytest.fixture
def followed(db, add_session):
    return storage.begin_follow(
        db,
        add_session(db).id,
        title="app",
        kind="log",
        file_name="app.log",
        sha256="f" * 64,
        path="/logs/app.log",
        token_count=4,
        place={"at": 0},
    )


def grow(db, document, settled, open_segments, **changes):
    last = [*settled, *open_segments][-1:]
    tokens = {"token_count": last[0].token_start + 10 if last else 0}
    columns = {"settled": settled, "open_segments": open_segments, **tokens, **GROWN, **changes}
    storage.grow(db, document.id, **columns)


def test_a_followed_log_is_paused_until_it_has_tokens_to_read(db, followed):
    assert (followed.state, followed.kind, followed.token_count) == ("paused", "log", 4)
    assert storage.readable_tokens(db, followed) == (0, True)
    assert storage.wake_follow(db, followed.id) is None
    storage.set_ready_tokens(db, followed.id, 256)
    woken = storage.wake_follow(db, followed.id)
    assert woken.state == "queued" and storage.readable_tokens(db, woken) == (256, True)
    assert storage.next_document_to_read(db, followed.session_id).id == followed.id
    assert storage.wake_follow(db, followed.id) is None


def test_growing_replaces_open_segments_and_keeps_settled_ones(db, followed):
    grow(db, followed, [], segments(1, "one\n"))
    first = list(storage.iter_segments(db, followed.id))
    grow(db, followed, segments(1, "one\ntwo\n"), segments(2, "three\n"))
    grow(db, followed, [], segments(2, "three\nfour\n"))
    rows = list(storage.iter_segments(db, followed.id))
    assert [(r.ordinal, r.text) for r in rows] == [(0, "one\ntwo\n"), (1, "three\nfour\n")]
    assert first[0].id not in {row.id for row in rows}
    assert storage.open_text(db, followed.id) == "three\nfour\n"
    assert len(storage.search_passages(db, followed.session_id, "four")) == 1
    document = storage.get_document(db, followed.id)
    assert (document.segment_count, document.token_count, document.byte_count) == (2, 20, 15)
    assert (document.unit_count, document.notes) == (2, ["rotated"])
    assert storage.find_follow(db, followed.id).place == {"at": 5}
    assert db.integrity_check() == []


def test_growing_is_stored_completely_or_not_at_all(db, followed):
    grow(db, followed, [], segments(1, "one\n"))
    bad = replace(segments(2, "two\n")[0], token_count=None)
    with pytest.raises(storage.StorageError):
        grow(db, followed, segments(1, "one\n"), [bad], place={"at": 9})
    assert [s.text for s in storage.iter_segments(db, followed.id)] == ["one\n"]
    assert storage.find_follow(db, followed.id).place == {"at": 5}


def test_a_log_whose_following_ended_is_an_ordinary_document(db, followed):
    grow(db, followed, segments(1, "one\n"), segments(2, "two\n"))
    assert storage.find_open_follow(db, followed.session_id).document_id == followed.id
    ended = storage.end_follow(db, followed.id)
    assert ended.state == "queued" and storage.readable_tokens(db, ended) == (20, False)
    assert storage.find_open_follow(db, followed.session_id) is None
    found = storage.find_ended_follow(db, followed.session_id, "/logs/app.log")
    assert found.document_id == followed.id and found.ended
    for act in (lambda: grow(db, followed, [], []), lambda: storage.end_follow(db, followed.id)):
        with pytest.raises(storage.NotFound, match="no longer followed"):
            act()


def test_a_log_whose_following_ended_while_it_was_read_is_queued_again(db, followed):
    storage.end_follow(db, followed.id)
    storage.set_document_state(
        db, followed.id, "paused"
    )  # as the worker leaves a log that may grow
    assert storage.wake_follow(db, followed.id).state == "queued"


def test_deleting_a_followed_log_deletes_its_follow_and_segments(db, followed, count):
    grow(db, followed, segments(1, "one\n"), [])
    storage.delete_document(db, followed.id)
    assert count(db, "follows") == count(db, "segments") == 0


def test_a_log_of_the_same_name_in_another_folder_is_not_a_version(db, followed):
    assert followed.source_path == "/logs/app.log"
    found = [
        storage.list_newest(db, followed.session_id, "app.log", path)
        for path in ("/logs/app.log", "/elsewhere/app.log")
    ]
    assert [[row.id for row in rows] for rows in found] == [[followed.id], []]
