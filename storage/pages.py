"""Pages: blocks of bytes under the sha256 of their content, shared between checkpoints.

Knows bytes and hashes, not what they mean. A page is written once and is there as long as any
checkpoint of any session uses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from storage.database import Database
from storage.errors import DamagedPage, NotFound


def page_hash(data: bytes) -> str:
    """The name of a page: sha256 of its bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def has_page(db: Database, hash: str) -> bool:
    """Whether a page of this hash is stored; does not read its bytes."""
    return db.value("SELECT 1 FROM pages WHERE hash = ?", [hash]) is not None


def read_page(db: Database, hash: str) -> bytes:
    """The bytes of a page.

    Raises:
        NotFound: no page has this hash.
        DamagedPage: its bytes have another hash now.
    """
    # Damage can also change a value's type, so the type is not left to chance.
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


def insert_pages(db: Database, pages: Mapping[str, bytes]) -> None:
    """Store pages; one that is already there is left alone, unless its bytes were damaged.

    Raises:
        ValueError: a page is not what its hash says; such a page could never be read back.
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
    """Delete the pages that no checkpoint uses; returns their bytes.

    The room goes back to the disk with ``Database.incremental_vacuum``.
    """
    unused = "SELECT hash FROM pages EXCEPT SELECT hash FROM checkpoint_pages"
    with db.transaction():
        freed = db.value(f"SELECT coalesce(sum(byte_count), 0) FROM pages WHERE hash IN ({unused})")
        db.execute(f"DELETE FROM pages WHERE hash IN ({unused})")
    return int(freed)
