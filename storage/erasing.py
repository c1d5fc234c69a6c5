"""Erasing: after a deletion no text of what was deleted is left in any file of the database.

Deleted rows are overwritten with zeros (``secure_delete``, which `Database` sets). What remains are
their words in the search index, which keeps them until its parts are merged; their pages in the
write-ahead log; and free pages. All of that goes here, outside of the transaction that deletes.
"""

from __future__ import annotations

from storage.database import Database
from storage.search_index import optimize_search_index

VACUUM_PAGES = 262_144  # 1 GiB: limits how long a deletion keeps the disk busy


def erase_deleted(db: Database, *, had_text: bool = True) -> bool:
    """Remove what is left of deleted rows in the files; inside a transaction nothing is done.

    Args:
        had_text: whether there were segments among the deleted rows.

    Returns:
        Whether nothing is left. It is False while another connection reads an older state, for
        which the write-ahead log is kept: the next call removes it, as the end of the program does.
    """
    if db.in_transaction:
        return False
    if had_text:
        optimize_search_index(db)
    db.incremental_vacuum(VACUUM_PAGES)
    return db.truncate_log()
