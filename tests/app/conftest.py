"""A service on the tiny model, in a directory of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ahn_runtime import Runtime
from app.service import Service
from app.settings import ModelOptions, Retention, Settings
from ingest import SandboxPool
from storage import OPEN_STATES, DocumentRow
from tests.support.paths import ROOT

TINY_WINDOW, TINY_SINKS = 3000, 64


@pytest.fixture(scope="session")
def shared_processes() -> Iterator[SandboxPool]:
    """What opens the documents of all tests: starting it takes longer than many of them."""
    with SandboxPool() as processes:
        yield processes


@pytest.fixture
def make_service(
    tmp_path: Path, tiny_dir: Path, shared_processes: SandboxPool
) -> Iterator[Callable[..., Service]]:
    """Make services on one data directory, as one process after another would."""
    made: list[Service] = []

    def make(
        window: int = TINY_WINDOW,
        quantize: str | None = "auto",
        ahn: str = "auto",
        processes: SandboxPool | None = shared_processes,
        **changes: object,
    ) -> Service:
        options = ModelOptions(
            model=str(tiny_dir), ahn=ahn, window=window, sinks=TINY_SINKS, quantize=quantize
        )
        settings = Settings(
            data_dir=tmp_path / "data",
            model=options,
            **{
                "checkpoint_tokens": 1024,
                "max_answer_tokens": 8,
                "retention": Retention(every_tokens=1),  # all that are written
                **changes,
            },
        )
        service = Service(settings, lambda options: Runtime.load(**options.as_dict()), processes)
        made.append(service)
        return service

    yield make
    for service in made:
        service.close()


@pytest.fixture
def launch(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line on the data directory that `make_service` uses."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "launch.py", *arguments, "--data-dir", str(tmp_path / "data")]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small text with a fact in it, a paragraph a line."""
    lines = [
        f"Paragraph {i}: the lamp in room {i} was lit by keeper number {i * 7}." for i in range(90)
    ]
    lines[40] = "The harbour master kept a grey parrot called Ozymandias in the tower."
    path = tmp_path / "lighthouse.txt"
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return path


def read_in_part(service: Service, session: str, path: Path) -> DocumentRow:
    """Read some 1,300 tokens of a file and pause there; then start the reader."""
    service.sessions.ensure(session)
    document = service.documents.add(session, path)
    service.context.indexer.step()
    service.context.worker.step()  # up to the first checkpoint
    service.documents.pause(document.id)
    service.context.worker.step()  # a chunk more
    service.start_reading()
    return service.documents.list(session)[0].document


def wait_until_read(service: Service, session: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while any(s.document.state in OPEN_STATES for s in service.documents.list(session)):
        assert time.monotonic() < deadline, "the reading did not end"
        time.sleep(0.02)
