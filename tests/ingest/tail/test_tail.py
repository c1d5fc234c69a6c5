"""The tail of a log: every line is returned once, whatever happens to the file."""

import os
import random
import shutil

import pytest

from ingest import Tail, TailCursor, UnsupportedFormat, start_cursor
from ingest.characters import without_typesetting
from ingest.errors import DocumentNotFound
from ingest.tail.opening import OutsideFolders
from ingest.tail.tail import BLOCK_BYTES


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "app.log"
    path.touch()
    return path


def append(path, data):
    with path.open("ab") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


@pytest.fixture
def make_tail():
    made = []

    def make(path, cursor=None, **options):
        made.append(Tail(path, cursor or start_cursor(path), **{"grace_s": 0, **options}))
        return made[-1]

    yield make
    for tail in made:
        tail.close()


def drain(tail):
    """Return all lines until the cursor does not move any more."""
    text, before = "", None
    while before != tail.cursor:
        before = tail.cursor
        text += tail.read()
    return text


def stored(tail):
    """Return the cursor as another process would load it."""
    return TailCursor.from_dict(tail.cursor.as_dict())


def test_appended_lines_are_returned(log, make_tail):
    tail = make_tail(log)
    assert drain(tail) == ""
    for text in ("one\n", "two\nthree\n", "four\n"):
        append(log, text)
        assert drain(tail) == text
    assert tail.cursor.offset == log.stat().st_size and list(tail.cursor.notes()) == []


def test_an_incomplete_line_waits_for_its_end(log, make_tail):
    tail = make_tail(log)
    append(log, "whole\nhal")
    assert drain(tail) == "whole\n"
    append(log, "f")
    assert drain(tail) == ""
    append(log, "\nnext")
    assert drain(tail) == "half\n"
    assert "".join(tail.read_to_the_end()) == "next"


@pytest.mark.parametrize(
    "text", ["grün 🦔 日本\n", "a\r\nb\r\n", "a\rb\n", "\ufeffmarked\n", "so\u00adft\u00ad\n"]
)
def test_a_write_can_end_inside_a_character_or_newline(log, make_tail, text):
    tail, came = make_tail(log), ""
    for byte in (text * 2).encode():
        append(log, bytes([byte]))
        came += drain(tail)
    plain = without_typesetting(text.replace("\r\n", "\n"))
    # What a lone carriage return means, its reader decides.
    assert came == plain * 2


def test_a_log_in_an_8_bit_encoding_is_followed(log, make_tail):
    append(log, "Straße gesperrt\n".encode("cp1252") * 20)
    tail = make_tail(log)
    append(log, "Größe geändert\n".encode("cp1252"))
    assert drain(tail) == "Straße gesperrt\n" * 20 + "Größe geändert\n"


def test_a_huge_line_does_not_wait_for_its_end(log, make_tail):
    tail = make_tail(log)
    line = "é日" * BLOCK_BYTES
    data = f"{line}\nnext\n".encode()
    append(log, data[: 4 * BLOCK_BYTES + 1])
    came = drain(tail)
    assert 3 * BLOCK_BYTES < len(came.encode()) and line.startswith(came)
    append(log, data[4 * BLOCK_BYTES + 1 :])
    assert came + drain(make_tail(log, stored(tail))) == f"{line}\nnext\n"


def test_a_run_of_nul_characters_is_left_out(log, make_tail):
    tail = make_tail(log)
    append(log, bytes(3 * BLOCK_BYTES) + b"after\n")
    assert drain(tail) == "after\n"


def rotate(log, to="app.log.1"):
    log.rename(log.with_name(to))
    log.touch()


def test_a_renamed_log_is_read_to_its_end_first(log, make_tail):
    tail = make_tail(log)
    append(log, "one\n")
    assert drain(tail) == "one\n"
    append(log, "two\nlast, cut off")
    rotate(log)
    append(log, "three\n")
    assert drain(tail) == "two\nlast, cut off\nthree\n"
    assert tail.cursor.renewals == 1 and "1 times" in next(tail.cursor.notes())


def test_lines_appended_to_a_renamed_log_are_read_during_the_grace_period(log, make_tail):
    now = 0.0
    tail = make_tail(log, grace_s=1, clock=lambda: now)
    append(log, "one\n")
    drain(tail)
    rotate(log)
    append(log, "new\n")
    assert drain(tail) == ""
    append(log.with_name("app.log.1"), "late\n")
    now = 2.0
    assert drain(tail) == "late\n"
    assert drain(tail) == "" and tail.cursor.renewals == 0
    now = 4.0
    assert drain(tail) == "new\n"


def test_a_log_that_cannot_be_read_for_a_while_loses_no_line(log, make_tail, monkeypatch):
    tail = make_tail(log)
    append(log, "one\n")
    drain(tail)
    append(log, "two, cut off")
    rotate(log)
    append(log, "three\n")
    with monkeypatch.context() as refused:
        refused.setattr(Tail, "_open_next_file", lambda tail: open("/no/such/file"))
        for _ in range(2):
            with pytest.raises(OSError):
                tail.read()
    assert drain(tail) == "two, cut off\nthree\n"


@pytest.mark.parametrize("names", [("app.log.1", "app.log.2"), ("app-20310101.log", "app.1.log")])
def test_rotations_since_the_last_reading_lose_no_line(log, make_tail, names):
    first = make_tail(log)
    append(log, "one\n")
    drain(first)
    append(log, "two\n")
    rotate(log, names[1])
    append(log, "three\n")
    rotate(log, names[0])
    append(log, "four\n")
    assert drain(make_tail(log, stored(first))) == "two\nthree\nfour\n"


def test_a_log_that_was_empty_and_is_renamed_is_read(log, make_tail):
    first = make_tail(log)
    drain(first)
    append(log, "one\n")
    rotate(log)
    append(log, "two\n")
    assert drain(make_tail(log, stored(first))) == "one\ntwo\n"


def test_files_older_than_the_log_are_not_read(log, make_tail):
    append(log.with_name("app.log.1"), "long ago\n")
    os.utime(log.with_name("app.log.1"), (1, 1))
    tail = make_tail(log)
    append(log, "one\n")
    assert drain(tail) == "one\n"
    log.with_name("app.log.1").rename(log.with_name("app.log.2"))
    rotate(log)
    append(log, "two\n")
    assert drain(tail) == "two\n"


@pytest.mark.parametrize("more", ["", "much more than there was before\n"])
def test_an_emptied_log_begins_stored(log, make_tail, more):
    tail = make_tail(log)
    append(log, "one\ntwo\n")
    assert drain(tail) == "one\ntwo\n"
    os.truncate(log, 0)
    append(log, more + "3\n")
    assert drain(tail) == more + "3\n"
    assert tail.cursor.renewals == 1 and tail.cursor.gaps == 1


@pytest.mark.parametrize("is_watched", [True, False])
def test_copytruncate_loses_no_line_of_the_copy(log, make_tail, is_watched):
    tail = make_tail(log)
    append(log, "one\n")
    drain(tail)
    append(log, "two\n")
    shutil.copy(log, log.with_name("app.log.1"))
    os.truncate(log, 0)
    append(log, "three\n")
    tail = tail if is_watched else make_tail(log, stored(tail))
    assert drain(tail) == "two\nthree\n"
    assert (tail.cursor.renewals, tail.cursor.gaps) == (1, 0)
    shutil.copy(log, log.with_name("app.log.1"))
    os.truncate(log, 0)
    append(log, "four\n")
    assert drain(tail) == "four\n"


def test_a_deleted_log_is_followed_again_when_it_comes_back(log, make_tail):
    tail = make_tail(log)
    append(log, "one\n")
    drain(tail)
    log.unlink()
    assert drain(tail) == ""
    append(log, "two\n")
    assert drain(tail) == "two\n"
    log.unlink()
    later = make_tail(log, stored(tail))
    assert drain(later) == ""
    append(log, "three\n")
    assert drain(later) == "three\n" and later.cursor.gaps == 1


def test_a_restored_copy_of_the_log_is_resumed(log, make_tail):
    tail = make_tail(log)
    append(log, "one\n")
    drain(tail)
    shutil.copy(log, log.with_name("restored"))
    log.unlink()
    log.with_name("restored").rename(log)
    append(log, "two\n")
    assert drain(make_tail(log, stored(tail))) == "two\n"


@pytest.mark.parametrize("seed", range(30))
def test_every_line_is_returned_once_whatever_happens_to_the_log(log, make_tail, seed):
    chance, written, came = random.Random(seed), 0, ""
    tail = make_tail(log)
    for turn in range(60):
        count = chance.randrange(4)
        append(log, "".join(f"line {written + at}\n" for at in range(count)))
        written += count
        act = chance.choice(["look", "rotate", "copytruncate", "restart", "nothing"])
        if act == "rotate":
            rotate(log, f"app.log.{turn + 1}")
        elif act == "copytruncate":
            came += drain(tail)
            shutil.copy(log, log.with_name(f"app.log.{turn + 1}"))
            os.truncate(log, 0)
        elif act == "look":
            came += drain(tail)
        elif act == "restart":
            tail.close()
            tail = make_tail(log, stored(tail))
    came += drain(tail)
    assert came == "".join(f"line {at}\n" for at in range(written))


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0", b"%PDF-1.7\n", "line\n".encode("utf-16")]
)
def test_a_file_that_cannot_be_followed_is_refused(log, data):
    append(log, data)
    with pytest.raises(UnsupportedFormat, match="app.log looks like"):
        start_cursor(log)


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(DocumentNotFound, match="no.log"):
        start_cursor(tmp_path / "no.log")
    with pytest.raises(DocumentNotFound):
        start_cursor(tmp_path)


@pytest.fixture
def shelf(tmp_path):
    """A folder that may be read, with a log; what is beside it may not."""
    folder = (tmp_path / "shelf").resolve()
    folder.mkdir()
    (folder / "app.log").write_text("one\n")
    (tmp_path / "secret.log").write_text("secret\nsecret\n")
    return folder


def replace_by_link(path, target):
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("is_behind", [False, True])
def test_a_log_that_becomes_a_link_out_of_its_folders_is_refused(shelf, make_tail, is_behind):
    tail = make_tail(shelf / "app.log", within=[shelf])
    assert drain(tail) == "one\n"
    if is_behind:  # another process goes on
        tail.close()
        tail = make_tail(shelf / "app.log", stored(tail), within=[shelf])
    replace_by_link(shelf / "app.log", shelf.parent / "secret.log")
    with pytest.raises(OutsideFolders, match="app.log leads to a file outside the folders"):
        drain(tail)
    with pytest.raises(OutsideFolders):
        list(tail.read_to_the_end())


def test_a_folder_that_becomes_a_link_out_is_refused(shelf, make_tail):
    inner = shelf / "inner"
    inner.mkdir()
    (inner / "app.log").write_text("one\n")
    tail = make_tail(inner / "app.log", within=[shelf])
    assert drain(tail) == "one\n"
    (inner / "app.log").unlink()
    inner.rmdir()
    outside = shelf.parent / "outside"
    outside.mkdir()
    (outside / "app.log").write_text("secret\n")
    inner.symlink_to(outside)
    with pytest.raises(OutsideFolders):
        drain(tail)


def test_following_begins_with_no_link_that_leads_out(shelf):
    replace_by_link(shelf / "app.log", shelf.parent / "secret.log")
    with pytest.raises(OutsideFolders):
        start_cursor(shelf / "app.log", [shelf])


def test_an_older_part_that_is_a_link_that_leads_out_is_passed_over(shelf, make_tail):
    log = shelf / "app.log"
    tail = make_tail(log, within=[shelf])
    assert drain(tail) == "one\n"
    log.rename(shelf / "gone.txt")
    (shelf / "app.log.1").symlink_to(shelf.parent / "secret.log")
    os.utime(shelf.parent / "secret.log", (2**31, 2**31))
    log.write_text("two\n")
    assert drain(tail) == "two\n"


def test_a_link_to_a_log_within_the_folders_is_followed(shelf, make_tail):
    (shelf / "today.log").write_text("one\n")
    link = shelf / "current.log"
    link.symlink_to(shelf / "today.log")
    tail = make_tail(link, within=[shelf])
    append(shelf / "today.log", "two\n")
    assert drain(tail) == "one\ntwo\n"
