"""One SQLite file, opened safely: a connection for each thread, transactions, clear errors.

Knows connections, not what is in the tables: the other rooms hold the statements.

Why these settings: WAL lets questions read while a reading writes. ``synchronous=FULL`` makes a
commit wait until the log is on the disk, so a checkpoint that was reported as saved also survives a
power cut; NORMAL would survive only a crash of the program. A checkpoint comes every few seconds
at most, so the wait is cheap. ``auto_vacuum=INCREMENTAL`` lets pruned checkpoints give their room
back to the disk in steps, without rewriting the file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlite_utils

from storage.errors import DamagedDatabase, DatabaseLocked, StorageError, translated_errors
from storage.migrations import migrate, needs_migration

Row = dict[str, Any]
Parameters = Sequence[Any] | Mapping[str, Any]

_MEMORY = ":memory:"
_INCREMENTAL = 2  # what PRAGMA auto_vacuum answers for INCREMENTAL
_SMALLEST_PAGE_BYTES = 512
_VACUUM_STEP_PAGES = 512  # 2 MiB: some hundredths of a second with the write lock held
_VACUUM_PAUSE_S = 0.01  # whoever waits for the lock looks several times in such a while
_LOG_LIMIT_BYTES = 64 * 1024 * 1024  # a larger write-ahead log is cut back after use


def _lenient_text(data: bytes) -> str:
    """A flipped bit in one title must not stop the list of all of them."""
    return data.decode("utf-8", "replace")


class Database:
    """The store, shared by all threads of a process; each thread gets its own connection."""

    def __init__(self, path: Path | str, *, busy_timeout_s: float = 10.0) -> None:
        """Open the file, or create it, and bring its tables up to date.

        Args:
            path: a file in an existing folder, or ":memory:" for a database that dies with this
                object and whose single connection the threads take in turns.
            busy_timeout_s: how long to wait for another process's write lock.

        Raises:
            NotFound, ReadOnly: the folder is not there, or cannot be written.
            DamagedDatabase: the file is not a database, or is damaged.
            SchemaTooNew: a newer version of the program wrote it.
        """
        # Absolute, because a thread may connect after the process has changed its folder.
        self.path = _MEMORY if str(path) == _MEMORY else os.path.abspath(path)
        self._busy_timeout_s = busy_timeout_s
        self._in_memory = self.path == _MEMORY
        self._lock = threading.RLock()
        self._local = threading.local()
        self._shared: Any = None
        self._opened: list[tuple[weakref.ref[threading.Thread], Any]] = []
        self._closed = False
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        if not self._in_memory:
            self._look_at_the_path()
        # SQLite answers "locked" at once, without its busy timeout, when two processes turn the
        # same new file into a WAL database: so wait here.
        deadline = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                self._set_file_modes()
                break
            except DatabaseLocked:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.02)
        if needs_migration(self.connection, self.path):
            with self.transaction():
                migrate(self.connection, self.path)

    def _look_at_the_path(self) -> None:
        """Find what SQLite would name badly, or not at all."""
        folder = os.path.join(os.path.dirname(self.path), os.curdir)
        with translated_errors(self.path):
            os.stat(folder)
        # SQLite takes less than a page for an empty file: it would start anew over what is there.
        if os.path.isfile(self.path) and 0 < os.path.getsize(self.path) < _SMALLEST_PAGE_BYTES:
            raise DamagedDatabase(
                f"The file {self.path} is not an SQLite database, or only the beginning of one; "
                f"move it away, or choose another folder."
            )

    def _set_file_modes(self) -> None:
        # Asked for first, because setting either would take the write lock each time. The order
        # counts: a file that is already in WAL mode can no longer change its auto_vacuum.
        is_new = self._pragma("schema_version") == 0
        if is_new and self._pragma("auto_vacuum") != _INCREMENTAL:
            self.execute("PRAGMA auto_vacuum = INCREMENTAL")
        if not self._in_memory and self._pragma("journal_mode") != "wal":
            self.execute("PRAGMA journal_mode = WAL")

    @property
    def connection(self) -> Any:
        """This thread's ``sqlite_utils.Database``, opened on first use."""
        if self._closed:
            raise StorageError(f"The database {self.path} is closed; open it again to use it.")
        if self._in_memory:
            with self._lock:
                if self._shared is None:
                    self._shared = self._connect()
                return self._shared
        mine = getattr(self._local, "connection", None)
        if mine is None:
            mine = self._local.connection = self._connect()
        return mine

    def _connect(self) -> Any:
        with translated_errors(self.path), contextlib.ExitStack() as undo:
            raw = sqlite3.connect(
                self.path,
                timeout=self._busy_timeout_s,
                isolation_level=None,  # transactions begin and end where this file says so
                check_same_thread=False,  # close() closes the connections of all threads
            )
            undo.callback(raw.close)
            raw.text_factory = _lenient_text
            raw.execute("PRAGMA synchronous = FULL")
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT_BYTES}")
            connection = sqlite_utils.Database(raw, execute_plugins=False)
            undo.pop_all()
        with self._lock:
            self._forget_ended_threads()
            self._opened.append((weakref.ref(threading.current_thread()), connection))
        return connection

    def _forget_ended_threads(self) -> None:
        """Close what ended threads left open: a server makes threads as it pleases."""
        kept = []
        for owner, connection in self._opened:
            thread = owner()
            if self._in_memory or (thread is not None and thread.is_alive()):
                kept.append((owner, connection))
            else:
                connection.close()
        self._opened = kept

    def close(self) -> None:
        """Close every thread's connection; call it when no other thread is using the database."""
        with self._lock:
            self._closed = True
            for _, connection in self._opened:
                connection.close()
            self._opened = []
            self._shared = None

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _turn(self) -> contextlib.AbstractContextManager[Any]:
        """What a thread holds while it uses its connection: a lock if that is the shared one."""
        return self._lock if self._in_memory else contextlib.nullcontext()

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[sqlite3.Cursor]:
        with self._turn(), translated_errors(self.path):
            cursor = self.connection.conn.cursor()
            try:
                yield cursor
            finally:
                cursor.close()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query, as dictionaries by column name."""
        with self._cursor() as cursor:
            found = cursor.execute(sql, parameters).fetchall()
            names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, values, strict=True)) for values in found]

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row of a query, or None."""
        found = self.row(sql, parameters)
        return next(iter(found.values())) if found else None

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement to its end; returns how many rows it changed."""
        with self._cursor() as cursor:
            cursor.execute(sql, parameters).fetchall()
            return cursor.rowcount

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT; returns the id of the new row."""
        with self._cursor() as cursor:
            return cursor.execute(sql, parameters).lastrowid or 0

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement once for each of the rows."""
        with self._cursor() as cursor:
            cursor.executemany(sql, rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commit at the end of the block, roll back if it raises.

        The write lock is taken at once (BEGIN IMMEDIATE), so that what is read inside still holds
        when it is written. Inside another transaction the block joins it: the outer one commits,
        and if only the inner block raises, only its own changes are undone.
        """
        with self._turn():
            raw = self.connection.conn
            begin, commit, undo = "BEGIN IMMEDIATE", "COMMIT", ["ROLLBACK"]
            if raw.in_transaction:
                begin, commit = "SAVEPOINT inner_block", "RELEASE inner_block"
                undo = ["ROLLBACK TO inner_block", "RELEASE inner_block"]
            self.execute(begin)
            try:
                yield
                self.execute(commit)
            except BaseException:
                # A full disk makes SQLite roll back by itself; and if even the rollback fails, the
                # first error is the one to show: the next open rolls back from the log.
                if raw.in_transaction:
                    with contextlib.suppress(StorageError):
                        for statement in undo:
                            self.execute(statement)
                raise

    def _pragma(self, name: str) -> Any:
        return self.value(f"PRAGMA {name}")

    def integrity_check(self) -> list[str]:
        """What is wrong with the file, its references and its search index; empty when fine."""
        try:
            lines = [str(row["integrity_check"]) for row in self.rows("PRAGMA integrity_check")]
            problems = [line for line in lines if line != "ok"]
            for broken in self.rows("PRAGMA foreign_key_check"):
                problems.append(
                    f"{broken['table']} row {broken['rowid']}: no such {broken['parent']}"
                )
        except DamagedDatabase as error:
            return [str(error)]
        return problems + self._search_index_check()

    def _search_index_check(self) -> list[str]:
        try:
            # rank 1 also compares the index with the text of the segments
            self.execute(
                "INSERT INTO segments_fts(segments_fts, rank) VALUES('integrity-check', 1)"
            )
        except DamagedDatabase:
            return ["segments_fts: the search index does not match the text; rebuild the index"]
        return []

    def size_bytes(self) -> int:
        """Bytes on the disk, the write-ahead log included; for ":memory:", bytes of its pages."""
        if self._in_memory:
            return int(self._pragma("page_count")) * int(self._pragma("page_size"))
        total = 0
        for name in (self.path, f"{self.path}-wal"):
            # the log comes and goes with the connections
            with contextlib.suppress(FileNotFoundError):
                total += os.path.getsize(name)
        return total

    def incremental_vacuum(self, max_pages: int) -> int:
        """Give at most ``max_pages`` free pages back to the disk; returns how many were given.

        In small steps, between which others may write. Inside a transaction it gives none: the
        room may not be free yet.
        """
        given = 0
        while given < max_pages:
            step = self._vacuum_step(min(_VACUUM_STEP_PAGES, max_pages - given))
            given += step
            if step < _VACUUM_STEP_PAGES:
                break
            time.sleep(_VACUUM_PAUSE_S)
        if given:
            with self._cursor() as cursor:
                # The file shrinks when the log is copied into it; PASSIVE waits for nobody.
                cursor.executescript("PRAGMA wal_checkpoint(PASSIVE)")
        return given

    def _vacuum_step(self, max_pages: int) -> int:
        with self._cursor() as cursor:
            free = int(self._pragma("freelist_count"))
            if not free or cursor.connection.in_transaction:
                return 0
            # execute() would stop after the first page, executescript() goes on to the end.
            cursor.executescript(f"PRAGMA incremental_vacuum({max_pages})")
            return max(0, free - int(self._pragma("freelist_count")))
