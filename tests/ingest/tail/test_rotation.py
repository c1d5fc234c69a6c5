"""The files of a rotated log, and the mark by which a file is recognised."""

import os

import pytest

from ingest.tail.rotation import (
    MARK_BYTES,
    has_mark,
    mark_of,
    other_files,
    regular_file_status,
    rotated_files,
)

DATA = bytes(range(256)) * 8


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(DATA)
    return path


def mark_at(path, offset):
    with path.open("rb") as file:
        return mark_of(file, offset)


def test_a_file_has_its_mark_and_so_has_a_copy_that_grew(log):
    mark = mark_at(log, 1500)
    copy = log.with_name("copy")
    copy.write_bytes(DATA + b"more")
    assert has_mark(log, 1500, mark) and has_mark(copy, 1500, mark)


@pytest.mark.parametrize("at", [0, MARK_BYTES - 1, 1500 - MARK_BYTES, 1499])
def test_a_changed_byte_at_the_start_or_before_the_offset_changes_the_mark(log, at):
    mark = mark_at(log, 1500)
    log.write_bytes(DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :])
    assert not has_mark(log, 1500, mark)


def test_a_file_that_is_shorter_or_gone_does_not_have_the_mark(log):
    mark = mark_at(log, 1500)
    log.write_bytes(DATA[:1499])
    assert not has_mark(log, 1500, mark)
    log.unlink()
    assert not has_mark(log, 1500, mark)


def test_a_file_of_which_nothing_was_read_has_an_empty_mark(log):
    assert mark_at(log, 0) == "" and has_mark(log, 0, "")


def test_only_regular_files_have_a_status(log, tmp_path):
    status = regular_file_status(log)
    assert status is not None and status.st_size == len(DATA)
    assert regular_file_status(tmp_path) is None
    assert regular_file_status(tmp_path / "none") is None


def test_rotated_files_are_those_with_its_name_and_a_number_the_oldest_first(log):
    rotated = ["app.log.2", "app-2031-01-25.log", "app.log-20310125", "app.1.log"]
    others = ["app.log.gz", "app.log.1.gz", "other.log.1", "app.logs", "app.log.old"]
    for age, name in enumerate([*rotated, *others]):
        path = log.with_name(name)
        path.touch()
        os.utime(path, (1000 + age, 1000 + age))
    assert [path.name for path, _ in rotated_files(log)] == rotated
    assert {path.name for path, _ in other_files(log)} == {*rotated, *others}


def test_a_log_whose_folder_is_gone_has_no_other_files(tmp_path):
    assert list(other_files(tmp_path / "gone" / "app.log")) == []
