"""The options that commands share, declared once: where things are, how, and with which model."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where Ammon keeps everything.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def session_argument(help_text: str) -> Any:
    """The argument that names a session; a shell completes it."""
    return typer.Argument(help=help_text, autocompletion=_session_names)


def _session_names(context: typer.Context, incomplete: str) -> list[str]:
    """The sessions whose names begin so, in the data directory that was named before."""
    from app.settings import Settings, default_data_dir
    from storage import Database, StorageError, list_sessions

    given = context.params.get("data_dir") or default_data_dir()
    path = Settings(data_dir=Path(given).expanduser()).database_path
    if not path.is_file():
        return []
    try:
        with Database(path) as db:
            names = [summary.session.name for summary in list_sessions(db)]
    except StorageError:  # whoever runs the command is told
        return []
    return [name for name in names if name.casefold().startswith(incomplete.casefold())]


KeepEvery = Annotated[
    str | None,
    typer.Option(
        "--keep-every",
        help="Keep a checkpoint every so many tokens, beside those at the ends of documents and "
        "chapters: 16384, or what AMMON_KEEP_EVERY says.",
    ),
]
CheckpointBudget = Annotated[
    str | None,
    typer.Option(
        "--checkpoint-budget",
        help="Disk for a session's checkpoints, like 500MB: 1GiB, or what "
        "AMMON_CHECKPOINT_BUDGET says.",
    ),
]

_MODEL_OPTIONS = {
    "model": "A preset (see doctor), a hub id, a directory or a .gguf file.",
    "ahn": "Memory: 'auto', 'none', a hub id or a directory.",
    "window": "Window in tokens, 'auto', or 'none' for all.",
    "sinks": "Sinks in tokens, or 'auto'.",
    "dtype": "'float32' or 'bfloat16'.",
    "kv_dtype": "'float32' or 'bfloat16': held keys and values.",
    "quantize": "'int8', 'none' (exact), or 'auto': int8 on a CPU.",
    "device": "'auto', 'cpu' or 'cuda'.",
    "positions": "'absolute', or 'cache': sinks are seen at their distance inside the cache.",
}


def takes_model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the model's options, and gather those that were given into its `options`.

    Typer reads a command's signature, so the wrapper's is the command's own with `options`
    replaced by one parameter for each option.
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
        command(**given, options=_chosen(options))

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + shared
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def _chosen(given: dict[str, str | None]) -> dict[str, Any]:
    """Only the options that were given, in the types of `ModelOptions`."""
    options: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        options[name] = None if value == "none" else value
        if name in ("window", "sinks") and value not in ("auto", "none"):
            try:
                options[name] = int(value)
            except ValueError:
                raise ValueError(f"--{name} takes a number of tokens; got {value!r}.") from None
    return options


def numbers(name: str, text: str) -> tuple[int, ...]:
    """The value of an option that takes several numbers of tokens.

    Raises:
        ValueError: it is something else.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"--{name} takes numbers of tokens with commas; got {text!r}.") from None


def say(line: str) -> None:
    """What a command is doing, where its result does not go."""
    print(line, file=sys.stderr, flush=True)
