"""Damages exported files at random: their rows, their schema, their bytes."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

LARGEST = (1 << 63) - 1
_FAILURES = (sqlite3.Error, UnicodeError)  # messages of SQLite quote bytes of the file
_TABLES = (
    ("sessions", 6),
    ("documents", 8),
    ("segments", 4),
    ("messages", 4),
    ("checkpoints", 4),
    ("pages", 2),
    ("checkpoint_pages", 1),
    ("exported_files", 2),
    ("follows", 1),
    ("trash", 1),
    ("speeds", 1),
    ("sqlite_sequence", 1),
    ("_sqlite_migrations", 1),
    ("segments_fts_data", 1),
    ("segment_tokens", 1),
    ("segments_to_index", 1),
    ("document_languages", 1),
)
_STRANGE: tuple[Any, ...] = (
    *(0, 1, -1, 2, 7, 255, 1 << 31, 1 << 40, 1 << 53, LARGEST, -LARGEST - 1),
    *(0.5, -0.0, 1e300, float("inf"), None, "", " ", "\0", "a", "../../etc/passwd", "/dev/zero"),
    *("[]", "{}", "null", "[[", "NaN", '{"a": 1e999}', "[" * 50_000, "1" * 5_000, "é" * 9_000),
    *("9223372036854775807", "done", "indexing", "reading", "assistant", "owner/name", "cuda"),
    *("\x1b]52;c;x\x07", "\u202eabc", "0" * 64, "2031-01-01", "2031-01-01T00:00:00+00:00"),
    *(b"", b"\0", b"\xff\xfe", bytes(5_000), b"SQLite format 3\0"),
)
_STRANGE_JSON: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1 << 31, 1 << 63, 10**400, 0.5, 1e300, "", "x", "1" * 99),
    *([], {}, [[]], {"a": {}}, [None], "owner/name", "/etc", "auto", "embedded", "qwen2.5-0.5b"),
    *("untrained:Mamba2", "untrained:x", "int8", "bfloat16", "cuda", "cache", "f" * 64, "../x"),
)
_HOSTILE = (
    "CREATE TRIGGER t AFTER INSERT ON sessions BEGIN DELETE FROM documents; END",
    "CREATE TRIGGER t AFTER UPDATE ON segments BEGIN UPDATE segments SET text = text || text; END",
    "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT sum(i) FROM n",
    "CREATE TABLE more (a)",
    "CREATE INDEX more ON documents (title)",
    "CREATE INDEX more ON documents (abs(tokens_read))",
    "CREATE TABLE sqlite_stat1x (a, b DEFAULT (randomblob(9)))",
    "DROP INDEX documents_by_file",
    "DROP TABLE checkpoint_pages",
    "DROP TABLE exported_files",
    "ALTER TABLE documents ADD COLUMN extra TEXT",
    "ALTER TABLE documents ADD COLUMN twice INTEGER GENERATED ALWAYS AS (tokens_read * 2)",
    "ALTER TABLE messages RENAME COLUMN text TO words",
    "ALTER TABLE pages RENAME TO sheets",
)


def mutate(path: Path, rng: random.Random) -> str:
    """Change a file in one to three ways; return what was done, for a failing test's message."""
    ways: list[Callable[[Path, random.Random], str]] = [_rows] * 6 + [_schema] * 2 + [_bytes] * 3
    done = [rng.choice(ways)(path, rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    return "; ".join(done)


def _rows(path: Path, rng: random.Random) -> str:
    tables, weights = zip(*_TABLES, strict=True)
    (table,) = rng.choices(tables, weights)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        with suppress(*_FAILURES):  # an earlier change may have left no database
            raw.execute("PRAGMA synchronous = OFF")
            raw.execute("PRAGMA ignore_check_constraints = ON")
            names = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
            if names:  # older versions had fewer tables
                return _change_row(raw, table, names, rng)
    return f"nothing could be done to {table}"


def _change_row(raw: sqlite3.Connection, table: str, names: list[str], rng: random.Random) -> str:
    (count,) = raw.execute(f"SELECT count(*) FROM {table}").fetchone()
    row = rng.randrange(max(1, count))
    which = f"(SELECT {names[0]} FROM {table} LIMIT 1 OFFSET {row})"
    column = rng.choice(names)
    what = rng.random()
    if what < 0.06:
        raw.execute(f"DELETE FROM {table} WHERE {names[0]} = {which}")
        return f"a row of {table} deleted"
    if what < 0.12:
        values = [rng.choice(_STRANGE) for _ in names]
        raw.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", values)
        return f"{values!r:.200} inserted into {table}"
    old = raw.execute(f"SELECT {column} FROM {table} WHERE {names[0]} = {which}").fetchone()
    value = rng.choice(_STRANGE)
    if old is not None and isinstance(old[0], str) and old[0][:1] in ("{", "["):
        value = _change_json(old[0], rng)
    where = "" if rng.random() < 0.2 else f" WHERE {names[0]} = {which}"
    raw.execute(f"UPDATE {table} SET {column} = ?{where}", [value])
    return f"{table}.{column} = {value!r:.300}{where}"


def _change_json(text: str, rng: random.Random) -> str:
    """Replace, add or remove a value somewhere in a JSON text."""
    with suppress(ValueError):
        node = root = json.loads(text)
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                return json.dumps(rng.choice(_STRANGE_JSON))
            key = rng.choice(keys)
            if isinstance(node[key], dict | list) and node[key] and rng.random() < 0.8:
                node = node[key]
                continue
            if rng.random() < 0.15:
                del node[key]
            elif rng.random() < 0.1 and isinstance(node, dict):
                node["unknown"] = rng.choice(_STRANGE_JSON)
            else:
                node[key] = rng.choice(_STRANGE_JSON)
            return json.dumps(root)
    return text


def _schema(path: Path, rng: random.Random) -> str:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw, suppress(*_FAILURES):
        raw.execute("PRAGMA synchronous = OFF")
        what = rng.random()
        if what < 0.15:
            name = rng.choice(("user_version", "application_id", "encoding", "journal_mode"))
            value = rng.choice(("0", "-1", "99", "1", "2", "7", "8", "'UTF-16le'", "WAL"))
            raw.execute(f"PRAGMA {name} = {value}")
            return f"{name} = {value}"
        if what < 0.5:
            statement = rng.choice(_HOSTILE)
            raw.execute(statement)
            return statement
        raw.execute("PRAGMA writable_schema = ON")
        names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master")]
        name = rng.choice(names)
        change = rng.choice(
            (
                "sql = replace(sql, 'TEXT', 'INT')",
                "sql = replace(sql, 'CREATE TABLE', 'CREATE VIEW')",
                "sql = replace(sql, 'NOT NULL', 'CHECK (1)')",
                "sql = sql || ' -- x'",
                "sql = 'CREATE VIEW ' || name || ' AS SELECT 1 AS id'",
                "sql = NULL",
                "sql = zeroblob(9)",
                "type = 'view'",
                "name = name || 'x'",
                "tbl_name = 'documents'",
                f"rootpage = {rng.randrange(60)}",
                "rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'segments')",
                "rootpage = 0",
            )
        )
        raw.execute(f"UPDATE sqlite_master SET {change} WHERE name = ?", [name])
        return f"sqlite_master of {name}: {change}"
    return "nothing could be done to the schema"


def _bytes(path: Path, rng: random.Random) -> str:
    data = bytearray(path.read_bytes())
    if not data:
        return "an empty file stays empty"
    what = rng.choice(("flip", "flip", "flip", "copy", "zero", "cut", "header", "noise"))
    page = 4096
    pages = max(1, len(data) // page)
    at = rng.randrange(len(data))
    if what == "flip":
        for _ in range(rng.choice((1, 1, 3, 30))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif what == "copy":
        source, target = rng.randrange(pages) * page, rng.randrange(pages) * page
        data[target : target + page] = data[source : source + page]
    elif what == "zero":
        data[at : at + rng.randrange(1, 2 * page)] = b""
    elif what == "cut":
        del data[at:]
    elif what == "header":
        data[rng.randrange(min(100, len(data)))] = rng.randrange(256)
    else:
        start = rng.randrange(pages) * page  # the header of a page: kind, cells, pointers
        for offset in range(start, min(start + 12, len(data))):
            data[offset] = rng.choice((0, 2, 5, 10, 13, 255, data[offset]))
    path.write_bytes(data)
    return f"bytes: {what} at {at}"
