"""What a file that `export_session` wrote defines, for every version of the schema.

The expected definitions are those that this program makes itself, in memory, by the migrations up
to that version; the file's own are compared with them text by text and never used.
"""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing

import sqlite_utils

from storage.errors import DamagedDatabase, SchemaTooNew
from storage.foreign_file import ForeignFile
from storage.migrations import SCHEMA_VERSION, create_tables

APPLICATION_ID = 0x416D6D6E  # "Ammn"
FILES_TABLE = """
    CREATE TABLE exported_files (
        sha256 TEXT NOT NULL, ordinal INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (sha256, ordinal)
    ) WITHOUT ROWID
"""

Definition = tuple[str, str, str, str]


def check_schema(file: ForeignFile) -> int:
    """Return the version of the schema of an exported file.

    Raises:
        DamagedDatabase: it is not an exported file, or defines anything else than that version.
        SchemaTooNew: a newer version of the program wrote it.
    """
    if file.header("application_id") != APPLICATION_ID:
        raise DamagedDatabase(
            f"{file.name} is not a session that Ammon exported; choose another file."
        )
    version = int(file.header("user_version"))
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{file.name} has schema version {version}, written by a newer version of this "
            f"program; this version knows schemas up to {SCHEMA_VERSION}: update the program."
        )
    if version < 1 or file.header("encoding") != "UTF-8":
        raise DamagedDatabase(f"{file.name} is not one that Ammon wrote; export the session again.")
    expected = schema_of(version)
    found = file.schema(len(expected) + 1)
    if len(found) != len(expected) or set(map(_definition, found)) != expected:
        raise DamagedDatabase(
            f"{file.name} contains tables that Ammon did not write, so it is refused; export "
            "the session again."
        )
    return version


@functools.cache
def schema_of(version: int) -> frozenset[Definition]:
    """Return (type, name, table, SQL) of all that an exported file of a version defines."""
    with closing(_empty(version)) as raw:
        rows = raw.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return frozenset(map(_definition, rows))


@functools.cache
def columns_of(version: int, table: str) -> tuple[str, ...]:
    """Return the columns of a table in a version of the schema."""
    with closing(_empty(version)) as raw:
        return tuple(row[1] for row in raw.execute(f"PRAGMA table_info({table})"))


def _empty(version: int) -> sqlite3.Connection:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(sqlite_utils.Database(raw, execute_plugins=False), version)
    raw.execute(FILES_TABLE)
    return raw


def _definition(row: tuple[object, ...]) -> Definition:
    """A row of sqlite_master, without regard to white space in its SQL."""
    kind, name, table, sql = ("" if value is None else str(value) for value in row)
    return kind, name, table, " ".join(sql.split())
