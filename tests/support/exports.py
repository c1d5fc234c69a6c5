"""Exported files of every version of the schema, with the rows of one that an old version wrote."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlite_utils

import storage
from storage.migrations import create_tables
from storage.schemas import APPLICATION_ID, FILES_TABLE

OLD = Path(__file__).parents[1] / "data" / "before_redesign"
HARBOUR = OLD / "harbour.ammon"
RECORDED = json.loads((OLD / "schemas.json").read_text(encoding="utf-8"))
_TABLES = (
    "sessions",
    "documents",
    "segments",
    "messages",
    "checkpoints",
    "pages",
    "checkpoint_pages",
    "exported_files",
)


def export_to(db: storage.Database, session_id: int, file: Path, **options: bool) -> None:
    """Export a session; copies of its files, of which there need be none, are beside the export."""
    folder, part = file.parent, file.with_name(f"{file.name}.part")
    storage.export_session(
        db, session_id, file, folder.joinpath, part=part, folder=folder, **options
    )


def write_export(path: Path, version: int) -> Path:
    """Write the session of harbour.ammon as the version of this schema exported it.

    The versions up to 7 are made by the statements that were recorded from them.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("PRAGMA auto_vacuum = INCREMENTAL")
        raw.execute("BEGIN")
        _create(raw, version)
        raw.execute(FILES_TABLE)
        with closing(sqlite3.connect(HARBOUR)) as source:
            for table in _TABLES:
                _copy(source, raw, table)
        raw.execute(f"PRAGMA user_version = {version}")
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        raw.execute("COMMIT")
    return path


def _create(raw: sqlite3.Connection, version: int) -> None:
    recorded = RECORDED.get(str(version))
    if recorded is None:
        create_tables(sqlite_utils.Database(raw), version)
        return
    for statement in recorded["statements"]:
        raw.execute(statement)
    raw.executemany("INSERT INTO _sqlite_migrations VALUES (?, ?, ?, ?)", recorded["applied"])


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    there = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    names = [row[1] for row in source.execute(f"PRAGMA table_info({table})") if row[1] in there]
    marks = ", ".join("?" * len(names))
    rows = source.execute(f"SELECT {', '.join(names)} FROM {table}")
    target.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
