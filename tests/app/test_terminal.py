"""All output in the terminal goes through one function, which makes control characters visible."""

import ast
import io
import json
import logging
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import terminal
from app.cli.progress import watch, watch_reread
from app.terminal import progress_bars, show, show_json, show_status, status_line, visible
from tests.support.paths import ROOT
from tests.support.service import read_whole

HOSTILE = "a [/b]\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b2J\u202egnp.exe\x7f\r\u2066"
"""Writes to the clipboard, clears the screen, turns text round, and is no markup of rich."""
FUNCTIONS = {"print", "input", "pprint"}
METHODS = {"print", "echo", "secho", "confirm"}
OF_RICH = {"Console", "Progress", "TextColumn", "print"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def _writes(source: str) -> list[str]:
    found: list[str] = []
    tree = ast.parse(source)
    conditional = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    for_types = [node for node in conditional if ast.unparse(node.test) == "TYPE_CHECKING"]
    ignored = {id(node) for block in for_types for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in ignored:
            continue
        match node:
            case ast.Call(ast.Name(name)) if name in FUNCTIONS:
                found.append(name)
            case ast.Call(ast.Attribute(attr=name)) if name in METHODS:
                found.append(name)
            case ast.ImportFrom(module, names) if (module or "").startswith("rich"):
                found += [alias.name for alias in names if alias.name in OF_RICH]
            case ast.Attribute(attr=name) if name in STREAMS:
                found.append(name)
    return found


def test_no_file_of_the_application_but_one_writes_to_the_terminal():
    files = [path for path in (ROOT / "app").rglob("*.py") if path.name != "terminal.py"]
    written = {str(p.relative_to(ROOT)): _writes(p.read_text(encoding="utf-8")) for p in files}
    written = {path: calls for path, calls in written.items() if calls}
    # Its standard output is a pipe of git, not the terminal.
    assert written.pop("app/version.py", None) in (None, ["stdout"])
    assert written == {}
    assert _writes("print(1)\nsys.stderr.write('x')") == ["print", "stderr"]


def _is_plain(text: str) -> bool:
    controls = {"Cc", "Cs", "Zl", "Zp"}
    return all(
        character in "\n\t" or unicodedata.category(character) not in controls for character in text
    ) and not any(0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069 for c in text)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_what_is_visible_has_no_control_characters_and_other_text_is_unchanged(text):
    shown = visible(text)
    assert _is_plain(shown)
    assert _is_plain(text) == (shown == text)
    assert not set("\n\t") & set(visible(text, one_line=True))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_a_terminal_of_any_encoding_shows_any_text(monkeypatch, encoding):
    raw = io.BytesIO()
    for name in ("stdout", "stderr"):
        stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
        monkeypatch.setattr(f"sys.{name}", stream)
    show(f"{HOSTILE} ű \udc80")
    show_status(HOSTILE)
    terminal.print_logs()
    logging.getLogger("ammon").warning("%s", HOSTILE)
    written = raw.getvalue().decode(encoding)
    assert _is_plain(written.replace("\r\n", "\n")) and written.count("\\x1b]52") == 3


def test_json_stays_json_whatever_is_in_it(capsys):
    show_json({"text": HOSTILE})
    written = capsys.readouterr().out
    assert json.loads(written) == {"text": HOSTILE} and _is_plain(written)


def test_bars_and_status_lines_take_names_as_plain_text(capsys):
    with progress_bars("{task.description}", "{task.fields[note]}") as bars:
        bars.add_task(HOSTILE, note=HOSTILE)
    with status_line() as update:
        update(HOSTILE)
    written = capsys.readouterr().err
    assert "a [/b]\\x1b]52" in written and not {"\x07", "\x9b", "\u202e"} & set(written)


def test_a_session_and_a_document_may_be_named_like_markup(make_service, tmp_path, capsys):
    """`reread "a [/b]"` ended with a traceback of the progress bar."""
    service = make_service()
    path = tmp_path / "[bold] see [link=file:a].txt"
    path.write_text("The mill is by the weir.\n" * 40)
    document = read_whole(service, path, "a [/b]")
    watch(service, "a [/b]", [document.id])
    service.rereads.begin("a [/b]", {"window": 2000})
    watch_reread(service, "a [/b]")
    assert "a [/b] again" in capsys.readouterr().err
