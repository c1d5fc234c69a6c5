"""What all tests share: tiny seeded models, and which tests may run side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

import app.torch_threads  # noqa: F401 (before torch comes)
import tests.support.threads  # noqa: F401 (before torch comes)
from ahn_runtime import Runtime
from ahn_runtime.loading.tiny import write_tiny
from ahn_runtime.model.cells import CELLS

# A busy machine takes longer than hypothesis' 200 ms for an example, which says nothing about it.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

BROWSER, LONG = "tests/browser/", ("test_trainer.py", "test_memory.py", "test_int8_linear.py")


class ByFile(LoadScopeScheduling):
    """Hands whole files to pytest-xdist's processes, so that a module's fixtures are made once.

    The browser's tests are one piece: they share one server and one Chromium, and wait more than
    they compute. They begin first, and all others run beside them.
    """

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """The scheduler of this project's tests, whatever `--dist` says."""
    return ByFile(config, log)


def begins_at(item: pytest.Item) -> int:
    """Longest first: the browser's tests, then files that take minutes, then the others."""
    if item.nodeid.startswith(BROWSER):
        return 0
    return 1 if item.path.name in LONG or "embedded" in getattr(item, "fixturenames", ()) else 2


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by file, the long ones first; within a file the order stays."""
    order: dict[Path, int] = {}
    for item in items:
        order[item.path] = min(begins_at(item), order.get(item.path, 2))
    items.sort(key=lambda item: order[item.path])


@pytest.fixture(scope="session")
def tiny_dirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny model with each kind of memory, by the kind's name."""
    return {cell: write_tiny(tmp_path_factory.mktemp("tiny"), cell) for cell in CELLS}


@pytest.fixture(scope="session")
def tiny_dir(tiny_dirs: dict[str, Path]) -> Path:
    return tiny_dirs["GatedDeltaNet"]


@pytest.fixture(scope="session")
def load_tiny(tiny_dir: Path) -> Callable[..., Runtime]:
    """Load the tiny GatedDeltaNet model with any window, sinks, memory and dtypes."""
    return loader(tiny_dir)


@pytest.fixture(scope="module", params=list(CELLS))
def load_each(request: pytest.FixtureRequest, tiny_dirs: dict[str, Path]) -> Callable[..., Runtime]:
    """The same for every kind of memory in turn; the laws hold for each."""
    return loader(tiny_dirs[request.param])


def loader(directory: Path) -> Callable[..., Runtime]:
    def load(window: int | None = 24, sinks: int = 4, **options: object) -> Runtime:
        return Runtime.load(directory, window=window, sinks=sinks, **options)

    return load


@pytest.fixture(scope="session")
def embedded() -> Runtime:
    """The real model, float32, at its default window."""
    return Runtime.load("embedded")
