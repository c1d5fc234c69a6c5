"""What all tests share: tiny seeded models, and which tests may run side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import app.torch_threads  # noqa: F401 (before torch comes)
from ahn_runtime import Runtime
from ahn_runtime.loading.tiny import write_tiny
from ahn_runtime.model.cells import CELLS

BROWSER = Path(__file__).parent / "browser"


def group_of(item: pytest.Item) -> tuple[int, str]:
    """Where a test runs among parallel processes: (order, group); a group stays in one process.

    The browser's tests share one server and one Chromium, and wait more than they compute: they
    begin first, and all others run beside them. Tests of the real model share one copy of it. Of
    the rest each file is a group, so that what a module's fixtures make is made once.
    """
    if BROWSER in item.path.parents:
        return 0, "browser"
    if "embedded" in getattr(item, "fixturenames", ()):
        return 1, "embedded"
    return 2, str(item.path.relative_to(BROWSER.parent))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name every test's group for pytest-xdist, the long groups first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)[1]))
    items.sort(key=lambda item: group_of(item)[0])


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
