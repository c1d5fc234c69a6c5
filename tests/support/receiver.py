"""A data directory that takes exported files, and what is done with a session afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path

import storage
from ahn_runtime import Runtime
from app.service.answering.transcript import FORMATS, render_transcript
from app.service.archive import import_session
from app.service.models import Models
from app.service.report import make_report
from app.service.session_config import SessionConfig
from app.settings import ModelOptions, Settings
from app.web.chat.html import conversation
from storage import Database, SessionRow
from tests.support.exports import OLD

OPTIONS = ModelOptions(model="tiny", window=640, sinks=16, quantize=None, device="cpu")


def load(options: ModelOptions) -> Runtime:
    assert options.model == "tiny", "no file may have another model loaded"
    assert options.ahn in (None, "auto") or str(options.ahn).startswith("untrained:")
    return Runtime.load(**{**options.as_dict(), "model": str(OLD / options.model)})


class Receiver:
    """A data directory with a session of its own, which no import may change."""

    def __init__(self, folder: Path) -> None:
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
        return self.models.get(SessionConfig.from_row(row).resume_options)

    def take(self, path: Path) -> SessionRow:
        return import_session(
            self.db, self.settings, path, lambda _: ["theirs"], self.runtime_of, used=[OPTIONS]
        )

    def use(self, row: SessionRow) -> None:
        """What the page and the commands do with a session, without its model."""
        db = self.db
        assert {s.session.name for s in storage.list_sessions(db)} == {"mine", "theirs"}
        messages = storage.list_messages(db, row.id)
        conversation(messages)
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
