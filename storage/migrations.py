"""The schema as numbered migrations, which are never edited once released.

This file knows the schema, not the statements that use it. ``PRAGMA user_version`` is the number of
applied migrations, so a program can refuse a database of a newer version without reading more.

Notes on the schema: large columns come last in their table, because SQLite reads a row from the
left and stops where it can, so sums and offsets never read the text or the pages. AUTOINCREMENT is
used because an id that a caller still has must never refer to another row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlite_utils

from storage.errors import SchemaTooNew, translated_errors

SCHEMA_VERSION = 15

migrations = sqlite_utils.Migrations("ammon")


def m001_sessions_documents_checkpoints(db: Any) -> None:
    """Sessions with their documents, searchable segments, messages and checkpoints."""
    for statement in _M001:
        db.conn.execute(statement)


_M001 = (
    """
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        settings TEXT NOT NULL DEFAULT '{}'
    )
    """,
    """
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        file_name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        byte_count INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('indexing', 'queued', 'reading', 'paused', 'done', 'failed', 'cancelled')),
        error TEXT,
        unit_count INTEGER,
        unit_name TEXT NOT NULL DEFAULT '',
        segment_count INTEGER NOT NULL DEFAULT 0,
        token_count INTEGER,
        start_position INTEGER,
        tokens_read INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        finished_at TEXT,
        notes TEXT NOT NULL DEFAULT '[]',
        UNIQUE (session_id, ordinal)
    )
    """,
    """
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        locator TEXT NOT NULL,
        locator_kind TEXT NOT NULL,
        locator_start INTEGER NOT NULL,
        locator_end INTEGER NOT NULL,
        token_start INTEGER NOT NULL,
        token_count INTEGER NOT NULL,
        text TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX segments_by_ordinal ON segments (document_id, ordinal)",
    "CREATE INDEX segments_by_token ON segments (document_id, token_start)",
    # External content: the text is stored once, in segments, and the triggers keep the index true
    # to it, also when a cascade deletes the rows.
    """
    CREATE VIRTUAL TABLE segments_fts USING fts5(
        text, content = 'segments', content_rowid = 'id',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER segments_indexed AFTER INSERT ON segments BEGIN
        INSERT INTO segments_fts (rowid, text) VALUES (new.id, new.text);
    END
    """,
    """
    CREATE TRIGGER segments_unindexed AFTER DELETE ON segments BEGIN
        INSERT INTO segments_fts (segments_fts, rowid, text) VALUES ('delete', old.id, old.text);
    END
    """,
    """
    CREATE TRIGGER segments_reindexed AFTER UPDATE OF id, text ON segments BEGIN
        INSERT INTO segments_fts (segments_fts, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO segments_fts (rowid, text) VALUES (new.id, new.text);
    END
    """,
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
        position INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        citations TEXT NOT NULL DEFAULT '[]',
        details TEXT NOT NULL DEFAULT '{}',
        text TEXT NOT NULL
    )
    """,
    "CREATE INDEX messages_by_session ON messages (session_id, position)",
    """
    CREATE TABLE checkpoints (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        document_id INTEGER REFERENCES documents(id) ON DELETE SET NULL,
        document_tokens INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        manifest TEXT NOT NULL
    )
    """,
    "CREATE INDEX checkpoints_by_position ON checkpoints (session_id, position)",
    "CREATE INDEX checkpoints_by_document ON checkpoints (document_id)",
    """
    CREATE TABLE pages (
        hash TEXT NOT NULL PRIMARY KEY,
        byte_count INTEGER NOT NULL,
        data BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE checkpoint_pages (
        checkpoint_id INTEGER NOT NULL REFERENCES checkpoints(id) ON DELETE CASCADE,
        hash TEXT NOT NULL REFERENCES pages(hash),
        PRIMARY KEY (checkpoint_id, hash)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX checkpoint_pages_by_hash ON checkpoint_pages (hash)",
)


migrations()(m001_sessions_documents_checkpoints)


def m002_rereads(db: Any) -> None:
    """Re-readings: a session may read another session's documents again and replace its state."""
    for statement in (
        "ALTER TABLE sessions ADD COLUMN rereads INTEGER REFERENCES sessions(id) ON DELETE CASCADE",
        "CREATE UNIQUE INDEX sessions_by_reread ON sessions (rereads)",
    ):
        db.conn.execute(statement)


migrations()(m002_rereads)


def m003_versions(db: Any) -> None:
    """Versions: a document may replace an older one, and the path of its file is stored."""
    for statement in (
        "ALTER TABLE documents ADD COLUMN source_path TEXT",
        "ALTER TABLE documents ADD COLUMN version INTEGER NOT NULL DEFAULT 1",
        # Deferred: a copied session comes row by row, and a version may replace a later row.
        "ALTER TABLE documents ADD COLUMN replaces INTEGER REFERENCES documents(id) "
        "ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED",
        "CREATE INDEX documents_by_replaced ON documents (replaces)",
        "CREATE INDEX documents_by_file ON documents (session_id, file_name)",
    ):
        db.conn.execute(statement)


migrations()(m003_versions)


def m004_chapters(db: Any) -> None:
    """The number of each segment's chapter, whatever its locator counts."""
    for statement in (
        "ALTER TABLE segments ADD COLUMN chapter INTEGER",
        "UPDATE segments SET chapter = locator_start WHERE locator_kind = 'chapter'",
        "CREATE INDEX segments_by_chapter ON segments (document_id, chapter) "
        "WHERE chapter IS NOT NULL",
    ):
        db.conn.execute(statement)


migrations()(m004_chapters)


def m005_follows(db: Any) -> None:
    """Followed logs: a row for each followed document, which is otherwise an ordinary document."""
    db.conn.execute(
        """
        CREATE TABLE follows (
            document_id INTEGER PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE,
            path TEXT NOT NULL,
            ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
            ready_tokens INTEGER NOT NULL DEFAULT 0,
            settled_segments INTEGER NOT NULL DEFAULT 0,
            place TEXT NOT NULL
        )
        """
    )


migrations()(m005_follows)


def m006_trash(db: Any) -> None:
    """The trash: a row for each session in it, with the name that the session had."""
    db.conn.execute(
        """
        CREATE TABLE trash (
            session_id INTEGER PRIMARY KEY REFERENCES sessions(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            trashed_at TEXT NOT NULL
        )
        """
    )


migrations()(m006_trash)


def m007_speeds(db: Any) -> None:
    """Reading speeds: how fast a session was read between each two checkpoints."""
    db.conn.execute(
        """
        CREATE TABLE speeds (
            session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            tokens INTEGER NOT NULL CHECK (tokens > 0),
            seconds REAL NOT NULL CHECK (seconds > 0),
            read_at TEXT NOT NULL,
            PRIMARY KEY (session_id, position)
        ) WITHOUT ROWID
        """
    )


migrations()(m007_speeds)


def m008_search_tokens(db: Any) -> None:
    """Search: the index holds tokens that the program makes, and is to be built again.

    The tokens are stored beside the text, because FTS5 must be given them again to delete them.
    """
    for statement in _M008:
        db.conn.execute(statement)


_M008 = (
    "DROP TRIGGER segments_indexed",
    "DROP TRIGGER segments_unindexed",
    "DROP TRIGGER segments_reindexed",
    "DROP TABLE segments_fts",
    "CREATE TABLE segment_tokens (id INTEGER PRIMARY KEY, tokens TEXT NOT NULL)",
    # Tokens are separated by spaces, and have no other ASCII signs than these.
    """
    CREATE VIRTUAL TABLE segments_fts USING fts5(
        tokens, content = 'segment_tokens', content_rowid = 'id',
        tokenize = "ascii tokenchars '#+.&^'"
    )
    """,
    """
    CREATE TRIGGER tokens_indexed AFTER INSERT ON segment_tokens BEGIN
        INSERT INTO segments_fts (rowid, tokens) VALUES (new.id, new.tokens);
    END
    """,
    """
    CREATE TRIGGER tokens_unindexed AFTER DELETE ON segment_tokens BEGIN
        INSERT INTO segments_fts (segments_fts, rowid, tokens)
            VALUES ('delete', old.id, old.tokens);
    END
    """,
    """
    CREATE TABLE segments_to_index (
        document_id INTEGER NOT NULL,
        segment_id INTEGER NOT NULL,
        PRIMARY KEY (document_id, segment_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE document_languages (
        document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
        language TEXT NOT NULL,
        PRIMARY KEY (document_id, language)
    ) WITHOUT ROWID
    """,
    """
    CREATE TRIGGER segments_stored AFTER INSERT ON segments BEGIN
        INSERT INTO segments_to_index VALUES (new.document_id, new.id);
    END
    """,
    """
    CREATE TRIGGER segments_deleted AFTER DELETE ON segments BEGIN
        DELETE FROM segment_tokens WHERE id = old.id;
        DELETE FROM segments_to_index WHERE document_id = old.document_id AND segment_id = old.id;
    END
    """,
    """
    CREATE TRIGGER segments_changed AFTER UPDATE OF id, document_id, text ON segments BEGIN
        DELETE FROM segment_tokens WHERE id = old.id;
        DELETE FROM segments_to_index WHERE document_id = old.document_id AND segment_id = old.id;
        INSERT INTO segments_to_index VALUES (new.document_id, new.id);
    END
    """,
    "INSERT INTO segments_to_index SELECT document_id, id FROM segments",
)


migrations()(m008_search_tokens)


def m009_encodings(db: Any) -> None:
    """The encoding in which a text is read because a person named it."""
    db.conn.execute("ALTER TABLE documents ADD COLUMN encoding TEXT")


migrations()(m009_encodings)


def m010_tokens_first(db: Any) -> None:
    """A segment whose tokens are stored before it need not be noted as missing in the index."""
    db.conn.execute("DROP TRIGGER segments_stored")
    db.conn.execute(
        """
        CREATE TRIGGER segments_stored AFTER INSERT ON segments
        WHEN NOT EXISTS (SELECT 1 FROM segment_tokens WHERE id = new.id) BEGIN
            INSERT INTO segments_to_index VALUES (new.document_id, new.id);
        END
        """
    )


migrations()(m010_tokens_first)


def m011_generations(db: Any) -> None:
    """What processes must know of each other: states that no longer hold, and unfinished work.

    ``generation`` counts how often what a session has read was undone or replaced; a state of an
    older generation is outdated. ``unfinished`` is NULL, 'deleting', or the key of whoever is
    copying the session's rows: such a session is shown nowhere.
    """
    for statement in (
        "ALTER TABLE sessions ADD COLUMN generation INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE sessions ADD COLUMN unfinished TEXT",
        "CREATE INDEX sessions_unfinished ON sessions (unfinished) WHERE unfinished IS NOT NULL",
    ):
        db.conn.execute(statement)


migrations()(m011_generations)


def m012_notes(db: Any) -> None:
    """Notes taken while reading, each on a part of a document; its tokens are counted there."""
    db.conn.execute(
        """
        CREATE TABLE notes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            token_start INTEGER NOT NULL,
            token_end INTEGER NOT NULL,
            text TEXT NOT NULL,
            UNIQUE (document_id, token_end)
        )
        """
    )


migrations()(m012_notes)


def m013_titles(db: Any) -> None:
    """What a document is called beside the title in its session's stream, which never changes.

    ``own_title`` is the title of which that one was made, where it is not the file's name, and
    ``shown_title`` is the one that a person chose; both are NULL in older documents.
    """
    for statement in (
        "ALTER TABLE documents ADD COLUMN own_title TEXT",
        "ALTER TABLE documents ADD COLUMN shown_title TEXT",
    ):
        db.conn.execute(statement)


migrations()(m013_titles)


def m014_asked_documents(db: Any) -> None:
    """Which documents of a session the page asks; all, until a person leaves some out.

    The index has only those that are left out: mostly none.
    """
    for statement in (
        "ALTER TABLE documents ADD COLUMN is_asked INTEGER NOT NULL DEFAULT 1",
        "CREATE INDEX documents_not_asked ON documents (session_id) WHERE is_asked = 0",
    ):
        db.conn.execute(statement)


migrations()(m014_asked_documents)


def m015_kept_notes(db: Any) -> None:
    """Notes that a person made or kept, beside those that the session takes while it reads.

    ``sessions.kept_changes`` counts their changes, so that a page sees at once whether there were
    any.
    """
    for statement in (
        """
        CREATE TABLE kept_notes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
            message_id INTEGER REFERENCES messages(id) ON DELETE SET NULL,
            document_id INTEGER REFERENCES documents(id) ON DELETE SET NULL,
            segment_id INTEGER REFERENCES segments(id) ON DELETE SET NULL,
            created_at TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            citations TEXT NOT NULL DEFAULT '[]',
            details TEXT NOT NULL DEFAULT '{}',
            text TEXT NOT NULL
        )
        """,
        "CREATE INDEX kept_notes_by_session ON kept_notes (session_id, id)",
        # A deleted message, document or segment finds the notes that refer to it.
        "CREATE INDEX kept_notes_by_message ON kept_notes (message_id)",
        "CREATE INDEX kept_notes_by_document ON kept_notes (document_id)",
        "CREATE INDEX kept_notes_by_segment ON kept_notes (segment_id)",
        "ALTER TABLE sessions ADD COLUMN kept_changes INTEGER NOT NULL DEFAULT 0",
    ):
        db.conn.execute(statement)


migrations()(m015_kept_notes)


def create_tables(db: Any, version: int) -> None:
    """Make the tables of one version of the schema in an empty database.

    Args:
        db: a ``sqlite_utils.Database``.
        version: from 1 to `SCHEMA_VERSION`.
    """
    later = [step.name for step in migrations.pending(db)][version:]
    migrations.apply(db, stop_before=later[0] if later else None)
    db.conn.execute(f"PRAGMA user_version = {version}")


def needs_migration(db: Any, where: str) -> bool:
    """Return whether the database lacks migrations of this version of the program.

    Args:
        db: a ``sqlite_utils.Database``.
        where: the path of the file, for messages.

    Raises:
        SchemaTooNew: the database has migrations that this version does not know.
        DamagedDatabase: the file cannot be read.
    """
    with translated_errors(where):
        version = int(db.conn.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"The database {where} has schema version {version}, written by a newer version of "
            f"this program; this version knows schemas up to {SCHEMA_VERSION}: update the program."
        )
    return version < SCHEMA_VERSION


def migrate(db: Any, where: str) -> None:
    """Apply the missing migrations; call this inside a transaction, so that two processes wait.

    Args:
        db: a ``sqlite_utils.Database``.
        where: the path of the file, for messages.
    """
    if not needs_migration(db, where):
        return  # another process applied them while this one waited for the lock
    with translated_errors(where):
        migrations.apply(db)
        db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def create_old_database(path: Path | str, version: int) -> Any:
    """Create a file with the tables of an older schema, for tests and benchmarks.

    Args:
        version: of the schema, from 1 on.

    Returns:
        An open ``sqlite_utils.Database``; the caller closes it.
    """
    db = sqlite_utils.Database(path)
    db.conn.execute("PRAGMA auto_vacuum = INCREMENTAL")
    steps = [step.name for step in migrations.pending(db)]
    migrations.apply(db, stop_before=[*steps, None][version])
    db.conn.execute(f"PRAGMA user_version = {version}")
    return db
