"""A database without a file, for tests that need no service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import storage
from storage import Database


@pytest.fixture
def db() -> Iterator[Database]:
    with storage.Database(":memory:") as database:
        yield database
