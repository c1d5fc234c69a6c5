"""Fixtures: a database in memory or in a file, and functions that fill it."""

import pytest

import storage


@pytest.fixture
def db():
    with storage.Database(":memory:") as database:
        yield database


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ammon.db"


@pytest.fixture
def file_db(path):
    with storage.Database(path, busy_timeout_s=5.0) as database:
        yield database


@pytest.fixture
def add_session():
    def add(db, name="Moby Dick"):
        return storage.create_session(db, name, {"model": "tiny"})

    return add


@pytest.fixture
def add_text():
    """Add an indexed document whose segments are the given texts, one page each."""

    def add(db, session_id, *texts, title="book", token_count=10):
        document = storage.add_document(
            db,
            session_id,
            title=title,
            kind="text",
            file_name=f"{title}.txt",
            sha256=title,
            byte_count=9,
        )
        segments = [
            storage.NewSegment(
                text, f"page {i + 1}", "page", i + 1, i + 1, i * token_count, token_count
            )
            for i, text in enumerate(texts)
        ]
        storage.add_segments(db, document.id, segments)
        return storage.finish_indexing(
            db,
            document.id,
            token_count=token_count * len(texts),
            unit_count=len(texts),
            unit_name="pages",
        )

    return add


@pytest.fixture
def save():
    """Save a checkpoint that consists of the given pages."""

    def save(db, session_id, position, *pages, **columns):
        by_hash = {storage.page_hash(page): page for page in pages}
        return storage.save_checkpoint(
            db,
            session_id,
            position=position,
            manifest={"format": 1, "pages": list(by_hash)},
            pages=by_hash,
            page_hashes=list(by_hash),
            **columns,
        )

    return save


@pytest.fixture
def count():
    """Count the rows of a table."""
    return lambda db, table: db.value(f"SELECT count(*) FROM {table}")
