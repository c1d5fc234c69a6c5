"""What the sandbox of this machine really refuses: a worker tries it, and says what happened."""

import os
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ingest.sandbox.environment import worker_environment
from ingest.sandbox.landlock import abi_version
from ingest.sandbox.process import WorkerLost, WorkerProcess, light_worker_command

_ANSWER_S = 30.0
# What Python itself adds to the environment at its start.
_BY_PYTHON = {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}


@dataclass(frozen=True)
class SandboxReport:
    """What a confined worker could not do on this machine.

    Args:
        refused: by "files" (reading another one), "writing", "network", "processes" (a signal to
            this one) and "programs" (starting one): whether the system refused it.
        limits: the resource limits that were set, such as "RLIMIT_CPU".
        leaked: environment variables that it got and should not have.
        landlock_version: of Landlock, 0 where the system has none.
        problem: why no worker could try; "" if one did.
    """

    refused: dict[str, bool] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    leaked: tuple[str, ...] = ()
    landlock_version: int = 0
    problem: str = ""


def probe_sandbox() -> SandboxReport:
    """Let a confined worker try what a reader of documents must not do, and report it."""
    with tempfile.TemporaryDirectory(prefix="ammon-") as folder, _listening() as server:
        paths = [Path(folder) / name for name in ("given", "other")]
        for path in paths:
            path.write_text("x", encoding="ascii")
        request = {
            "path": str(paths[0]),
            "other_path": str(paths[1]),
            "port": server.getsockname()[1],
            "parent": os.getpid(),
        }
        try:
            command = light_worker_command("ingest.sandbox.probe_worker")
            with WorkerProcess(command, start_s=_ANSWER_S, is_quiet=True) as worker:
                answer = worker.ask_once(request, _ANSWER_S)
        except (OSError, WorkerLost) as error:
            return SandboxReport(problem=f"the worker did not answer ({error})")
    return SandboxReport(
        refused=answer["refused"],
        limits=tuple(answer["limits"]),
        leaked=tuple(sorted(set(answer["environment"]) - set(worker_environment()) - _BY_PYTHON)),
        landlock_version=abi_version(),
    )


def _listening() -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server
