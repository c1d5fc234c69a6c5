"""A followed log: asked while it grows, stopped and killed at any time, every line stored once."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

import storage
from app.errors import CannotFollow, SessionBusy
from app.service import final_answer
from app.web.sources.html import documents_html
from ingest import IngestError
from tests.support.paths import ROOT
from tests.support.service import TINY_SINKS, TINY_WINDOW, same_bits, state_of, wait_until_read

PATIENCE_S = 120.0
QUICK = {"follow_poll_s": 0.01, "follow_checkpoint_s": 0.0}


def lines(start, stop):
    return "".join(
        f"2031-01-25 06:{at // 60:02}:{at % 60:02} pump {at} reports {at * 7} litres\n"
        for at in range(start, stop)
    )


def append(log, text):
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "pumps.log"
    path.write_text(lines(0, 40), encoding="utf-8")
    return path


def wait_for(what):
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def stored_text(service, document_id):
    return "".join(s.text for s in storage.iter_segments(service.db, document_id))


def document_of(service, name="s"):
    return service.documents.list(name)[-1].document


def is_caught_up(service, log, name="s"):
    """Whether all lines are stored, and all whole chunks that are settled are read."""
    row = document_of(service, name)
    follow = storage.find_follow(service.db, row.id)
    chunk = service.settings.chunk_tokens
    return (
        stored_text(service, row.id) == log.read_text(encoding="utf-8")
        and follow.ready_tokens == follow.place["settled_tokens"] // chunk * chunk
        and row.tokens_read == follow.ready_tokens
        and row.state == "paused"
    )


def follow(service, log, name="s"):
    service.sessions.ensure(name)
    service.start_reading()
    return service.documents.follow(name, log)


def read_whole(service, log, name):
    service.sessions.create(name)
    service.documents.add(name, log)
    wait_until_read(service, name)


def test_a_followed_log_ends_as_a_plain_reading_of_it(make_service, log):
    service = make_service(**QUICK)
    document = follow(service, log)
    wait_for(lambda: is_caught_up(service, log))
    for at in range(40, 160, 20):
        append(log, lines(at, at + 20))
        wait_for(lambda: is_caught_up(service, log))
    append(log, "2031-01-25 07:00:00 the valve Ozymandias is stuck\n")
    wait_for(lambda: is_caught_up(service, log))
    answer = final_answer(service.questions.ask("s", "Which valve is stuck, Ozymandias?"))
    assert "Ozymandias" in answer.passages[0].text
    assert "161" in answer.passages[0].locator and answer.position > 256
    service.context.following.stop(service.sessions.get("s").id)
    assert service.documents.add("s", log).id == document.id
    wait_until_read(service, "s")
    row = document_of(service)
    assert (row.state, row.unit_count) == ("done", 161) and row.tokens_read == row.token_count
    read_whole(service, log, "whole")
    same_bits(state_of(service), state_of(service, "whole"))
    whole = document_of(service, "whole")
    assert _segments(service, row.id) == _segments(service, whole.id)


def _segments(service, document_id):
    rows = storage.iter_segments(service.db, document_id)
    return [(s.ordinal, s.text, s.locator, s.token_start, s.token_count) for s in rows]


def test_a_following_stopped_and_started_again_equals_one_never_stopped(make_service, log):
    first = make_service(**QUICK, checkpoint_tokens=256)
    follow(first, log)
    wait_for(lambda: document_of(first).tokens_read >= 256)
    first.close()
    append(log, lines(40, 90))
    log.rename(log.with_name("pumps.log.1"))
    log.write_text(lines(90, 120), encoding="utf-8")
    second = make_service(**QUICK)
    follow(second, log)
    whole = log.parent / "never stopped" / log.name
    whole.parent.mkdir()
    whole.write_text(lines(0, 120), encoding="utf-8")
    wait_for(lambda: is_caught_up(second, whole))
    second.sessions.create("never stopped")
    second.documents.follow("never stopped", whole)
    wait_for(lambda: is_caught_up(second, whole, "never stopped"))
    (status,) = make_service(**QUICK).documents.list("s")  # of a page in another process, say
    assert status.waits_for_more and "Following, waiting for more" in documents_html([status], "")
    same_bits(state_of(second), state_of(second, "never stopped"))
    assert "began again 1 times" in document_of(second).notes[0]
    last = _segments(second, document_of(second).id)[-1]
    assert "–120" in last[2]


def records(start, stop):
    return "".join(
        json.dumps({"ts": f"06:{at // 60:02}:{at % 60:02}", "pump": {"id": at, "litres": at * 7}})
        + "\n"
        for at in range(start, stop)
    )


def is_taken(service, log):
    """Whether all whole lines are stored, and all whole chunks that are settled are read."""
    row = document_of(service)
    follow = storage.find_follow(service.db, row.id)
    chunk = service.settings.chunk_tokens
    return (
        follow.place["tail"]["offset"] == log.read_bytes().rfind(b"\n") + 1
        and row.tokens_read == follow.place["settled_tokens"] // chunk * chunk
        and row.state == "paused"
    )


def test_followed_json_lines_end_as_the_finished_file(make_service, tmp_path):
    log, service = tmp_path / "pumps.jsonl", make_service(**QUICK)
    long = json.dumps({"ts": "07:00:00", "text": "The valve Ozymandias is stuck. " * 60}) + "\n"
    before = "starting up\n" + records(0, 40) + "\n{cut off\n"
    whole = before + long + records(40, 60) + '{"ts": "08:00:00"}'
    cuts = [0, 12, 800, len(before) + 900, len(before + long), len(whole)]
    for start, stop in itertools.pairwise(cuts):
        append(log, whole[start:stop])
        follow(service, log)
        wait_for(partial(is_taken, service, log))
        has_begun = start > 0
        assert has_begun != ("No line is a JSON record so far" in document_of(service).notes[0])
        service.close()
        service = make_service(**QUICK)
    assert document_of(service).unit_count == whole.count("\n")
    service.start_reading()
    service.documents.add("s", log)
    wait_until_read(service, "s")
    read_whole(service, log, "whole")
    same_bits(state_of(service), state_of(service, "whole"))
    ours, theirs = document_of(service), document_of(service, "whole")
    assert _segments(service, ours.id) == _segments(service, theirs.id)
    assert ours.notes == theirs.notes == ["Lines 1, 43 could not be read as JSON (left out)."]
    assert (ours.kind, ours.unit_count) == (theirs.kind, theirs.unit_count) == ("jsonl", 65)


def test_json_lines_followed_by_an_older_ammon_continue_as_plain_lines(
    make_service, tmp_path, monkeypatch
):
    log = tmp_path / "pumps.jsonl"
    log.write_text(records(0, 30), encoding="utf-8")
    older = make_service(**QUICK)
    with monkeypatch.context() as patch:
        patch.setattr("app.service.library.followed_log.kind_to_follow", lambda name: "log")
        begun = follow(older, log)
    wait_for(lambda: is_caught_up(older, log))
    place = storage.find_follow(older.db, begun.id).place
    known = {"tail", "first_line", "line", "is_line_start", "settled_tokens"}
    assert set(place) == known | {"time", "terminal", "view_chars"}  # it did not know the latter
    values = [json.dumps({key: place[key] for key in known}), begun.id]
    older.db.execute("UPDATE follows SET place = ? WHERE document_id = ?", values)
    older.close()
    append(log, records(30, 60))
    service = make_service(**QUICK)
    assert follow(service, log).id == begun.id
    wait_for(lambda: is_caught_up(service, log))
    assert document_of(service).unit_count == 60


FOLLOWING_PROCESS = """
import sys, time
from pathlib import Path
from ahn_runtime import Runtime
from app.service import Service
from app.settings import ModelOptions, Settings

options = ModelOptions(model=sys.argv[1], window=int(sys.argv[4]), sinks=int(sys.argv[5]))
settings = Settings(
    data_dir=Path(sys.argv[2]), model=options, checkpoint_tokens=256,
    follow_poll_s=0.01, follow_checkpoint_s=0.0,
)
service = Service(settings, lambda options: Runtime.load(**options.as_dict()))
service.sessions.ensure("s")
service.runtime()
service.start_reading()
service.documents.follow("s", Path(sys.argv[3]))
print("ready", flush=True)
time.sleep(600)
"""


def test_after_a_kill_while_following_every_line_is_stored_once(
    make_service, tiny_dir, log, tmp_path
):
    arguments = [tiny_dir, tmp_path / "data", log, TINY_WINDOW, TINY_SINKS]
    command = [sys.executable, "-c", FOLLOWING_PROCESS, *map(str, arguments)]
    for start in (40, 80):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout and child.stdout.readline() == "ready\n"
            for at in range(start, start + 40):  # it is killed in the middle of them
                append(log, lines(at, at + 1))
            child.kill()
    service = make_service(**QUICK)
    follow(service, log)
    wait_for(lambda: is_caught_up(service, log))
    assert stored_text(service, document_of(service).id) == lines(0, 120)
    assert service.db.integrity_check() == []
    service.context.following.stop_all()
    service.documents.add("s", log)
    wait_until_read(service, "s")
    read_whole(service, log, "whole")
    same_bits(state_of(service), state_of(service, "whole"))


def test_what_was_read_outlives_the_log(make_service, log):
    service = make_service(**QUICK)
    follow(service, log)
    wait_for(lambda: is_caught_up(service, log))
    log.unlink()
    service.close()
    later = make_service(**QUICK)
    assert not later.documents.list("s")[0].waits_for_more
    row = follow(later, log)
    later.context.following.stop_all()
    other = log.with_name("other.txt")
    other.write_text("Another text is read after it.\n")
    later.documents.add("s", other)
    wait_until_read(later, "s")
    assert [s.document.state for s in later.documents.list("s")] == ["done", "done"]
    assert stored_text(later, row.id) == lines(0, 40)


def test_a_log_followed_again_after_its_end_continues_in_another_document(make_service, log):
    service = make_service(**QUICK)
    first = follow(service, log)
    wait_for(lambda: is_caught_up(service, log))
    service.context.following.stop_all()
    service.documents.add("s", log)
    append(log, lines(40, 60))
    second = service.documents.follow("s", log)
    assert second.id != first.id
    wait_for(lambda: stored_text(service, second.id) == lines(40, 60))
    row = document_of(service)
    assert row.unit_count == 20 and _segments(service, row.id)[0][2].startswith("lines 41–")


def test_a_session_follows_one_log_at_a_time_in_one_process(make_service, log, book):
    service, other = make_service(**QUICK), make_service(**QUICK)
    document = follow(service, log)
    assert service.documents.follow("s", log).id == document.id
    for act in (
        lambda: service.documents.follow("s", book),
        lambda: service.documents.add("s", log),
        lambda: other.documents.follow("s", log),
        lambda: other.sessions.delete("s"),
        lambda: other.rereads.begin("s", {}),
    ):
        with pytest.raises((SessionBusy, CannotFollow), match="stop|Another"):
            act()
    service.documents.pause(document.id)
    row = service.sessions.get("s")
    storage.begin_reread(service.db, row.id, row.settings)
    with pytest.raises(CannotFollow, match="read again"):
        service.documents.follow("s", log)
    service.sessions.delete("s")
    assert service.sessions.list() == []


def test_a_missing_log_and_a_wrong_kind_are_not_followed(make_service, tmp_path):
    service = make_service(**QUICK)
    service.sessions.create("s")
    picture = tmp_path / "picture.log"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    for path in (picture, tmp_path / "missing.log"):
        with pytest.raises(IngestError, match=path.name):
            service.documents.follow("s", path)
    assert service.documents.list("s") == []


# A shell without job control lets what it starts in the background ignore SIGINT.
AS_IN_A_TERMINAL = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_ctrl_c_stops_the_command_cleanly(tmp_path, tiny_dir, log):
    command = [sys.executable, "-c", AS_IN_A_TERMINAL, str(ROOT / "launch.py")]
    command += ["read", str(log), "--session", "s"]
    command += ["--follow", "--json", "--data-dir", str(tmp_path / "data")]
    command += ["--model", str(tiny_dir), "--window", "3000", "--sinks", "64"]
    database = tmp_path / "data" / "ammon.sqlite"

    def has_read() -> bool:
        if not database.is_file():
            return False
        with storage.Database(database) as db:
            sessions = storage.list_sessions(db)
            return bool(sessions) and sessions[0].tokens_read >= 256

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as child:
        try:
            wait_for(has_read)
            os.kill(child.pid, signal.SIGINT)
            out, err = child.communicate(timeout=PATIENCE_S)
        finally:
            child.kill()
    assert child.returncode == 0, err
    assert "continues from here" in err and "Traceback" not in err
    (document,) = json.loads(out)["documents"]
    assert document["unit_count"] == 40 and document["tokens_read"] % 256 == 0
    two = subprocess.run([*command, str(log)], cwd=ROOT, capture_output=True, text=True)
    assert two.returncode == 1 and "takes one log" in two.stderr
