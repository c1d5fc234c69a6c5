"""The one place that writes to the terminal; no other file of the application prints.

Names, documents and answers come from outside. A terminal obeys control characters in them: it
clears the screen, writes to the clipboard (OSC 52) or turns text round. So all text passes through
`visible`, which shows such characters as escapes (`\\x1b`), and none of it is markup to rich.
`tests/app/test_terminal.py` checks that no other file prints.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn

# C0 except tab and line feed, DEL, C1; separators that some terminals take as line feeds;
# embeddings, overrides and isolates of the bidirectional algorithm; lone surrogates.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_IN_A_LINE = re.compile(f"[\t\n]|{_CONTROLS.pattern}")


def visible(text: str, one_line: bool = False) -> str:
    """The text with each control character as an escape, such as `\\x1b` or `\\u202e`.

    Args:
        one_line: line feeds and tabs are escaped, too: the text is a name, or a line of its own.
    """
    pattern = _IN_A_LINE if one_line else _CONTROLS
    return pattern.sub(lambda found: ascii(found[0])[1:-1], text)


def show(text: str = "", end: str = "\n") -> None:
    """Print a result on standard output."""
    _write(sys.stdout, text + end)


def is_terminal_output() -> bool:
    """Whether results go to a terminal, where somebody reads them as they come."""
    return sys.stdout.isatty()


def show_json(value: Any) -> None:
    """Print a result as JSON, on one line of ASCII, on standard output."""
    show(printable_json(json.dumps(value)))


def printable_json(text: str) -> str:
    """JSON in ASCII, in which DEL is escaped as other control characters are."""
    return text.replace("\x7f", "\\u007f")


def show_status(text: str = "") -> None:
    """Print a line about what a command does, or what was wrong, on standard error."""
    _write(sys.stderr, f"{text}\n")


def ask_line(prompt: str) -> str:
    """A line that the person types after a prompt.

    Raises:
        EOFError: the input has ended.
    """
    return input(visible(prompt, one_line=True))


def is_attended() -> bool:
    """Whether a person can read a question on standard error and type an answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_yes_or_no(question: str) -> bool:
    """Whether the person says yes to a question on standard error; the empty line is a no.

    Raises:
        typer.Abort: the input has ended, or the person interrupts it.
    """
    import typer

    return typer.confirm(visible(question, one_line=True), default=False, err=True)


def _write(stream: TextIO, text: str) -> None:
    # A terminal may have another encoding than UTF-8.
    encoding = stream.encoding or "utf-8"
    shown = visible(text).encode(encoding, "backslashreplace").decode(encoding)
    stream.write(shown)
    stream.flush()


def error_console() -> Console:
    """A console of rich on standard error that takes no text as markup or as an emoji."""
    from rich.console import Console

    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def progress_bars(*columns: str | ProgressColumn) -> Progress:
    """Progress bars on standard error.

    Args:
        columns: a text is a template such as "{task.description}", whose values are plain text.
    """
    from rich.progress import Progress, Task, TextColumn
    from rich.text import Text

    class PlainText(TextColumn):
        def render(self, task: Task) -> Text:
            shown = visible(self.text_format.format(task=task), one_line=True)
            return Text(shown, style=self.style, justify=self.justify)

    shown = [PlainText(column) if isinstance(column, str) else column for column in columns]
    return Progress(*shown, console=error_console())


class _Update(Protocol):
    def __call__(self, text: str) -> None: ...


@contextlib.contextmanager
def status_line() -> Iterator[_Update]:
    """A line on standard error that is replaced by each text given to the function it yields."""
    from rich.text import Text

    with error_console().status(Text("…")) as line:
        yield lambda text: line.update(Text(visible(text, one_line=True)))


class _Notes(logging.Handler):
    """Prints what the packages log, which may have names from outside in it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            show_status(self.format(record))
        except Exception:
            self.handleError(record)


def print_logs() -> None:
    """Print warnings and errors that are logged on standard error, as `show_status` does."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Notes) for handler in root.handlers):
        root.addHandler(_Notes(logging.WARNING))
