"""Imports: a file is checked value by value, nothing of it runs, and no file is endless."""

import signal
import sqlite3
from contextlib import closing, suppress

import pytest

import storage
from storage.foreign_file import ForeignFile
from storage.migrations import SCHEMA_VERSION
from storage.row_rules import NOT_COPIED, RULES
from storage.schemas import columns_of
from tests.support.exports import RECORDED, write_export

LARGEST = (1 << 63) - 1
VERSIONS = range(1, SCHEMA_VERSION + 1)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"


@pytest.fixture
def export(tmp_path):
    """Write an export of a version, then change it by SQL as another program would."""

    def write(version=SCHEMA_VERSION, *statements):
        path = write_export(tmp_path / "letters.ammon", version)
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                raw.execute(statement)
        return path

    return write


def take(db, path):
    with storage.opened_export(path, path.parent) as opened:
        return storage.import_session(db, opened)


def refused(db, path, sentence):
    with pytest.raises(storage.StorageError, match=sentence):
        take(db, path)
    assert storage.list_sessions(db) == []
    assert [p.name for p in path.parent.iterdir()] == [path.name], "the copy is gone"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_export_of_every_version_is_imported_with_all_its_rows(db, export, version):
    row = take(db, export(version))
    assert row.name == "harbour"
    documents = storage.list_documents(db, row.id)
    assert [d.title for d in documents] == ["lighthouse", "lighthouse (version 2)", "diary"]
    assert [d.version for d in documents] == ([1, 2, 1] if version >= 3 else [1, 1, 1])
    assert len(storage.list_messages(db, row.id)) == 2
    (checkpoint,) = storage.list_checkpoints(db, row.id)
    for page in checkpoint.manifest["kv_pages"]:
        assert storage.read_page(db, page["hash"])
    assert storage.search_passages(db, row.id, "Morag Finn")
    assert db.integrity_check() == []


def test_the_files_of_an_export_are_handed_over_whole(export, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    with storage.opened_export(export(), tmp_path) as opened:
        opened.write_files(lambda sha256: folder / sha256)
    assert sorted(storage.page_hash(file.read_bytes()) for file in folder.iterdir()) == sorted(
        file.name for file in folder.iterdir()
    )
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "statement",
    [
        f"CREATE TRIGGER t AFTER UPDATE ON segments BEGIN SELECT ({ENDLESS}); END",
        f"CREATE TRIGGER t AFTER INSERT ON documents BEGIN SELECT ({ENDLESS}); END",
        f"CREATE VIEW v AS {ENDLESS}",
        "CREATE TABLE more (a)",
        "CREATE INDEX more ON documents (title)",
        "DROP INDEX segments_by_token",
        "ALTER TABLE documents ADD COLUMN extra TEXT",
        "ALTER TABLE documents RENAME COLUMN title TO headline",
    ],
)
def test_a_schema_that_is_not_exactly_that_of_its_version_is_refused(
    db, export, version, statement
):
    chapters = "UPDATE segments SET locator_kind = 'chapter'"  # which a migration changes
    refused(db, export(version, chapters, statement), "tables that Ammon did not write")


def test_a_table_that_is_a_view_in_truth_is_refused_and_never_asked(db, export):
    path = export()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute(
            "UPDATE sqlite_master SET type = 'view', rootpage = 0, sql = ? WHERE name = 'messages'",
            [f"CREATE VIEW messages AS {ENDLESS}"],
        )
    refused(db, path, "did not write|damaged")


@pytest.mark.parametrize("claimed", [version for version in VERSIONS if version != 7])
def test_a_schema_of_another_version_than_the_file_claims_is_refused(db, export, claimed):
    refused(db, export(7, f"PRAGMA user_version = {claimed}"), "did not write")


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_never_was_is_refused(db, export, version):
    refused(db, export(7, f"PRAGMA user_version = {version}"), "not one that Ammon wrote")


def test_every_recorded_schema_is_what_the_file_is_compared_with():
    assert set(map(int, RECORDED)) <= set(VERSIONS)  # write_export makes those from the record


BAD_VALUES = [
    ("documents", "tokens_read", LARGEST),
    ("documents", "tokens_read", "'many'"),
    ("documents", "tokens_read", "0.5"),
    ("documents", "tokens_read", -1),
    ("documents", "byte_count", LARGEST),
    ("documents", "title", "x'ff'"),
    ("documents", "title", "CAST(x'ff' AS TEXT)"),
    ("documents", "kind", "'../etc'"),
    ("documents", "state", "'unknown'"),
    ("documents", "created_at", "'yesterday'"),
    ("documents", "notes", "'{}'"),
    ("documents", "replaces", 99),
    ("documents", "encoding", "'utf-8; x'"),
    ("segments", "document_id", 99),
    ("segments", "token_start", LARGEST),
    ("segments", "token_count", 5_000),
    ("segments", "text", "zeroblob(9)"),
    ("messages", "role", "'system'"),
    ("messages", "citations", "'[['"),
    ("messages", "details", "'{\"a\": NaN}'"),
    ("checkpoints", "manifest", f"'{'[' * 20_000}'"),
    ("checkpoints", "document_tokens", 5_000),
    ("checkpoint_pages", "hash", "'../../x'"),
    ("pages", "byte_count", 1),
    ("pages", "data", "'text'"),
    ("exported_files", "ordinal", 1),
    ("sessions", "settings", "'[]'"),
    ("sessions", "settings", f"'{{}}' || '{' ' * 70_000}'"),
    ("sessions", "rereads", 1),
]


@pytest.mark.parametrize("table, column, value", BAD_VALUES)
def test_a_value_that_the_program_does_not_store_is_refused(db, export, table, column, value):
    statement = f"UPDATE OR REPLACE {table} SET {column} = {value}"
    refused(db, export(SCHEMA_VERSION, statement), "export (the session|it) again")


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE documents SET tokens_read = token_count + 1"],
        ["DELETE FROM documents"],
        ["DELETE FROM pages"],
        ["DELETE FROM exported_files WHERE sha256 IN (SELECT min(sha256) FROM documents)",
         "INSERT INTO exported_files SELECT lower(hex(zeroblob(32))), ordinal, data "
         "FROM exported_files LIMIT 1"],
        ["INSERT INTO sessions (name, created_at, updated_at) "
         "SELECT 'second', created_at, updated_at FROM sessions"],
    ],
)  # fmt: skip
def test_rows_that_do_not_belong_together_are_refused(db, export, statements):
    refused(db, export(SCHEMA_VERSION, *statements), "damaged")


def test_rows_that_no_export_has_are_left_behind(db, export):
    path = export(
        SCHEMA_VERSION,
        "INSERT INTO follows VALUES (1, '/etc/passwd', 0, 5, 0, '{}')",
        "INSERT INTO trash VALUES (1, 'harbour', 'once')",
        f"INSERT INTO speeds VALUES (1, {LARGEST}, {LARGEST}, 1e300, 'once')",
        "INSERT INTO segment_tokens VALUES (1, 'not what the text says')",
        "UPDATE documents SET source_path = '/etc/passwd'",
        f"UPDATE sqlite_sequence SET seq = {LARGEST}",
    )
    row = take(db, path)
    documents = storage.list_documents(db, row.id)
    assert storage.find_open_follow(db, row.id) is None and storage.list_trash(db) == []
    assert storage.list_speeds(db, row.id, limit=9) == []
    assert {d.source_path for d in documents} == {None}
    storage.index_segments(db)
    assert storage.search_passages(db, row.id, "not what the text says") == []
    storage.create_session(db, "another", {})


def test_every_column_of_a_copied_table_has_a_rule_or_is_left_behind_on_purpose():
    found = {
        (table, column)
        for table in RULES
        for version in VERSIONS
        for column in columns_of(version, table)
    }
    ruled = {(table, column) for table, rules in RULES.items() for column in rules}
    assert found == ruled | NOT_COPIED, "a new column needs a rule in storage/row_rules.py"


PAGE = 512


@pytest.fixture
def large_file(tmp_path):
    """A file with a table of 60,000 rows on small pages."""
    path = tmp_path / "large.ammon"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(f"PRAGMA page_size = {PAGE}")
        raw.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, text TEXT)")
        raw.execute("BEGIN")
        rows = ((n, f"row number {n:09}") for n in range(60_000))
        raw.executemany("INSERT INTO numbers VALUES (?, ?)", rows)
        raw.execute("COMMIT")
    return path


def read_all(path, limit_s=None):
    with ForeignFile(path, limit_s) as file:
        file.schema(9)
        file.allow(["numbers"])
        return sum(1 for _ in file.rows("numbers", ["id", "text"]))


def test_a_file_that_is_read_within_its_limits_gives_all_rows(large_file):
    assert read_all(large_file) == 60_000


def test_a_tree_whose_branches_all_lead_to_one_leaf_does_not_multiply_its_rows(large_file):
    data = bytearray(large_file.read_bytes())
    for start in range(PAGE, len(data), PAGE):
        if data[start] == 5:  # an inner page of a table: each cell begins with its child's number
            cells = int.from_bytes(data[start + 3 : start + 5], "big")
            at = [int.from_bytes(data[start + 12 + 2 * n :][:2], "big") for n in range(cells)]
            for cell in at:
                data[start + cell : start + cell + 4] = data[start + at[0] : start + at[0] + 4]
    large_file.write_bytes(data)
    with suppress(storage.DamagedDatabase):
        assert read_all(large_file) <= large_file.stat().st_size / 16


def test_values_that_share_their_pages_cannot_hold_more_than_the_file(tmp_path):
    path = tmp_path / "values.ammon"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, text TEXT)")
        raw.execute("INSERT INTO numbers VALUES (1, ?)", ["x" * 200_000])
        for number in range(2, 40):
            raw.execute("INSERT INTO numbers VALUES (?, 'short')", [number])
    data = bytearray(path.read_bytes())
    leaf = next(start for start in range(4096, len(data), 4096) if data[start] == 13)
    cells = int.from_bytes(data[leaf + 3 : leaf + 5], "big")
    first = data[leaf + 8 : leaf + 10]
    for number in range(cells):  # every row is now the long one
        data[leaf + 8 + 2 * number : leaf + 10 + 2 * number] = first
    path.write_bytes(data)
    with pytest.raises(storage.DamagedDatabase, match="hold more than the file"):
        read_all(path)


def test_a_file_that_takes_too_long_is_refused(large_file):
    with pytest.raises(storage.DamagedDatabase, match="takes too long"):
        read_all(large_file, limit_s=-1.0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer on this system")
def test_a_signal_interrupts_the_reading_and_is_not_swallowed(large_file):
    class Stopped(Exception):
        pass

    def stop(*_):
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises((Stopped, KeyboardInterrupt)):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            while True:
                read_all(large_file)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_other_files_are_no_exports(db, tmp_path):
    path = tmp_path / "letter.ammon"
    for content in (b"", b"Dear Sir,", b"Dear Sir, " * 200, b"SQLite format 3\0" + bytes(2_000)):
        path.write_bytes(content)
        refused(db, path, "letter.ammon")


def test_a_log_beside_the_file_is_not_read(db, export):
    path = export()
    path.with_name(f"{path.name}-wal").write_bytes(b"not a log")
    path.with_name(f"{path.name}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" * 99)
    assert take(db, path).name == "harbour"
