"""Nonsense in, a sentence out: every command and every handler of the page, with generated values.

AMMON_NONSENSE is the number of examples of each test; 15 if it is not set.
"""

import contextlib
import inspect
import io
import os
import signal
import sys
import unicodedata
from types import SimpleNamespace
from unittest import mock

import gradio as gr
import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.cli.main import cli, main
from app.web.page import build
from tests.support.service import read_whole

EXAMPLES = int(os.environ.get("AMMON_NONSENSE", "15"))
SLOW = ("train", "calibrate", "benchmark", "evaluate")
"""They load a model that has to be fetched, so they are given no nonsense that they could run."""
NASTY = [
    "", " ", "-", "--", "s", "t [/b]", "a [/b]", "[bold]x", "\x1b]52;c;eA==\x07", "\u202eabc",
    "\udc80", "line 100000000000000000000", "100000000000000000000", "9" * 5000, "-1", "0", "1e999",
    "nan", "NULL", "page 1", "page 99", "chapter iii", "s: page 1", "'; DROP TABLE sessions; --",
    "../../etc/passwd", "/dev/null", "/", ".", "~nobody-of-this-name/x", "http://[::1", "https://",
    "ſ" * 200, "{0}{task}", "%s%n", "a\nb", "\u200b", "🏴", "\ud800", "x" * 10_000, "<b>&amp;$$x$$",
]  # fmt: skip
words = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))
quiet = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def data_dir(make_service, book, monkeypatch, tmp_path):
    """A data directory with a read session, in which nothing is at work."""
    service = make_service()
    read_whole(service, book, "s")
    service.sessions.create("a [/b]")
    service.close()
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return service.settings.data_dir


def _commands():
    group = typer.main.get_command(cli)
    return {name: command for name, command in group.commands.items() if name not in SLOW}


def test_the_commands_that_get_nonsense_are_all_but_the_slow_ones():
    names = set(typer.main.get_command(cli).commands)
    assert set(SLOW) <= names and len(_commands()) == len(names) - len(SLOW) >= 15


@st.composite
def command_lines(draw):
    """A command with values for its arguments and for some of its options."""
    name = draw(st.sampled_from(sorted(_commands())))
    arguments, options = [], []
    for parameter in _commands()[name].params:
        if parameter.name in ("data_dir", "help"):
            continue
        if parameter.param_type_name == "argument":
            arguments += draw(st.lists(words, min_size=1, max_size=1 + (parameter.nargs == -1)))
        elif parameter.required or draw(st.integers(0, 4)) == 0:
            options.append(parameter.opts[0])
            options += [] if getattr(parameter, "is_flag", False) else [draw(words)]
    if name == "read" and draw(st.booleans()):
        options.append("--nonsense")
    return [name, *options, *(["--"] if draw(st.booleans()) else []), *arguments]


def _run(arguments, data_dir, typed=""):
    """The exit code and what was printed; the command runs in this process."""
    # A command line has no surrogates but those of undecodable bytes, and no NUL.
    given = [a.replace("\0", "").encode("utf-8", "replace").decode() for a in arguments]
    argv = ["ammon", given[0], "--data-dir", str(data_dir), *given[1:]]
    out, err = io.StringIO(), io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    stdin = io.TextIOWrapper(io.BytesIO(typed.encode("utf-8", "replace")), encoding="utf-8")
    try:
        with (
            mock.patch.object(sys, "argv", argv),
            mock.patch.object(sys, "stdin", stdin),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
    finally:
        signal.signal(signal.SIGTERM, before)
    return ended.value.code or 0, out.getvalue(), err.getvalue()


def _is_plain(text):
    return all(c in "\n\t\r" or unicodedata.category(c) not in ("Cc", "Cs") for c in text)


# Without a terminal a password is read from standard input, and that it may be seen is said.
@pytest.mark.filterwarnings("ignore::getpass.GetPassWarning")
@quiet
@given(line=command_lines(), typed=st.lists(words, max_size=3))
def test_every_command_answers_nonsense_with_a_sentence(data_dir, line, typed):
    code, out, err = _run(line, data_dir, "\n".join(typed))
    assert code in (0, 1, 2), (code, err)
    assert _is_plain(out) and _is_plain(err)
    assert "Traceback" not in err and "itself failed" not in err, err
    assert code == 0 or err.strip() or "[!!]" in out or '"ok": false' in out


def test_a_line_number_beyond_all_numbers_is_a_sentence(data_dir):
    for place in ("line 100000000000000000000", "9" * 5000, "page 1 (99999999999999999999)"):
        code, _, err = _run(["ask", "s", "why?", "--at", place], data_dir)
        assert code == 1 and err.startswith("Error: ") and "Exceeds" not in err


def _value_for(component):
    """A strategy for what the browser can send as a component's value."""
    if isinstance(component, gr.Number | gr.Slider):
        return st.one_of(st.none(), st.floats(), st.integers())
    if isinstance(component, gr.Checkbox):
        return st.booleans()
    if isinstance(component, gr.File | gr.UploadButton):
        return st.one_of(st.none(), st.lists(words.filter(lambda w: "\0" not in w), max_size=2))
    if isinstance(component, gr.State):  # the browser cannot send it
        return st.just(component.value)
    return st.one_of(st.none(), words) if isinstance(component, gr.Radio | gr.Dropdown) else words


EVENTS = st.fixed_dictionaries(
    {
        "do": st.sampled_from(["open", "answer", "pause", "resume", "cancel", "remove", "x"]),
        "message": st.one_of(st.none(), st.integers(), words),
        "text": st.one_of(words, st.integers(), st.none()),
        "id": st.one_of(st.none(), st.integers(), words, st.lists(st.integers(), max_size=1)),
    }
)


def _special(handler, draw):
    """What gradio fills in by the parameters' types, the request and the event: (place, value)."""
    made = {}
    for at, parameter in enumerate(inspect.signature(handler).parameters.values()):
        kind = str(parameter.annotation)
        if "KeyUpData" in kind:
            made[at] = SimpleNamespace(input_value=draw(words), key="x")
        elif "Request" in kind:
            made[at] = SimpleNamespace(session_hash="page", headers={}, client=None)
        elif "SelectData" in kind or "EditData" in kind or "EventData" in kind:
            value = draw(st.one_of(words, st.none(), st.fixed_dictionaries({"text": words})))
            index = draw(st.one_of(st.integers(), st.none(), st.lists(st.integers(), max_size=2)))
            data = draw(st.one_of(EVENTS, st.none()))
            made[at] = SimpleNamespace(value=value, index=index, _data=data)
    return made.items()


@quiet
@given(data=st.data())
def test_every_handler_of_the_page_answers_nonsense_with_a_sentence(make_service, book, data):
    service = _service(make_service, book)
    events = [event for event in build(service).blocks.fns.values() if event.fn is not None]
    event = data.draw(st.sampled_from(events), label="event")
    values = [data.draw(_value_for(component)) for component in event.inputs]
    for at, special in _special(event.fn, data.draw):
        values.insert(at, special)
    toasts = []
    with mock.patch.object(gr, "Warning", lambda text, **_: toasts.append(text)):
        try:
            result = event.fn(*values)
            if inspect.isgenerator(result):
                for _, _ in zip(result, range(200), strict=False):
                    pass
        except gr.Error as error:
            toasts.append(error.message)
    assert not [text for text in toasts if "itself failed" in text], toasts


_made = {}


def _service(make_service, book):
    """One service for all examples of a test."""
    if make_service not in _made:
        _made.clear()
        _made[make_service] = service = make_service()
        read_whole(service, book, "s")
    return _made[make_service]
