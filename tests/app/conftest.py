"""A service on the tiny model, in a directory of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ahn_runtime import Runtime
from app.service import Service
from app.settings import ModelOptions, Retention, Settings
from ingest import SandboxPool
from tests.support import warm
from tests.support.service import TINY_SINKS, TINY_WINDOW


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
        retain: int | str = "auto",
        processes: SandboxPool | None = shared_processes,
        **changes: object,
    ) -> Service:
        options = ModelOptions(
            model=str(tiny_dir),
            ahn=ahn,
            window=window,
            sinks=TINY_SINKS,
            quantize=quantize,
            retain=retain,
        )
        settings = Settings(
            data_dir=tmp_path / "data",
            model=options,
            **{
                "checkpoint_tokens": 1024,
                "max_answer_tokens": 8,
                "notes": False,  # the tests of notes turn them on
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
        return warm.run([*arguments, "--data-dir", str(tmp_path / "data")], tmp_path / "command")

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


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Another text, for a session with more than one document."""
    path = tmp_path / "second.txt"
    path.write_text("The second book tells of a ferry over the river Tay. " * 60)
    return path
