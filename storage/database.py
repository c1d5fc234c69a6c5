"""Opens one SQLite file: a connection for each thread, transactions, translated errors.

This file knows connections, not the tables: the other files of the package have the statements.

Reasons for the settings: with WAL, questions can read while the worker writes.
``synchronous=FULL`` makes a commit wait until the log is on the disk, so a checkpoint that was
reported as saved survives a power cut; NORMAL would survive only a crash of the program. The wait
is cheap, since checkpoints are seconds apart. With ``auto_vacuum=INCREMENTAL`` the space of deleted
checkpoints returns to the disk in steps, without rewriting the file. ``secure_delete`` overwrites
deleted rows with zeros. ``fullfsync`` counts only on macOS, where a plain fsync leaves the bytes in
the cache of the disk. Only the owner may read the file, and what SQLite makes beside it.
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
from typing import Any, NamedTuple

import sqlite_utils

from storage.durable import create_private, make_private
from storage.errors import DamagedDatabase, DatabaseLocked, StorageError, translated_errors
from storage.migrations import migrate, needs_migration

Row = dict[str, Any]
Parameters = Sequence[Any] | Mapping[str, Any]

_MEMORY = ":memory:"
_INCREMENTAL = 2  # the value of PRAGMA auto_vacuum for INCREMENTAL
_MIN_PAGE_BYTES = 512
CLOSE_S = 10.0
"""What is under way when the database is closed has so long to end."""
PAUSE_S = 0.05
"""Between two batches of writing."""
_VACUUM_STEP_PAGES = 512  # 2 MiB: the write lock is held for some hundredths of a second
_VACUUM_PAUSE_S = 0.01  # a thread that waits for the lock tries several times within this time
_LOG_WAIT_MS, _LOG_TRIES = 200, 5
_MAX_LOG_BYTES = 64 * 1024 * 1024  # a larger write-ahead log is truncated after use


def _lenient_text(data: bytes) -> str:
    """Decode UTF-8 and replace bad bytes, so that one damaged title does not break every list."""
    return data.decode("utf-8", "replace")


def _casefold(text: bytes | None) -> str:
    """Fold the case of a text, given in UTF-8; SQLite's own lower() knows ASCII only."""
    return "" if text is None else _lenient_text(text).casefold()


class _Opened(NamedTuple):
    """A connection, the thread that uses it, and the lock which that thread holds meanwhile."""

    owner: weakref.ref[threading.Thread]
    connection: Any
    in_use: threading.RLock


class Database:
    """The database file, shared by all threads of a process; each thread has its own connection."""

    def __init__(self, path: Path | str, *, busy_timeout_s: float = 10.0) -> None:
        """Open or create the file and migrate its tables to the present schema.

        Args:
            path: a file in an existing folder, or ":memory:" for a database that exists as long as
                this object and has one connection, which the threads use in turns.
            busy_timeout_s: seconds to wait for the write lock of another process.

        Raises:
            NotFound: the folder does not exist.
            ReadOnly: the file or the folder cannot be written.
            DamagedDatabase: the file is not a database, or is damaged.
            SchemaTooNew: a newer version of the program wrote the file.
        """
        # Absolute, because a thread may connect after the process has changed its directory.
        self.path = _MEMORY if str(path) == _MEMORY else os.path.abspath(path)
        self._busy_timeout_s = busy_timeout_s
        self._in_memory = self.path == _MEMORY
        self._lock = threading.RLock()
        self._local = threading.local()
        self._shared: Any = None
        self._opened: list[_Opened] = []
        self._closed = False
        self._statement_count, self._counting = 0, threading.Lock()
        self._watcher: sqlite3.Connection | None = None
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        if not self._in_memory:
            self._check_path()
        # When two processes turn the same new file into a WAL database, SQLite reports "locked" at
        # once, without its busy timeout, so this method waits.
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

    def _check_path(self) -> None:
        """Raise for what SQLite would report with an unclear error, or not at all."""
        folder = os.path.join(os.path.dirname(self.path), os.curdir)
        with translated_errors(self.path):
            os.stat(folder)
            if not os.path.exists(self.path):
                create_private(Path(self.path))
        for name in (self.path, f"{self.path}-wal", f"{self.path}-shm"):
            make_private(Path(name))
        # SQLite treats a file of less than a page as empty and would overwrite its content.
        if os.path.isfile(self.path) and 0 < os.path.getsize(self.path) < _MIN_PAGE_BYTES:
            raise DamagedDatabase(
                f"The file {self.path} is not an SQLite database, or is only the beginning of one; "
                f"move it away, or choose another folder."
            )

    def _set_file_modes(self) -> None:
        # The modes are read first, because setting one takes the write lock. auto_vacuum comes
        # before journal_mode, because a file in WAL mode can no longer change its auto_vacuum.
        is_new = self._pragma("schema_version") == 0
        if is_new and self._pragma("auto_vacuum") != _INCREMENTAL:
            self.execute("PRAGMA auto_vacuum = INCREMENTAL")
        if not self._in_memory and self._pragma("journal_mode") != "wal":
            self.execute("PRAGMA journal_mode = WAL")

    @property
    def connection(self) -> Any:
        """The ``sqlite_utils.Database`` of the calling thread, opened on first use.

        Raises:
            StorageError: the database is closed, or cannot be opened.
        """
        if self._closed and not self._is_in_transaction():  # a transaction may end
            raise self._closed_error()
        if self._in_memory:
            with self._lock:
                if self._shared is None:
                    self._shared = self._connect()
                return self._shared
        mine = getattr(self._local, "connection", None)
        if mine is None:
            mine = self._local.connection = self._connect()
        return mine

    def _is_in_transaction(self) -> bool:
        mine = self._shared if self._in_memory else getattr(self._local, "connection", None)
        with contextlib.suppress(sqlite3.ProgrammingError):  # the connection is closed
            return mine is not None and bool(mine.conn.in_transaction)
        return False

    def _connect(self) -> Any:
        with translated_errors(self.path), contextlib.ExitStack() as undo:
            raw = sqlite3.connect(
                self.path,
                timeout=self._busy_timeout_s,
                isolation_level=None,  # only transaction() begins and ends transactions
                check_same_thread=False,  # close() closes the connections of all threads
            )
            undo.callback(raw.close)
            raw.text_factory = _lenient_text
            raw.create_function("casefold", 1, _casefold, deterministic=True)
            raw.execute("PRAGMA synchronous = FULL")
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA secure_delete = ON")
            raw.execute("PRAGMA fullfsync = ON")
            raw.execute("PRAGMA checkpoint_fullfsync = ON")
            raw.execute(f"PRAGMA journal_size_limit = {_MAX_LOG_BYTES}")
            connection = sqlite_utils.Database(raw, execute_plugins=False)
            undo.pop_all()
        with self._lock:
            if self._closed:  # while this thread connected
                raw.close()
                raise self._closed_error()
            self._close_ended_threads()
            owner = weakref.ref(threading.current_thread())
            self._opened.append(_Opened(owner, connection, self._turn()))
        return connection

    def _closed_error(self) -> StorageError:
        return StorageError(f"The database {self.path} is closed; open it again to use it.")

    def _close_ended_threads(self) -> None:
        """Close the connections of ended threads, since a server may create any number of them."""
        kept = []
        for opened in self._opened:
            thread = opened.owner()
            if self._in_memory or (thread is not None and thread.is_alive()):
                kept.append(opened)
            else:
                opened.connection.close()
        self._opened = kept

    def close(self) -> None:
        """Close the connections of all threads, each when its statement or transaction has ended.

        What begins later raises a `StorageError`. A connection still in use `CLOSE_S` seconds
        later is interrupted and left to its thread: closing it would crash the process.
        """
        with self._lock:
            self._closed = True
            opened, self._opened = self._opened, []
            if self._watcher is not None:
                self._watcher.close()
        deadline = time.monotonic() + CLOSE_S
        for _, connection, in_use in opened:
            if in_use.acquire(timeout=max(0.0, deadline - time.monotonic())):
                try:
                    connection.close()
                finally:
                    in_use.release()
            else:
                connection.conn.interrupt()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _turn(self) -> threading.RLock:
        """The lock to hold while the connection is used: the thread's own, or the shared one."""
        if self._in_memory:
            return self._lock
        mine = getattr(self._local, "in_use", None)
        if mine is None:
            mine = self._local.in_use = threading.RLock()
        return mine

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[sqlite3.Cursor]:
        with self._turn(), translated_errors(self.path):
            cursor = self.connection.conn.cursor()
            self._count_statement()
            try:
                yield cursor
            finally:
                cursor.close()

    @property
    def statement_count(self) -> int:
        """How many statements were run so far, by all threads; for measurements."""
        return self._statement_count

    def _count_statement(self) -> None:
        with self._counting:
            self._statement_count += 1

    def change_mark(self) -> int:
        """Return a number that differs from the one before if anything was committed since.

        By whichever thread or process that was. It costs one statement, which reads no table.

        Raises:
            StorageError: the database is closed, or cannot be opened.
        """
        if self._in_memory:
            with self._lock:
                return int(self.connection.conn.total_changes)
        # SQLite reports the changes of all other connections, so this one never writes.
        with self._lock, translated_errors(self.path):
            if self._closed:
                raise self._closed_error()
            if self._watcher is None:
                self._watcher = sqlite3.connect(
                    self.path,
                    timeout=self._busy_timeout_s,
                    isolation_level=None,
                    check_same_thread=False,
                )
            self._count_statement()
            return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a query as dictionaries by column name.

        Raises:
            StorageError: SQLite reports an error other than wrong SQL.
        """
        with self._cursor() as cursor:
            found = cursor.execute(sql, parameters).fetchall()
            names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, values, strict=True)) for values in found]

    def tuples(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query as tuples, which is faster than `rows`."""
        with self._cursor() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Return the first row of a query as a dictionary by column name, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Return the first column of the first row of a query, or None."""
        found = self.row(sql, parameters)
        return next(iter(found.values())) if found else None

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; return how many rows it changed."""
        with self._cursor() as cursor:
            cursor.execute(sql, parameters).fetchall()
            return cursor.rowcount

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT; return the id of the new row."""
        with self._cursor() as cursor:
            return cursor.execute(sql, parameters).lastrowid or 0

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement once for each row of parameters."""
        with self._cursor() as cursor:
            cursor.executemany(sql, rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the statements of the block together, or roll all of them back if it raises.

        The write lock is taken at the start (BEGIN IMMEDIATE), so what is read inside cannot change
        before it is written. A block inside another transaction joins that one: the outer block
        commits, and if only the inner block raises, only the changes of the inner one are undone.

        Raises:
            DatabaseLocked: another process held the write lock for longer than the timeout.
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
                # On a full disk SQLite rolls back by itself. If the rollback fails, the first error
                # is raised all the same, and the next open rolls back from the log.
                if raw.in_transaction:
                    with contextlib.suppress(StorageError):
                        for statement in undo:
                            self.execute(statement)
                raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of the block see one state of the database, whatever others write.

        Nothing can be written in the block. Inside a transaction, the block sees what that does.
        """
        with self._turn():
            raw = self.connection.conn
            if raw.in_transaction:
                yield
                return
            self.execute("BEGIN")
            try:
                self.value("SELECT count(*) FROM sqlite_master")  # the first read takes the state
                yield
            finally:
                if raw.in_transaction:
                    self.execute("ROLLBACK")

    def pause(self) -> None:
        """Sleep between two batches of writing, so that other writers get the lock.

        SQLite looks for the lock every tenth of a second at most. Inside a transaction nothing is
        done, because the lock stays taken.
        """
        if not self.connection.conn.in_transaction:
            time.sleep(PAUSE_S)

    def _pragma(self, name: str) -> Any:
        return self.value(f"PRAGMA {name}")

    def integrity_check(self) -> list[str]:
        """Return sentences about damage to the file, its references and its search index.

        The list is empty if the database is intact.
        """
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
            # Rank 1 also compares the index with the tokens of the segments.
            self.execute(
                "INSERT INTO segments_fts(segments_fts, rank) VALUES('integrity-check', 1)"
            )
            missing = self.value(
                "SELECT count(*) FROM segments WHERE id NOT IN (SELECT id FROM segment_tokens) "
                "AND id NOT IN (SELECT segment_id FROM segments_to_index)"
            )
        except DamagedDatabase:
            missing = True
        if missing:
            return ["segments_fts: the search index does not match the text; rebuild the index"]
        return []

    def size_bytes(self) -> int:
        """Return the bytes on the disk with the write-ahead log, or of the pages in memory."""
        if self._in_memory:
            return int(self._pragma("page_count")) * int(self._pragma("page_size"))
        total = 0
        for name in (self.path, f"{self.path}-wal"):
            # The log exists only while a connection is open.
            with contextlib.suppress(FileNotFoundError):
                total += os.path.getsize(name)
        return total

    def incremental_vacuum(self, max_pages: int) -> int:
        """Return free pages of the file to the disk.

        This is done in small steps, between which other threads can write. Inside a transaction
        nothing is done, because the pages may not be free yet.

        Args:
            max_pages: how many pages are returned at most.

        Returns:
            How many pages were returned.
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
                # The file shrinks when the log is copied into it; PASSIVE waits for nothing.
                cursor.executescript("PRAGMA wal_checkpoint(PASSIVE)")
        return given

    @property
    def in_transaction(self) -> bool:
        """Whether the calling thread is inside a transaction."""
        with self._turn():
            return bool(self.connection.conn.in_transaction)

    def truncate_log(self) -> bool:
        """Copy the write-ahead log into the file, and empty it; other users are waited for briefly.

        Returns:
            Whether it is empty; False inside a transaction, or while another connection uses it.
        """
        if self._in_memory:
            return True
        with contextlib.suppress(DatabaseLocked), self._cursor() as cursor:
            if cursor.connection.in_transaction:
                return False
            # While it waits, nobody else can write.
            cursor.execute(f"PRAGMA busy_timeout = {_LOG_WAIT_MS}")
            try:
                for _ in range(_LOG_TRIES):
                    busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                    if not busy:
                        return True
                    time.sleep(_VACUUM_PAUSE_S)
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {round(self._busy_timeout_s * 1000)}")
        return False

    def _vacuum_step(self, max_pages: int) -> int:
        with self._cursor() as cursor:
            free = int(self._pragma("freelist_count"))
            if not free or cursor.connection.in_transaction:
                return 0
            # execute() would stop after the first page; executescript() runs to the end.
            cursor.executescript(f"PRAGMA incremental_vacuum({max_pages})")
            return max(0, free - int(self._pragma("freelist_count")))
