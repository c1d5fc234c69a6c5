"""Pages: blocks of bytes stored under the sha256 of their content and shared by checkpoints.

A page is written once and stays as long as a checkpoint of any session uses it. This file does not
know what the bytes mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from storage.database import Database
from storage.errors import DamagedPage, NotFound
from storage.values import SQL_TOTAL


def page_hash(data: bytes) -> str:
    """Return the name of a page: the sha256 of its bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def has_page(db: Database, hash: str) -> bool:
    """Return whether a page of this hash is stored, without reading its bytes."""
    return db.value("SELECT 1 FROM pages WHERE hash = ?", [hash]) is not None


def read_page(db: Database, hash: str) -> bytes:
    """Return the bytes of a page.

    Raises:
        NotFound: no page has this hash.
        DamagedPage: the stored bytes have another hash.
    """
    # Damage can change the type of a stored value, so it is converted to bytes explicitly.
    row = db.row("SELECT CAST(data AS BLOB) AS data FROM pages WHERE hash = ?", [hash])
    if row is None:
        raise NotFound(
            f"The database {db.path} holds no checkpoint page {hash}; use another checkpoint."
        )
    data = bytes(row["data"])
    found = page_hash(data)
    if found != hash:
        raise DamagedPage(
            f"The checkpoint page {hash} in {db.path} is damaged (its content is now {found}); "
            f"use another checkpoint."
        )
    return data


def page_hashes(db: Database) -> list[str]:
    """Return the hashes of all stored pages."""
    return [row["hash"] for row in db.rows("SELECT hash FROM pages ORDER BY hash")]


def sessions_of_page(db: Database, hash: str) -> list[str]:
    """Return the names of the sessions that have a checkpoint with this page."""
    rows = db.rows(
        "SELECT DISTINCT name FROM checkpoint_pages JOIN checkpoints ON checkpoints.id = "
        "checkpoint_id JOIN sessions ON sessions.id = session_id WHERE hash = ? ORDER BY name",
        [hash],
    )
    return [row["name"] for row in rows]


def insert_pages(db: Database, pages: Mapping[str, bytes]) -> None:
    """Store pages; a page that is already stored is written again only if its bytes differ.

    Args:
        pages: the bytes of each page by hash.

    Raises:
        ValueError: the bytes of a page do not have its hash, so it could never be read back.
    """
    for hash, data in pages.items():
        if page_hash(data) != hash:
            raise ValueError(f"The {len(data)} bytes given as page {hash} do not have that sha256.")
    db.execute_many(
        "INSERT INTO pages (hash, byte_count, data) VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE "
        "SET byte_count = excluded.byte_count, data = excluded.data "
        "WHERE pages.data IS NOT excluded.data",
        ((hash, len(data), data) for hash, data in pages.items()),
    )


def free_unused_pages(db: Database) -> int:
    """Delete the pages that no checkpoint uses; return how many bytes they held.

    ``Database.incremental_vacuum`` then returns the free space to the disk.
    """
    unused = "SELECT hash FROM pages EXCEPT SELECT hash FROM checkpoint_pages"
    with db.transaction():
        freed = db.value(
            f"SELECT {SQL_TOTAL.format('byte_count')} FROM pages WHERE hash IN ({unused})"
        )
        db.execute(f"DELETE FROM pages WHERE hash IN ({unused})")
    return int(freed)
