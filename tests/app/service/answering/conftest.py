"""What tests of answers share."""

from collections.abc import Iterator

import pytest

import storage


@pytest.fixture
def db() -> Iterator[storage.Database]:
    """A database in memory that has the session 1, called "s"."""
    with storage.Database(":memory:") as database:
        storage.create_session(database, "s", {})
        yield database
