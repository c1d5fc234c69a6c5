"""The commands around sessions and conversations, and the codes that a command ends with."""

import functools
import json
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from tests.support.paths import ROOT
from tests.support.service import read_whole


@pytest.fixture
def run(tmp_path):
    def call(*arguments, typed="", code=0):
        command = [*arguments, "--data-dir", str(tmp_path / "data")]
        done = CliRunner().invoke(cli, command, input=typed)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done

    return call


@pytest.fixture
def library(make_service, book):
    service = make_service()
    read_whole(service, book, "library")
    service.close()


def test_sessions_are_renamed_duplicated_found_and_deleted(library, run):
    assert "is now 'shelf'" in run("rename", "library", "shelf").stdout
    assert json.loads(run("duplicate", "shelf", "two", "--json").stdout) == {"session": "two"}
    rows = json.loads(run("sessions", "--search", "LIGHTHOUSE", "--json").stdout)
    assert {row["name"] for row in rows} == {"shelf", "two"}
    assert rows[0]["tokens"] == rows[0]["tokens_read"] > 0 and rows[0]["bytes"] > 0
    assert "MB on disk" in run("sessions", "--search", "shelf").stdout
    assert run("sessions", "--search", "atlantis").stdout == "No such session.\n"
    assert json.loads(run("delete", "two", "--json").stdout) == {"session": "two"}
    assert len(json.loads(run("sessions", "--json").stdout)) == 1


def test_a_conversation_is_streamed_and_written_out(library, run):
    typed = (
        "Who kept the parrot Ozymandias?\n/sources\n/at line 20\nWho?\n/at nowhere\nWhy?\n/quit\n"
    )
    said = run("chat", "library", typed=typed)
    assert "[1] lighthouse, lines" in said.stdout and "Ozymandias in the tower" in said.stdout
    assert "is no place in this session" in said.stderr
    written = run("history", "library").stdout
    assert written.startswith("# library") and "*As of line 20.*" in written
    messages = json.loads(run("history", "library", "--format", "json").stdout)["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant"] * 2
    again = run("chat", "library", "--json", typed="/again\n")
    assert json.loads(again.stdout)["question"] == "Who?"
    assert len(json.loads(run("history", "library", "--json").stdout)["messages"]) == 4


def test_ctrl_c_stops_the_answer_and_not_the_conversation(library, run, monkeypatch):
    from app.service.questions import Questions

    ask, calls = Questions.ask, []

    def interrupted(self, *given):
        calls.append(given)
        answers = ask(self, *given)
        yield next(answers)
        if len(calls) == 1:
            raise KeyboardInterrupt
        yield from answers

    monkeypatch.setattr(Questions, "ask", interrupted)
    said = run("chat", "library", "--json", typed="Who?\nWhat was lit?\n")
    assert "(stopped; nothing of it is kept)" in said.stderr
    assert json.loads(said.stdout)["question"] == "What was lit?"
    assert len(json.loads(run("history", "library", "--json").stdout)["messages"]) == 2


def test_text_is_read_from_standard_input(library, run):
    text = "The ferry crossed the river Tay. " * 20
    done = run("read", "-", "--session", "library", "--json", typed=text)
    (document,) = json.loads(done.stdout)["documents"]
    assert (document["title"], document["state"]) == ("Pasted text", "done")


def test_a_shell_completes_the_names_of_sessions(library, run, tmp_path, monkeypatch):
    import typer

    from app.cli.options import complete_session

    command = typer.main.get_command(cli)
    with command.make_context("x", [], resilient_parsing=True) as context:
        context.params["data_dir"] = tmp_path / "data"
        assert complete_session(context, "LI") == ["library"]
        assert complete_session(context, "x") == []
        context.params["data_dir"] = tmp_path / "nowhere"
        assert complete_session(context, "") == []


def test_exit_codes(tmp_path):
    command = [sys.executable, str(ROOT / "launch.py")]
    wrong = subprocess.run([*command, "nonsense"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "Traceback" not in wrong.stderr
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=60)
    assert "130 interrupted" in " ".join(shown.stdout.split())
    reading = [*command, "read", "-", "--session", "s", "--data-dir", str(tmp_path / "data")]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # A shell lets what it starts in the background ignore the signal, and this test with it.
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(reading, text=True, preexec_fn=heard, **pipes) as process:
        assert "standard input" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
