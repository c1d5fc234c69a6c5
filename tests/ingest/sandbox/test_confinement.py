"""What a reader that was taken over can do: each thing is tried in the real process, for real."""

import ast
import json
import os
import platform
import socket
import sqlite3
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from ingest import (
    Limits,
    ReaderFailed,
    SandboxPool,
    open_document,
    probe_sandbox,
    render_page,
)
from ingest.naming import clean_line
from ingest.sandbox.landlock import abi_version
from ingest.sandbox.pdfium import PdfiumExtractor
from ingest.sandbox.process import WorkerLost, WorkerProcess, light_worker_command
from ingest.sandbox.seccomp import has_filter
from ingest.sandbox.slots import MAX_BUSY_WORKERS, worker_slot
from tests.support.intruders import FORGE_S
from tests.support.pdf_samples import make_pdf

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines readers")
needs_landlock = pytest.mark.skipif(not abi_version(), reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(not has_filter(), reason="no filter for this processor")
on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86-64")
INTRUDERS = "tests.support.intruders:open_document"
SECRET = "ammon-secret"


@pytest.fixture(scope="module")
def pool():
    """A pool that was started with a secret in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", SECRET)
        with SandboxPool(opener=INTRUDERS) as pool:
            yield pool


@pytest.fixture
def attempt(pool, tmp_path):
    """Return a function that has a reader do a deed, and returns what came of it."""

    def make(deed, *arguments):
        path = tmp_path / "taken over.txt"
        path.write_text(json.dumps({"deed": deed, "arguments": arguments}))
        (note,) = pool.open_document(path).notes
        return note

    return make


@pytest.fixture
def by_program(attempt):
    """Return the same for a program that a reader has started: PDFium or text recognition."""

    def make(deed, *arguments):
        done, _, said = attempt("by_program", {"deed": deed, "arguments": arguments}).partition(" ")
        assert done == "done"
        exit_code, output = ast.literal_eval(said)
        assert exit_code == 0, output
        return output.strip()

    return make


@pytest.fixture
def other(tmp_path):
    """A file that the reader was not given."""
    path = tmp_path / "other.txt"
    path.write_text(SECRET)
    return str(path)


@pytest.fixture
def database(tmp_path):
    path = str(tmp_path / "ammon.db")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (1)")
    return path


@needs_landlock
@pytest.mark.parametrize("deed", ["read", "read_in_a_thread"])
def test_no_other_file_is_read(attempt, other, deed):
    assert attempt(deed, other) == "PermissionError"
    assert attempt(deed, f"/proc/self/root{other}") == "PermissionError"


@needs_landlock
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "/proc/self/maps"])
def test_no_file_of_the_system_tells_about_it(attempt, path):
    assert attempt("read", path) == "PermissionError"


@needs_landlock
@pytest.mark.parametrize("part", ["environ", "mem", "maps", "cmdline", "status", "fd/0"])
def test_nothing_of_the_process_of_ammon_is_read(attempt, part):
    assert attempt("read", f"/proc/{os.getpid()}/{part}") == "PermissionError"


@needs_landlock
def test_no_folder_is_listed(attempt, other):
    for folder in (os.path.dirname(other), "/proc", str(Path.home())):
        assert attempt("list", folder) == "PermissionError"


@needs_landlock
@pytest.mark.parametrize("statement", ["SELECT x FROM t", "DELETE FROM t"])
def test_the_database_is_neither_read_nor_changed(attempt, database, statement):
    assert attempt("query", database, statement) == "OperationalError"
    with sqlite3.connect(database) as db:
        assert db.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_of_the_environment_only_what_python_needs_is_known(attempt):
    names = ast.literal_eval(attempt("environment").removeprefix("done "))
    assert "PATH" in names and "HF_TOKEN" not in names and "HOME" not in names


@needs_seccomp
def test_no_connection_is_made(attempt):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert attempt("connect", server.getsockname()[1]) == "PermissionError"
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


@needs_seccomp
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16, 40])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW])
def test_there_is_no_socket_of_any_family(attempt, family, kind):
    assert attempt("make_socket", family, kind) == "PermissionError"


@needs_seccomp
@on_x86
@pytest.mark.parametrize(
    "number",
    [425, 101, 272, 165, 321, 298, 323, 310, 438, 434, 31, 66, 69, 70, 71, 220],
    ids=lambda number: f"call {number}",
)
def test_calls_that_lead_around_the_rules_are_refused(attempt, number):
    """io_uring, ptrace, unshare, mount, bpf, perf, userfaultfd, and what reaches others."""
    assert attempt("call", number, 0, 0, 0, 0, 0) == "PermissionError"


@needs_seccomp
def test_a_call_that_is_newer_than_the_filter_is_unknown(attempt):
    open_tree_attr = 467
    assert attempt("call", open_tree_attr, -100, 0, 0, 0, 0) == "OSError"
    assert attempt("call", open_tree_attr, -100, 0x7F, 0x800, 0, 0) == "OSError"


@needs_seccomp
@on_x86
def test_calls_in_the_manner_of_another_machine_are_refused(attempt):
    x32_socket = 0x40000000 + 41
    assert attempt("call", x32_socket, 2, 1, 0) == "OSError"


@needs_seccomp
@on_x86
def test_the_memory_of_ammon_is_not_read(attempt):
    assert attempt("peek", os.getpid()) == "PermissionError"


@pytest.mark.skipif(not abi_version() and not has_filter(), reason="no means on this system")
def test_nothing_is_written(attempt, other, tmp_path):
    before = sorted(path.name for path in tmp_path.iterdir())
    deeds = [
        ("write", other, "changed"),
        ("write", str(tmp_path / "new.txt"), "new"),
        ("write", str(tmp_path / "taken over.txt"), "changed"),
        ("unlink", other),
        ("rename", other, f"{other}.moved"),
        ("symlink", other, f"{other}.link"),
        ("mkdir", str(tmp_path / "folder")),
    ]
    assert [attempt(*deed) for deed in deeds] == ["PermissionError"] * len(deeds)
    assert Path(other).read_text() == SECRET
    assert sorted({*before, "taken over.txt"}) == sorted(p.name for p in tmp_path.iterdir())


@needs_seccomp
def test_no_attribute_of_a_file_is_changed(attempt, other):
    before = os.stat(other)
    assert attempt("chmod", other, 0o777) == attempt("utime", other) == "PermissionError"
    assert os.stat(other) == before


@needs_seccomp
@pytest.mark.parametrize("deed", ["nice", "prlimit", "own_signals"])
def test_other_processes_are_not_reached(attempt, deed):
    assert attempt(deed, os.getpid()) == "PermissionError"
    assert attempt("kill", os.getpid(), 0) == attempt("kill", 0, 0) == "PermissionError"


@needs_seccomp
def test_no_program_is_run_and_the_group_is_not_left(attempt):
    for deed, *arguments in (("execute", "/bin/true"), ("run", "/bin/true"), ("leave",)):
        assert attempt(deed, *arguments) == "PermissionError"


@needs_seccomp
def test_a_fork_bomb_has_no_second_process(attempt):
    assert attempt("bomb") == "done 0"


def test_the_limits_are_set_and_cannot_be_raised(attempt):
    limits = ast.literal_eval(attempt("limits").removeprefix("done "))
    assert limits["FSIZE"] == limits["CORE"] == 0
    assert 0 < limits["NOFILE"] <= 256 and 0 < limits["CPU"] <= 24 * 3600
    assert 0 < limits["AS"] <= Limits().max_reader_bytes and limits["NPROC"] < 10_000
    assert attempt("raise_limits") == "ValueError"


@pytest.mark.parametrize("deed", ["poison", "forge"])
def test_a_reader_that_was_taken_over_harms_no_other_document(pool, attempt, tmp_path, deed):
    good = tmp_path / "good.txt"
    good.write_text("Words.\n" * 20_000)
    assert attempt(deed) == "done None"
    time.sleep(2 * FORGE_S)
    read = [segment.text for segment in pool.open_document(good).segments()]
    assert read == [segment.text for segment in open_document(good).segments()]


KNOWN = {"kind": "text", "byte_count": 1, "unit_name": "line", "unit_count": 1, "notes": []}
KNOWN["own_title"] = ""


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"document": None},
        {"document": {**KNOWN, "title": ["a"]}},
        {"document": {**KNOWN, "title": "a", "own_title": ["a"]}},
        {"document": {**KNOWN, "title": "a", "byte_count": 2**70}},
        {"document": {**KNOWN, "title": "a", "kind": "program"}},
        {"document": {**KNOWN, "title": "a", "notes": [{}]}},
        {"segments": 5, "more": True},
        {"segments": [["text", "line", True, 1, None, None]], "more": True},
        {"segments": [["text", "line", 9, 1, None, None]], "more": True},
        {"error": ["SystemExit", "text"]},
        {"error": ["IngestError", {}]},
        {"fault": 5},
    ],
)
def test_an_answer_that_no_reader_gives_is_a_sentence(attempt, answer):
    with pytest.raises(ReaderFailed, match="it gave no usable answer"):
        attempt("lie", answer)


def test_a_title_is_one_safe_line_whatever_a_reader_answers(pool, tmp_path):
    path = tmp_path / "lying.txt"
    title = "a\n[2] Other, page 3:\x1b[2J\u202e" + 1000 * "x"
    answer = {"document": {**KNOWN, "title": title, "own_title": title}}
    path.write_text(json.dumps({"deed": "lie", "arguments": [answer]}))
    document = pool.open_document(path)
    assert document.title == document.own_title == clean_line(title)


@needs_landlock
@needs_seccomp
def test_a_program_that_a_reader_starts_is_as_confined(by_program, other, tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        deeds = [
            ("read", other),
            ("write", other, "changed"),
            ("unlink", other),
            ("chmod", other, 0o777),
            ("connect", server.getsockname()[1]),
            ("kill", os.getpid(), 0),
            ("read", f"/proc/{os.getpid()}/environ"),
        ]
        found = by_program("several", deeds)
    assert ast.literal_eval(found.removeprefix("done ")) == ["PermissionError"] * len(deeds) + [0]
    assert Path(other).read_text() == SECRET


@needs_seccomp
def test_only_the_programs_of_readers_are_started(attempt):
    assert attempt("start_other", "/bin/sh", "-c", "true") == "PermissionError"


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@needs_seccomp
@pytest.mark.parametrize("module", ["pdfium_worker", "render_worker"])
def test_a_worker_of_pdfium_is_confined_to_its_file(tmp_path, module):
    given, hidden = tmp_path / "a.pdf", tmp_path / "b.pdf"
    for path in (given, hidden):
        path.write_bytes(make_pdf("one"))
    request = {"password": None, "page_index": 0, "seconds": 60, "phrases": [], "width": 100}
    request |= {"max_pixels": 10_000, "max_chars": 100, "wanted": "text"}
    with WorkerProcess(light_worker_command(f"ingest.sandbox.{module}")) as worker:
        answer = worker.ask_once({**request, "path": str(given)}, 60.0)
        assert answer.get("text") == "one" or "png" in answer
        found = status(worker.pid)
        assert (found["Seccomp"], found["NoNewPrivs"]) == ("2", "1")
        assert int(found["CapEff"], 16) & ~(1 << 2) == 0
        if abi_version() and module == "render_worker":  # the other one keeps its PDF open
            with pytest.raises(WorkerLost):
                worker.ask_once({**request, "path": str(hidden)}, 60.0)


@needs_seccomp
def test_a_confined_reader_has_pdfium_and_its_own_page(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("one"))
    with PdfiumExtractor(path, None, Limits()) as extractor:
        assert extractor.page_text(0) == "one"
    assert render_page(path, 0, name="a.pdf").png.startswith(b"\x89PNG")


@needs_landlock
@needs_seccomp
def test_the_report_says_what_this_machine_refuses():
    report = probe_sandbox()
    assert report.problem == "" and report.leaked == ()
    assert all(report.refused.values()) and len(report.refused) == 5
    assert {"RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE"} <= set(report.limits)
    assert report.landlock_version == abi_version()


def test_beyond_the_bound_a_reading_and_a_drawing_wait(pool, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("one"))
    drawn = []
    drawing = threading.Thread(target=lambda: drawn.append(render_page(path, 0, name="a.pdf")))
    with ExitStack() as slots:
        for _ in range(MAX_BUSY_WORKERS):
            slots.enter_context(worker_slot())
        with pytest.raises(ZeroDivisionError), pool.borrow(on_wait=lambda: 1 / 0):
            pass
        before = len(psutil.Process().children())
        drawing.start()
        drawing.join(0.6)
        assert drawing.is_alive() and len(psutil.Process().children()) == before
    drawing.join()
    assert len(drawn) == 1
    with pool.borrow():
        pass
