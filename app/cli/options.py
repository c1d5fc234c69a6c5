"""The options that several commands share, each declared once, and how their values are parsed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where Ammon keeps everything.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
AtOnce = Annotated[
    bool,
    typer.Option(
        "--at-once",
        help="Compute divergences in one pass over a text, not as a session reads: fast on a GPU.",
    ),
]
Screen = Annotated[
    int, typer.Option("--page", min=1, help="Which part of a long list is printed, from 1 on.")
]
SCREEN = 50
"""Lines of a list that are printed at once; --json prints all."""


def rest_of_list(page: int, shown: int, total: int) -> str:
    """The line below a part of a list: which part it is, and how to see the next one.

    Empty if the list is shown whole.
    """
    if page == 1 and shown == total:
        return ""
    if not shown:
        return f"Nothing on page {page}: the list has {total:,} lines, {SCREEN} on each page."
    first = (page - 1) * SCREEN + 1
    end = first + shown - 1
    more = f"; --page {page + 1} shows the next" if end < total else ""
    return f"({first:,}–{end:,} of {total:,}{more}, --json prints all)"


def session_argument(help_text: str) -> Any:
    """An argument that names a session, with completion in the shell."""
    return typer.Argument(help=help_text, autocompletion=complete_session)


def complete_session(context: typer.Context, incomplete: str) -> list[str]:
    """The sessions whose names begin with what was typed, in any case of letters.

    Args:
        context: of the command, whose --data-dir counts if it was typed before.
    """
    from app.settings import Settings, default_data_dir, home_expanded
    from storage import Database, StorageError, session_names

    given = context.params.get("data_dir") or default_data_dir()
    try:
        path = Settings(data_dir=home_expanded(Path(given))).database_path
        if not path.is_file():
            return []
        with Database(path) as db:
            return session_names(db, incomplete)
    except (StorageError, ValueError):  # the command itself will report it
        return []


KeepEvery = Annotated[
    str | None,
    typer.Option(
        "--keep-every",
        help="Tokens between two checkpoints that are kept, besides those at the ends of documents "
        "and chapters. Default: AMMON_KEEP_EVERY, or 16384.",
    ),
]
CheckpointBudget = Annotated[
    str | None,
    typer.Option(
        "--checkpoint-budget",
        help="Disk space for a session's checkpoints, such as 500MB. Default: "
        "AMMON_CHECKPOINT_BUDGET, or 1GiB.",
    ),
]

TakeNotes = Annotated[
    bool | None,
    typer.Option(
        "--notes/--no-notes",
        help="Take notes while reading (see notes). Default: AMMON_NOTES, or yes.",
        show_default=False,
    ),
]

MAX_DIGITS = 9
"""Of a number of tokens: more would be too large for memory, and then for the tensors' sizes."""
_MODEL_OPTIONS = {
    "model": "A preset (see doctor), a hub id, a directory, a .gguf file, or 'auto'.",
    "ahn": "Memory: 'auto', 'none', a hub id or a directory.",
    "window": "Window in tokens, 'auto', or 'none' (full attention).",
    "sinks": "Sinks in tokens, or 'auto'.",
    "dtype": "'float32' or 'bfloat16'.",
    "kv_dtype": "'float32' or 'bfloat16', for keys and values.",
    "quantize": "'int8', 'none' (exact), or 'auto': int8 on a CPU.",
    "device": "'auto', 'cpu' or 'cuda'.",
    "positions": "'absolute', or 'cache': sinks at their distance inside the cache.",
    "retain": "Tokens behind the window that each head keeps exactly, or 'auto'. Without a window "
    "there are none: it has no effect.",
}
_TOKENS = {"window": "a number of tokens, 'auto' or 'none'"} | dict.fromkeys(
    ("sinks", "retain"), "a number of tokens or 'auto'"
)
"""The model's options that are numbers of tokens, and what each takes."""
_MAY_BE_NONE = ("ahn", "window", "quantize")
"""Those for which "none" is a value; for any other it is a name that is not known."""


def takes_model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the model's options to a command, which receives those given as the dict `options`.

    Typer reads the signature of a command. The wrapper's signature is the command's own, with
    `options` replaced by one parameter for each of the model's options.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "options"]
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, typer.Option(help=help_text)],
        )
        for name, help_text in _MODEL_OPTIONS.items()
    ]

    @functools.wraps(command)
    def wrapper(**given: Any) -> None:
        options = {name: given.pop(name) for name in _MODEL_OPTIONS}
        command(**given, options=_parse(options))

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + shared
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def _parse(given: dict[str, str | None]) -> dict[str, Any]:
    """The options that were given, in the types of `ModelOptions`.

    Raises:
        ValueError: window, sinks or retain is not a number.
    """
    options: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if value == "none" and name in _MAY_BE_NONE:
            options[name] = None
        else:
            options[name] = _tokens(name, value) if name in _TOKENS and value != "auto" else value
    return options


def _tokens(name: str, value: str) -> int:
    try:
        tokens = int(value) if len(value) <= MAX_DIGITS else -1
    except ValueError:
        tokens = -1
    if tokens < 0:
        raise ValueError(f"--{name} takes {_TOKENS[name]}; got {value!r}.")
    return tokens


def numbers(name: str, text: str) -> tuple[int, ...]:
    """Parse the value of an option that takes several whole numbers, such as "256,512".

    Args:
        name: of the option, without dashes, for the error.

    Raises:
        ValueError: a part is not a whole number.
    """
    try:
        if all(len(part.strip()) <= MAX_DIGITS for part in text.split(",")):
            return tuple(int(part) for part in text.split(","))
        raise ValueError(text)
    except ValueError:
        raise ValueError(
            f"--{name} takes whole numbers separated by commas; got {text!r}."
        ) from None
