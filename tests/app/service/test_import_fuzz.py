"""The import on damaged files: a session that can be used, or a refusal in one sentence.

`AMMON_FUZZ_IMPORTS` sets how many files are tried, and `AMMON_FUZZ_SEED` which come first.
"""

from __future__ import annotations

import hashlib
import os
import random
import time

import pytest

import storage
from ahn_runtime import Runtime
from app.messages import KNOWN_ERRORS, sentence
from app.service.answering.transcript import FORMATS, render_transcript
from app.service.archive import import_session
from app.service.models import Models
from app.service.report import make_report
from app.settings import ModelOptions, Settings
from app.web.chat.html import conversation, footing_html
from storage import Database, SessionRow
from storage.migrations import SCHEMA_VERSION
from tests.support.exports import OLD, write_export
from tests.support.mutants import mutate

MUTANTS = int(os.environ.get("AMMON_FUZZ_IMPORTS", "60"))
FIRST_SEED = int(os.environ.get("AMMON_FUZZ_SEED", "0"))
MAX_CPU_S = 20.0
OPTIONS = ModelOptions(model="tiny", window=640, sinks=16, quantize=None, device="cpu")


def load(options: ModelOptions) -> Runtime:
    assert options.model == "tiny", "no file may have another model loaded"
    assert options.ahn in (None, "auto") or str(options.ahn).startswith("untrained:")
    return Runtime.load(**{**options.as_dict(), "model": str(OLD / options.model)})


class Receiver:
    """A data directory with a session of its own, which no import may change."""

    def __init__(self, folder) -> None:
        self.settings = Settings(data_dir=folder / "data", model=OPTIONS)
        self.settings.files_dir.mkdir(parents=True)
        self.db = Database(self.settings.database_path)
        self.models = Models(load)
        mine = storage.create_session(self.db, "mine", {"kept": "as it is"})
        document = storage.add_document(
            self.db,
            mine.id,
            title="mine",
            kind="text",
            file_name="mine.txt",
            sha256="a" * 64,
            byte_count=4,
        )
        text = storage.NewSegment("my own words", "line 1", "line", 1, 1, 0, 3)
        storage.add_segments(self.db, document.id, [text])
        page = b"a page of mine"
        storage.save_checkpoint(
            self.db,
            mine.id,
            position=3,
            manifest={},
            pages={storage.page_hash(page): page},
            page_hashes=[storage.page_hash(page)],
        )
        self.before = self.content()

    def content(self) -> str:
        """A digest of every row, but of the counters of row numbers."""
        digest = hashlib.sha256()
        tables = self.db.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
            "AND name NOT LIKE 'segments_fts%' ORDER BY name"
        )
        for table in tables:
            digest.update(repr(self.db.rows(f"SELECT * FROM {table['name']}")).encode())
        return digest.hexdigest()

    def runtime_of(self, row: SessionRow) -> Runtime:
        from app.service.session_config import SessionConfig

        return self.models.get(SessionConfig.from_row(row).resume_options)

    def take(self, path) -> SessionRow:
        return import_session(
            self.db, self.settings, path, "theirs", self.runtime_of, used=[OPTIONS]
        )

    def use(self, row: SessionRow) -> None:
        """What the page and the commands do with a session, without its model."""
        db = self.db
        assert {s.session.name for s in storage.list_sessions(db)} == {"mine", "theirs"}
        messages = storage.list_messages(db, row.id)
        conversation(messages)
        for message in messages:
            footing_html(message.details)
        for format in FORMATS:
            render_transcript(row, messages, format)
        make_report(db, row, None, 1 << 30).as_dict()
        storage.index_segments(db, row.id)
        storage.search_passages(db, row.id, "the keeper of the lighthouse")
        storage.read_ranges(db, row.id)
        storage.version_chains(storage.list_documents(db, row.id))
        storage.next_document_to_read(db, row.id)

    def delete(self, row: SessionRow) -> None:
        storage.delete_session(self.db, row.id)
        for file in self.settings.files_dir.iterdir():
            file.unlink()


@pytest.fixture
def receiver(tmp_path):
    receiver = Receiver(tmp_path)
    yield receiver
    receiver.db.close()


@pytest.fixture
def exports(tmp_path):
    return [
        write_export(tmp_path / f"{version}.ammon", version).read_bytes()
        for version in range(1, SCHEMA_VERSION + 1)
    ]


def test_an_export_of_every_version_is_imported_and_can_be_used(receiver, exports, tmp_path):
    path = tmp_path / "export.ammon"
    for data in exports:
        path.write_bytes(data)
        row = receiver.take(path)
        receiver.use(row)
        assert len(storage.list_documents(receiver.db, row.id)) == 3
        assert [c.position for c in storage.list_checkpoints(receiver.db, row.id)] == [1890]
        assert len(list(receiver.settings.files_dir.iterdir())) == 3
        receiver.delete(row)
    assert receiver.content() == receiver.before


def test_a_damaged_export_is_refused_in_a_sentence_or_can_be_used(receiver, exports, tmp_path):
    path, taken = tmp_path / "mutant.ammon", 0
    for seed in range(FIRST_SEED, FIRST_SEED + MUTANTS):
        rng = random.Random(seed)
        path.write_bytes(rng.choice(exports))
        what = f"seed {seed}: {mutate(path, rng)}"
        begun = time.thread_time()
        try:
            row = receiver.take(path)
        except KNOWN_ERRORS as error:
            said = sentence(error)
            assert said.endswith(".") and "Traceback" not in said and "\n" not in said, what
        except Exception as error:
            raise AssertionError(what) from error
        else:
            taken += 1
            try:
                receiver.use(row)
            except Exception as error:
                raise AssertionError(what) from error
            receiver.delete(row)
        assert time.thread_time() - begun < MAX_CPU_S, what
        assert receiver.content() == receiver.before, what
        left = {p.name for p in receiver.settings.data_dir.iterdir()}
        assert left <= {"ammon.sqlite", "ammon.sqlite-wal", "ammon.sqlite-shm", "files"}, what
        for gone in path.parent.glob("mutant.ammon?*"):
            gone.unlink()  # a log that the mutation left
        receiver.models.keep([OPTIONS])
    assert taken < MUTANTS, "every change of a file went unnoticed"
    print(f"{MUTANTS:,} files: {taken:,} were imported, the others refused")
