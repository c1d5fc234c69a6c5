"""The time that a large database of an older version takes: to be opened, and to be searchable.

    python -m benchmarks.migration TEXT [--megabytes 1000]

A database is made as the version before the search index of stems made it (schema 7), full of the
text, which is repeated, in sessions of a hundred documents. Then it is opened, which migrates it; a
question is asked of one session, which indexes that session first; and the rest is indexed as the
application does it in the background. Everything that waits for the write lock waits at most for
the longest batch.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any

import storage
from storage.migrations import create_old_database

OLD_VERSION = 7
SEGMENT_CHARS = 1_800
DOCUMENT_SEGMENTS = 300
SESSION_DOCUMENTS = 100
REPORT_S = 15.0
MIB = 1 << 20


def write_old_database(path: Path, text: str, byte_count: int) -> None:
    """Write a database of schema 7 of at least that many bytes, full of the text."""
    segments = [text[at : at + SEGMENT_CHARS] for at in range(0, len(text), SEGMENT_CHARS)]
    source = cycle(segments)
    with closing(create_old_database(path, OLD_VERSION)) as db:
        raw = db.conn
        raw.isolation_level = None
        raw.execute("PRAGMA synchronous = OFF")
        document = 0
        while path.stat().st_size < byte_count:
            raw.execute("BEGIN")
            if document % SESSION_DOCUMENTS == 0:
                raw.execute(
                    "INSERT INTO sessions (name, created_at, updated_at) VALUES (?, '', '')",
                    [f"session {document // SESSION_DOCUMENTS + 1}"],
                )
            document += 1
            _add_document(raw, document, [next(source) for _ in range(DOCUMENT_SEGMENTS)])
            raw.execute("COMMIT")


def _add_document(raw: Any, number: int, texts: Sequence[str]) -> None:
    raw.execute(
        "INSERT INTO documents (id, session_id, ordinal, title, kind, file_name, sha256, "
        "byte_count, state, token_count, created_at) "
        "VALUES (?, ?, ?, ?, 'text', ?, ?, 1, 'queued', 1, '')",
        [
            number,
            (number - 1) // SESSION_DOCUMENTS + 1,
            number,
            f"document {number}",
            f"{number}.txt",
            f"{number:064x}",
        ],
    )
    raw.executemany(
        "INSERT INTO segments (document_id, ordinal, locator, locator_kind, locator_start, "
        "locator_end, token_start, token_count, text) VALUES (?, ?, ?, 'line', ?, ?, ?, 1, ?)",
        [(number, at, f"line {at}", at, at, at, text) for at, text in enumerate(texts)],
    )


def measure(path: Path, question: str) -> None:
    """Open the database, ask, index the rest; print what each takes."""
    print(f"a database of schema {OLD_VERSION}: {path.stat().st_size / MIB:,.0f} MiB")
    start = time.monotonic()
    with storage.Database(path) as db:
        print(f"opened and migrated: {time.monotonic() - start:.1f} s", flush=True)
        start = time.monotonic()
        passages = storage.search_passages(db, 1, question, limit=3)
        state = storage.index_state(db, 1)
        print(
            f"first question to a session of {state.total:,} segments: "
            f"{time.monotonic() - start:.1f} s, {len(passages)} passages",
            flush=True,
        )
        _index_rest(db)
        start = time.monotonic()
        storage.search_passages(db, 1, question, limit=3)
        print(f"another question: {time.monotonic() - start:.2f} s")
        problems = db.integrity_check()
        print(f"integrity: {'; '.join(problems) or 'ok'}")
    print(f"the database: {path.stat().st_size / MIB:,.0f} MiB")


def _index_rest(db: storage.Database) -> None:
    start = reported = time.monotonic()
    longest = 0.0
    while True:
        began = time.monotonic()
        count = storage.index_batch(db)
        now = time.monotonic()
        longest = max(longest, now - began)
        if now - reported >= REPORT_S or not count:
            state = storage.index_state(db)
            reported = now
            print(
                f"indexed {state.indexed:,} of {state.total:,} segments after {now - start:.0f} s; "
                f"longest batch {longest:.2f} s",
                flush=True,
            )
        if not count:
            return
        time.sleep(storage.PAUSE_S)


def main() -> None:
    """Make the database in a temporary folder and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path, metavar="TEXT")
    parser.add_argument("--megabytes", type=int, default=1_000, help="of the old database")
    parser.add_argument("--question", default="Who kept the light at the harbour?")
    options = parser.parse_args()
    text = options.text.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ammon.sqlite"
        write_old_database(path, text, options.megabytes * MIB)
        measure(path, options.question)


if __name__ == "__main__":
    main()
