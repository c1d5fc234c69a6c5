"""What goes wrong around a reading is told in a sentence, costs nothing else, and then goes on.

Every command runs in a process of its own, as a person would run it.
"""

from __future__ import annotations

import functools
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

import storage
from app.service import context as context_module
from app.service.reading.locks import SessionLocks
from tests.support.commands import Commands
from tests.support.paths import DATA

FIRST, SECOND = DATA / "two_destinies.txt", DATA / "john_sherman.txt"
PATIENCE_S = 60.0


@pytest.fixture
def commands(tmp_path: Path, tiny_dir: Path) -> Commands:
    return Commands(tmp_path / "data", tmp_path / "said", tiny_dir)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, tiny_dir: Path
) -> tuple[Path, Mapping[str, object]]:
    """A data directory in which both texts were read, one after the other, and its state."""
    folder = tmp_path_factory.mktemp("undisturbed")
    commands = Commands(folder / "data", folder / "said", tiny_dir)
    commands.read(FIRST)
    commands.read(SECOND)
    return commands.folder, commands.state()


def limit_files(max_bytes: int) -> None:
    """From now on no file may be longer: what a quota does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))


def become_nobody() -> None:
    if os.geteuid() == 0:  # whom permissions do not stop
        os.setgid(65534)
        os.setuid(65534)


def wait_briefly_for_locks() -> None:
    context_module.Database = functools.partial(storage.Database, busy_timeout_s=0.2)


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


def test_a_disk_that_takes_no_more(commands, undisturbed):
    commands.read(FIRST)
    before = commands.state()
    largest = max(path.stat().st_size for path in commands.folder.rglob("*") if path.is_file())
    said = commands.refused(
        "read", SECOND, "--session", "s", prepare=functools.partial(limit_files, largest + 50_000)
    )
    assert "nothing of this step was saved; check whether the disk is full, over its quota" in said
    assert commands.state()["tokens_seen"] >= before["tokens_seen"]
    commands.read(SECOND)
    assert commands.state() == undisturbed[1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(folder)]
    if sys.platform != "linux" or not shutil.which("mount"):
        pytest.skip("a disk is mounted on Linux only")
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, leave_bytes: int) -> Path:
    """Write a file that leaves so much of a disk."""
    path = folder / "full"
    with path.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(folder).free - leave_bytes)))
    return path


@pytest.mark.parametrize("leave_bytes", [0, 300_000], ids=["before it", "while it reads"])
def test_a_full_disk(commands, undisturbed, small_disk, leave_bytes):
    commands.folder = small_disk / "data"
    commands.read(FIRST)
    filling = fill(small_disk, leave_bytes)
    said = commands.refused("read", SECOND, "--session", "s")
    assert "full" in said and "free some space" in said
    filling.unlink()
    commands.read(SECOND)
    assert commands.state() == undisturbed[1]


def test_a_folder_that_may_not_be_written(undisturbed, tiny_dir, tmp_path):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(undisturbed[0], folder, dirs_exist_ok=True)
        os.chmod(folder, 0o555)
        commands = Commands(Path(folder), tmp_path / "said", tiny_dir)
        words = ("read", FIRST, "--session", "s")
        said = commands.refused(*words, prepare=become_nobody)
        assert "ammon.sqlite" in said and "permission" in said or "may write" in said
        os.chmod(folder, 0o755)
        assert commands.run(*words).returncode == 0
        assert commands.state() == undisturbed[1]


def test_a_database_that_another_program_locks(commands, undisturbed):
    commands.read(FIRST)
    stood = commands.state()["tokens_seen"]
    child = commands.start("read", SECOND, "--session", "s", prepare=wait_briefly_for_locks)
    with closing(sqlite3.connect(commands.database, isolation_level=None)) as other:
        position = "SELECT max(position) FROM checkpoints"
        wait_for(lambda: other.execute(position).fetchone()[0] > stood)
        other.execute("BEGIN IMMEDIATE")
        wait_for(lambda: "is locked by another program, which may" in commands.said())
        assert child.is_alive(), "it waits until it can write"
        other.execute("ROLLBACK")
    child.join(PATIENCE_S)
    assert child.exitcode == 0, commands.said()
    assert commands.state() == undisturbed[1]


def test_a_flipped_bit_in_a_checkpoint(commands, undisturbed):
    commands.read(FIRST)
    with storage.Database(commands.database) as db:
        newest = storage.list_checkpoints(db, 1)[0].manifest
        page = storage.read_page(db, str(newest["memory_page"]))
    content = bytearray(commands.database.read_bytes())
    middle = page[len(page) // 2 :][:64]
    assert content.count(middle) == 1
    content[content.index(middle)] ^= 4
    commands.database.write_bytes(content)
    with storage.Database(commands.database) as db:
        assert db.integrity_check() == [], "SQLite cannot see it"
    told = "is damaged"
    asked = commands.run("ask", "s", "Who is the woman?")
    assert asked.returncode == 0 and told in asked.stderr and "an earlier one" in asked.stderr
    assert told in commands.read(SECOND)
    assert commands.state() == undisturbed[1]
    assert told not in commands.read(SECOND)


def test_a_truncated_copy_of_the_database(commands, undisturbed):
    whole = (undisturbed[0] / "ammon.sqlite").read_bytes()
    commands.folder.mkdir()
    for size in (100, 5_000, len(whole) // 2):
        commands.database.write_bytes(whole[:size])
        said = commands.refused("read", FIRST, "--session", "s")
        assert "ammon.sqlite" in said and ("damaged" in said or "not an SQLite database" in said)
        assert "database" in commands.run("doctor").stdout.partition("[!!]")[2]
        assert commands.database.read_bytes() == whole[:size], "it was left alone"
    commands.database.write_bytes(whole)
    assert commands.run("report", "s").returncode == 0
    assert commands.state() == undisturbed[1]


def test_the_lock_of_a_killed_process_is_taken_over(commands, undisturbed):
    child = commands.start("read", FIRST, "--session", "s")
    lock = commands.folder / "locks" / "1.pid"
    wait_for(lambda: lock.exists() and lock.read_text() == str(child.pid))
    child.kill()
    child.join()
    assert lock.read_text() == str(child.pid)
    commands.read(FIRST)
    commands.read(SECOND)
    assert commands.state() == undisturbed[1]


def test_while_another_process_reads_it_waits_and_says_for_whom(commands):
    commands.read(FIRST)
    with SessionLocks(commands.folder / "locks").held(1):
        child = commands.start("read", SECOND, "--session", "s")
        wait_for(lambda: f"Another Ammon (process {os.getpid()})" in commands.said())
        assert child.is_alive()
    child.join(PATIENCE_S)
    assert child.exitcode == 0


def test_behind_a_half_read_document_nothing_waits_for_ever(commands, tmp_path):
    commands.read(SECOND)
    with storage.Database(commands.database) as db:
        earlier = storage.list_checkpoints(db, 1)[-1]
        state = storage.list_checkpoints(db, 1)[0].manifest
    assert commands.run("back", "s", earlier.id).returncode == 0
    said = commands.refused("read", FIRST, "--session", "s")
    assert "'John Sherman' comes before it and is paused at token" in said
    assert f"read {SECOND} --session s" in said and "remove s 'John Sherman'" in said
    commands.read(SECOND)
    assert commands.state()["kv_pages"] != state["kv_pages"], "what waited was read as well"
    commands.read(FIRST)
