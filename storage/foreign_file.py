"""Opens a database file that anybody may have made, to read its rows and nothing else.

The file is opened read-only, and nothing of it runs: an authorizer lets SQLite read columns of the
tables that are named, so views, triggers, functions and virtual tables of the file are never used.
Nor are its indexes, which need not agree with its tables. Two limits hold against a file that is
made to be endless: all rows together cannot hold more than the file, and SQLite is interrupted at
a deadline, or by Ctrl+C.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from storage.counted import Counted, uncounted
from storage.errors import DamagedDatabase

Row = tuple[Any, ...]

_BASE_S, _BYTES_PER_S = 120.0, 2_000_000
"""The deadline: the slowest disks and processors in use read some ten times as fast."""
_MIN_ROW_BYTES = 16  # less than any row of Ammon's tables takes in a file
_MIN_FILE_BYTES = 512  # of a database; SQLite takes a smaller file for an empty one
_MAX_VALUE_BYTES = 1_000_000_000  # SQLite's own limit
_STEPS_BETWEEN_LOOKS = 20_000  # of SQLite's machine: well under a hundredth of a second
_ROWS_BETWEEN_REPORTS = 100
_SAFE_SETTINGS = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA query_only = ON",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
)
# Python has these since 3.12; before, the authorizer alone forbids the same.
_SAFE_SWITCHES = {
    "SQLITE_DBCONFIG_DEFENSIVE": True,
    "SQLITE_DBCONFIG_TRUSTED_SCHEMA": False,
    "SQLITE_DBCONFIG_ENABLE_TRIGGER": False,
    "SQLITE_DBCONFIG_ENABLE_VIEW": False,
}


class ForeignFile:
    """A database file that is read and not believed.

    Args:
        path: of an existing file. While it is read, no other program should write to it.
        limit_s: seconds for everything that is read; None: as many as its size may take.
        on_read: is told from time to time how many bytes were read, and how many the file has.
        name: what messages call it; None: the name in its path.

    Raises:
        DamagedDatabase: it is not a database.
        OSError: it cannot be read.
    """

    def __init__(
        self,
        path: Path,
        limit_s: float | None = None,
        on_read: Counted = uncounted,
        name: str | None = None,
    ) -> None:
        self.path, self.name, self._on_read = path, name or path.name, on_read
        self.byte_count = path.stat().st_size
        if limit_s is None:
            limit_s = _BASE_S + self.byte_count / _BYTES_PER_S
        self._deadline = time.monotonic() + limit_s
        self._left_bytes = self.byte_count
        self._stopped_by: BaseException | None = None
        self._tables: frozenset[str] = frozenset({"sqlite_master"})
        path.open("rb").close()  # an error of the file system says more than SQLite's
        if self.byte_count < _MIN_FILE_BYTES:
            raise self.damaged("it is not a database")
        # Immutable: SQLite then looks for no log beside the file and takes no lock.
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with self._guarded():
            self._raw = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            with self._guarded():
                self._restrict()
        except BaseException:
            self.close()
            raise

    def _restrict(self) -> None:
        most = min(_MAX_VALUE_BYTES, max(self.byte_count, 1_000_000))
        self._raw.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, most)
        self._raw.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self._raw.set_progress_handler(self._is_to_stop, _STEPS_BETWEEN_LOOKS)
        set_switch = getattr(self._raw, "setconfig", None)
        if set_switch is not None:
            for name, value in _SAFE_SWITCHES.items():
                set_switch(getattr(sqlite3, name), value)
        for statement in _SAFE_SETTINGS:
            self._raw.execute(statement)

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def __enter__(self) -> ForeignFile:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def damaged(self, reason: str) -> DamagedDatabase:
        """The error that says why the file is not taken."""
        return DamagedDatabase(f"{self.name} is damaged ({reason}); export the session again.")

    def header(self, name: str) -> Any:
        """Return a value of the file's header, such as "user_version".

        Raises:
            DamagedDatabase: the file cannot be read.
        """
        with self._guarded():
            return self._raw.execute(f"PRAGMA {name}").fetchone()[0]

    def schema(self, max_rows: int) -> list[Row]:
        """Return (type, name, table, SQL) of what the file defines; nothing of it is used.

        Args:
            max_rows: return at most so many.

        Raises:
            DamagedDatabase: the file cannot be read.
        """
        with self._guarded():
            self._raw.set_authorizer(self._authorize)
            return self._raw.execute(
                f"SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT {max_rows:d}"
            ).fetchall()

    def allow(self, tables: Collection[str]) -> None:
        """Let tables be read; call this once it is known that these are tables."""
        self._tables = frozenset(tables)

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the rows of a table that was allowed, in the order in which they are stored.

        Raises:
            DamagedDatabase: it cannot be read, holds more than its file, or takes too long.
        """
        with self._guarded():
            found = self._raw.execute(f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED")
            for number, row in enumerate(found):
                self._spend(row)
                if number % _ROWS_BETWEEN_REPORTS == 0:
                    self._on_read(self.byte_count - self._left_bytes, self.byte_count)
                yield row

    def _spend(self, row: Row) -> None:
        """Count what a row holds: pages of the file that are used twice would multiply it."""
        held = sum(len(value) for value in row if isinstance(value, str | bytes))
        self._left_bytes -= max(held, _MIN_ROW_BYTES)
        if self._left_bytes < 0:
            raise self.damaged("its rows claim to hold more than the file")

    def _authorize(self, action: int, first: str | None, *_: str | None) -> int:
        is_allowed = action == sqlite3.SQLITE_SELECT or (
            action == sqlite3.SQLITE_READ and first in self._tables
        )
        return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY

    def _is_to_stop(self) -> int:
        try:
            return int(time.monotonic() > self._deadline)
        except BaseException as error:  # of a signal's handler; sqlite3 would swallow it
            self._stopped_by = error
            return 1

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            stopped_by, self._stopped_by = self._stopped_by, None
            if stopped_by is not None:
                raise stopped_by from error
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                if time.monotonic() <= self._deadline:  # a signal came as the handler began
                    raise KeyboardInterrupt from error
                raise self.damaged("it takes too long to read") from error
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
                raise self.damaged("it is not a database") from error
            raise self.damaged(str(error)) from error
        except UnicodeError as error:  # SQLite's own message quotes bytes of the file
            raise self.damaged("its names are no text") from error
