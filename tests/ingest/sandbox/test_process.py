"""The client of a worker, with workers of a few lines: asked, timed, ended, and how it was lost."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ingest.sandbox.limits import EXIT_OUT_OF_MEMORY
from ingest.sandbox.process import (
    WorkerLost,
    WorkerProcess,
    light_worker_command,
    worker_command,
)

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="as Linux ends processes")
PATIENT_S = 60.0
SPEAK = """
import json, os, sys, time
def say(**message): print(json.dumps(message), flush=True)
say(ready=True)
def hear(): return json.loads(sys.stdin.readline())
"""


@pytest.fixture
def start():
    """Return a function that starts a worker from a few lines of Python."""
    workers = []

    def make(lines, **options):
        workers.append(WorkerProcess([sys.executable, "-I", "-c", lines], **options))
        return workers[-1]

    yield make
    for worker in workers:
        worker.end()


def lost(worker, request=None, max_silence_s=PATIENT_S):
    with pytest.raises(WorkerLost) as raised:
        list(worker.ask(request or {}, max_silence_s))
    assert not worker.is_free
    return raised.value


def test_a_request_gets_its_answers_up_to_the_last_one(start):
    worker = start(
        SPEAK + "while True:\n n = hear()['n']\n for i in range(n): say(i=i, more=i+1<n)"
    )
    for n in (3, 1):
        assert [answer["i"] for answer in worker.ask({"n": n}, PATIENT_S)] == list(range(n))
        assert worker.is_free


def test_a_worker_whose_answers_are_not_all_taken_is_not_free(start):
    worker = start(SPEAK + "hear()\nwhile True: say(more=True)")
    answers = worker.ask({}, PATIENT_S)
    next(answers)
    answers.close()
    assert not worker.is_free


def test_the_only_answer_is_returned_and_a_second_one_is_refused(start):
    assert start(SPEAK + "hear(); say(a=1); hear()").ask_once({}, PATIENT_S) == {"a": 1}
    with pytest.raises(WorkerLost):
        start(SPEAK + "hear(); say(more=True)").ask_once({}, PATIENT_S)


def test_a_silent_worker_is_a_timeout_and_the_caller_is_called_meanwhile(start):
    calls = []
    worker = start(SPEAK + "hear(); time.sleep(60)")
    with pytest.raises(WorkerLost) as raised:
        list(worker.ask({}, 0.6, lambda: calls.append(1)))
    assert raised.value.is_timeout and raised.value.is_started and calls


def test_what_the_caller_raises_while_it_waits_is_passed_on(start):
    worker = start(SPEAK + "hear(); time.sleep(60)")
    with pytest.raises(ZeroDivisionError):
        list(worker.ask({}, PATIENT_S, lambda: 1 / 0))
    assert not worker.is_free


def test_a_worker_that_is_never_ready_is_a_timeout_before_its_start(start):
    loss = lost(start("import time; time.sleep(60)", start_s=0.3))
    assert loss.is_timeout and not loss.is_started


def test_a_worker_that_ends_before_it_is_ready_has_its_exit_code(start):
    loss = lost(start("raise SystemExit(9)"))
    assert (loss.exit_code, loss.is_started, loss.is_timeout) == (9, False, False)


@linux_only
@pytest.mark.parametrize(
    ("deed", "exit_code", "is_timeout", "is_out_of_memory"),
    [
        ("os._exit(3)", 3, False, False),
        (f"os._exit({EXIT_OUT_OF_MEMORY})", EXIT_OUT_OF_MEMORY, False, True),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL, False, True),
        ("os.kill(os.getpid(), 14)", -signal.SIGALRM, True, False),
        ("os.abort()", -signal.SIGABRT, False, False),
    ],
)
def test_the_loss_says_how_the_worker_ended(start, deed, exit_code, is_timeout, is_out_of_memory):
    loss = lost(start(f"{SPEAK}hear(); {deed}"))
    assert loss.is_started and not loss.is_silent
    assert (loss.exit_code, loss.is_timeout) == (exit_code, is_timeout)
    assert loss.is_out_of_memory == is_out_of_memory


@pytest.mark.parametrize("line", ["no json", "[1]", "[" * 50_000, '{"cut'])
def test_a_line_that_is_no_message_is_the_loss_of_the_worker(start, line):
    loss = lost(start(f"{SPEAK}hear(); print({line!r}, flush=True)"))
    assert loss.is_started and not loss.is_timeout


def test_a_line_beyond_the_limit_is_the_loss_of_the_worker_and_is_not_held(start):
    worker = start(SPEAK + "hear(); say(a='x' * 10_000_000)", max_line_bytes=10_000)
    answers = worker.ask({}, PATIENT_S)
    with pytest.raises(WorkerLost):
        next(answers)
    assert sum(map(len, worker._lines.queue)) <= 4 * 10_000


def test_a_worker_waits_while_its_answers_are_not_taken(start, tmp_path):
    count = tmp_path / "count"
    endless = "i = 0\nwhile True:\n i += 1; say(more=True, x='x' * 100_000)\n "
    worker = start(f"{SPEAK}hear()\n{endless}open({str(count)!r}, 'w').write(str(i))")
    next(worker.ask({}, PATIENT_S))
    time.sleep(0.5)
    assert 1 <= int(count.read_text() or 1) < 20


def test_a_request_to_a_worker_that_was_killed_is_its_loss(start):
    worker = start(SPEAK + "hear(); say(); hear()")
    worker.ask_once({}, PATIENT_S)
    psutil.Process(worker.pid).kill()
    assert lost(worker, {"x": "x" * 1_000_000}).is_started


@linux_only
def test_an_ended_worker_takes_the_programs_of_its_session_with_it(start):
    child = "import subprocess; p = subprocess.Popen(['sleep', '60']); hear(); say(pid=p.pid)"
    worker = start(f"{SPEAK}{child}; hear()", has_own_session=True)
    grandchild = psutil.Process(worker.ask_once({}, PATIENT_S)["pid"])
    assert os.getsid(worker.pid) != os.getsid(0)
    worker.end()
    psutil.wait_procs([grandchild], timeout=10)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


def test_a_worker_is_ended_in_every_state(start):
    asked = start(SPEAK + "hear(); time.sleep(60)")
    with pytest.raises(WorkerLost):
        asked.ask_once({}, 0.1)
    flooding = start(SPEAK + "hear()\nwhile True: say(more=True)")
    next(flooding.ask({}, PATIENT_S))
    for worker in (start("import time; time.sleep(60)"), start(""), asked, flooding):
        worker.end()
        worker.end()
        assert not psutil.pid_exists(worker.pid)


def test_a_command_that_cannot_start_is_an_os_error():
    with pytest.raises(OSError):
        WorkerProcess(["/nonexistent"])


@pytest.fixture
def echo(tmp_path, monkeypatch):
    """A module, found by this process only, whose `main` answers what it imported."""
    (tmp_path / "echo_worker.py").write_text(
        "import sys\n"
        "from ingest.sandbox.protocol import WorkerConnection\n"
        "def main(*arguments):\n"
        "    connection = WorkerConnection()\n"
        "    for request in connection.requests():\n"
        "        connection.send({'arguments': arguments, 'modules': sorted(sys.modules)})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_a_worker_finds_the_imports_of_this_process_and_gets_its_arguments(echo):
    with WorkerProcess(worker_command("echo_worker", "one", "two")) as worker:
        assert worker.ask_once({}, PATIENT_S)["arguments"] == ["one", "two"]


@pytest.mark.parametrize("module", ["pdfium_worker", "render_worker"])
def test_a_light_worker_imports_no_reader(module):
    command = light_worker_command(f"ingest.sandbox.{module}")
    program = command[3].replace(".main()", "; print(*sorted(sys.modules))")
    shown = subprocess.check_output([*command[:3], program, *command[4:]], text=True)
    ours = {name for name in shown.split() if name.startswith("ingest")}
    parts = ("limits", "protocol", "confinement", "landlock", "seccomp", "system_calls", module)
    assert ours == {"ingest", "ingest.sandbox", *(f"ingest.sandbox.{part}" for part in parts)}
    assert not {"pypdf", "lxml", "chardet"} & set(shown.split())
