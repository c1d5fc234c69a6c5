"""The commands in processes of their own; an error is one sentence and exit code 1."""

import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import storage
from app.cli.doctor import ATTEMPTS
from app.settings import Settings
from ingest import probe_sandbox
from tests.support import warm
from tests.support.paths import ROOT


@pytest.fixture
def run(tmp_path, tiny_dir):
    def call(*arguments: str, model: bool = False) -> subprocess.CompletedProcess[str]:
        command = [*arguments, "--data-dir", str(tmp_path / "data")]
        if model:
            command += ["--model", str(tiny_dir), "--window", "3000", "--sinks", "64"]
        return warm.run(command, tmp_path / "command", functools.partial(os.chdir, tmp_path))

    return call


def test_read_ask_report_delete(run, book):
    done = run("read", str(book), "--session", "s", "--json", model=True)
    assert done.returncode == 0, done.stderr
    (document,) = json.loads(done.stdout)["documents"]
    assert document["state"] == "done"
    answered = json.loads(run("ask", "s", "Who kept the parrot Ozymandias?", "--json").stdout)
    assert {"answer", "answer_tokens", "citations"} <= set(answered)
    other = run("ask", "s", "why?", "--window", "64")
    assert other.returncode == 1 and "made with --window 3000, not 64" in other.stderr
    other = run("ask", "s", "why?", "--sinks", "0")
    assert "made with --sinks 64, not 0" in other.stderr
    (listed,) = json.loads(run("sessions", "--json").stdout)
    assert listed["tokens_read"] == document["token_count"]
    figures = json.loads(run("report", "s", "--json").stdout)
    assert figures["tokens"] > document["token_count"]
    assert sum(speed["tokens"] for speed in figures["speeds"]) == document["token_count"]
    assert figures["speeds"][0]["tokens_per_second"] > 0
    assert run("delete", "s").returncode == 0
    assert json.loads(run("sessions", "--json").stdout) == []


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["ask", "nobody", "why?"], "nobody"),
        (["report", "nobody"], "nobody"),
        (["read", "missing.txt", "--session", "s"], "missing.txt"),
        (["read", "x.txt", "--session", "s", "--window", "many"], "--window"),
        (["read", "x.txt", "--session", "s", "--sinks", "none", "--window", "9"], "--sinks takes"),
        (["read", "x.txt", "--session", "s", "--retain", "none", "--window", "9"], "--retain"),
        (["read", "x.txt", "--session", "s", "--encoding", "klingon"], "no text encoding named"),
        (["read", "x.log", "--session", "s", "--encoding", "cp1254", "--follow"], "--follow"),
    ],
)
def test_an_error_is_one_sentence_without_a_traceback(run, arguments, message):
    done = run(*arguments, model=arguments[0] == "read" and "--window" not in arguments)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr


def test_doctor_examines_torch_the_model_and_the_database(run):
    findings = json.loads(run("doctor", "--json").stdout)
    assert {"torch", "model of new sessions", "preset embedded-1.5b", "database"} <= {
        f["what"] for f in findings
    }


def test_doctor_says_what_the_sandbox_refuses_as_a_process_tried_it(run):
    findings = {f["what"]: f for f in json.loads(run("doctor", "--json").stdout)}
    report = probe_sandbox()
    said = {what: findings[f"sandbox: {name}"]["found"] for what, name in ATTEMPTS.items()}
    assert {what: not found.startswith("not refused") for what, found in said.items()} == (
        report.refused
    )
    assert "CPU" in findings["sandbox: limits"]["found"] or not report.limits


def test_read_prints_what_of_a_document_was_left_out_and_json_has_it(run, tmp_path):
    """The note is known only when the document was read to its end."""
    path = tmp_path / "records.jsonl"
    path.write_text('{"text": "The mill is by the weir."}\n' * 30 + "not a record\n")
    done = run("read", str(path), "--session", "s", "--json", model=True)
    (document,) = json.loads(done.stdout)["documents"]
    (note,) = document["notes"]
    assert "31" in note and done.stderr.count(f"records: {note}\n") == 1
    again = run("read", str(path), "--session", "s")
    assert again.stderr.count(f"records: {note}\n") == 1
    path.write_text('{"text": "The mill is by the weir."}\n' * 31)
    changed = run("read", str(path), "--session", "s", "--json")
    (document,) = json.loads(changed.stdout)["documents"]
    (note,) = document["notes"]
    assert "It replaces 'records'" in note and changed.stderr.count(note) == 1


def test_what_an_older_version_stored_is_indexed_when_its_session_is_asked(run, book, tmp_path):
    assert run("read", str(book), "--session", "s", model=True).returncode == 0
    with storage.Database(Settings(data_dir=tmp_path / "data").database_path) as db:
        db.execute("DELETE FROM segment_tokens")
        db.execute("INSERT INTO segments_to_index SELECT document_id, id FROM segments")
        total = storage.index_state(db).total
    index = {f["what"]: f for f in json.loads(run("doctor", "--json").stdout)}["search index"]
    assert index["ok"] and index["found"].startswith(f"0 of {total} passages; the rest")
    done = run("ask", "s", "Who kept the parrot Ozymandias?", "--json")
    assert f"s: Building the search index: 0 of {total} passages" in done.stderr
    assert not json.loads(done.stdout)["found_nothing"]
    index = {f["what"]: f for f in json.loads(run("doctor", "--json").stdout)}["search index"]
    assert index["found"] == f"{total} of {total} passages"


def test_read_skips_unsupported_files_of_a_folder_but_refuses_named_ones(run, tmp_path):
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "one.txt").write_text("The first book tells of a mill. " * 20)
    (folder / "two.txt").write_text("The second book tells of a weir. " * 20)
    (folder / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    done = run("read", str(folder), "--session", "shelf", "--json", model=True)
    result = json.loads(done.stdout)
    assert done.returncode == 0 and [d["title"] for d in result["documents"]] == ["one", "two"]
    assert [s["file"] for s in result["skipped"]] == [str(folder / "cover.png")]
    named = run("read", str(folder / "cover.png"), "--session", "shelf", "--json")
    assert named.returncode == 1 and json.loads(named.stdout)["refused"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_sigterm_saves_what_was_read_as_ctrl_c_does(tmp_path, tiny_dir):
    """It ended the process at once: what was read since the last checkpoint was read again."""
    path = tmp_path / "long.txt"
    path.write_text("The lamp was lit by the keeper.\n\n" * 12_000)
    command = [sys.executable, "launch.py", "read", str(path), "--session", "s"]
    command += ["--data-dir", str(tmp_path / "data"), "--model", str(tiny_dir), "--window", "300"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        database = Settings(data_dir=tmp_path / "data").database_path
        _wait_until_reading(database, process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=300)
    assert process.returncode == 143 and "Traceback" not in said
    with storage.Database(database) as db:
        (row,) = storage.list_documents(db, storage.get_session(db, "s").id)
        newest = storage.list_checkpoints(db, row.session_id)[0]
    assert newest.document_tokens == row.tokens_read > 0
    assert row.tokens_read < row.token_count


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_sigterm_ends_the_server_cleanly(tmp_path, tiny_dir):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "launch.py", "--port", str(port), "--model", str(tiny_dir)]
    command += ["--data-dir", str(tmp_path / "data"), "--window", "300"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=300)
    assert process.returncode == 143 and "Traceback" not in said
    # The log is emptied and deleted when the last connection is closed.
    assert not list((tmp_path / "data").glob("*-wal"))


def _wait_until_reading(database, process):
    """Wait until the process reads the document."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if database.is_file():
            with contextlib.suppress(storage.StorageError), storage.Database(database) as db:
                if db.value("SELECT max(tokens_read) FROM documents"):
                    return
        time.sleep(0.05)
    raise AssertionError("nothing was read")
