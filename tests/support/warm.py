"""The command line in processes forked from a warm one: a start takes milliseconds, not seconds.

The warm process (multiprocessing's fork server) has imported what a command needs and has run no
operation of torch, so it has none of its threads. What a child does is `launch.py`'s own `main`.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

MODULES = (
    "app.torch_threads",
    "app.cli.main",
    "app.service",
    "torch._dynamo",
    "rich.progress",
    __name__,
)

Prepare = Callable[[], None]
"""Done in the child before the command; a function of a module, for it is sent by name."""


def start(arguments: Sequence[str], output: Path, prepare: Prepare | None = None) -> BaseProcess:
    """Start a command; its standard output and error go to two files.

    Args:
        output: path of the files, without `.out` and `.err`.
    """
    return start_call(functools.partial(_command, list(arguments)), output, prepare)


def start_call(
    work: Callable[[], None], output: Path, prepare: Prepare | None = None
) -> BaseProcess:
    """Start a function of a module in such a process, as `start` starts a command."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(MODULES))
    process = context.Process(target=_call, args=(work, str(output), prepare))
    process.start()
    return process


def run(
    arguments: Sequence[str], output: Path, prepare: Prepare | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` would."""
    process = start(arguments, output, prepare)
    process.join(timeout_s)
    hangs = process.is_alive()
    process.kill()
    process.join()
    out, err = (Path(f"{output}.{end}").read_text(encoding="utf-8") for end in ("out", "err"))
    assert not hangs, f"{arguments} did not end within {timeout_s} s: {err}"
    return subprocess.CompletedProcess(list(arguments), process.exitcode or 0, out, err)


def _call(work: Callable[[], None], output: str, prepare: Prepare | None) -> None:
    for number, end in ((1, "out"), (2, "err")):
        file = os.open(f"{output}.{end}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, number)
        os.close(file)
    if prepare is not None:
        prepare()
    work()


def _command(arguments: list[str]) -> None:
    sys.argv = ["launch.py", *arguments]
    from app.cli.main import main

    main()
