"""Commands that are killed at some instant, and all that a data directory holds afterwards."""

from __future__ import annotations

import functools
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import storage
from app.cli.open_service import open_service
from app.service import Service
from app.service.documents import Documents
from app.service.rereads import Rereads
from app.service.sessions import Sessions
from app.service.trash import Trash
from app.settings import Settings
from storage import Database, DocumentRow
from tests.support import warm

OPENED, AT_WORK = "opened", "at work"
"""Marks that a process leaves: it opens the database; it begins what it was started for."""
USE_CASES = {
    Documents: ("add", "remove"),
    Rereads: ("begin",),
    Sessions: ("delete", "duplicate", "export_to", "import_from", "rename"),
    Trash: ("put", "restore"),
}
PATIENCE_S = 1800.0
"""Far more than any step takes, on a machine that does much else, too."""

TrashAction = Callable[[Trash], object]


@dataclass(frozen=True)
class Contents:
    """What a session holds, apart from how far it is read.

    Args:
        documents: (title, sha256, hash of the stored text); without text while it is indexed.
        messages: what was asked and answered.
        window: of the model's options.
    """

    documents: tuple[tuple[str, str, str | None], ...]
    messages: tuple[str, ...]
    window: object

    def is_like(self, other: Contents) -> bool:
        """Whether they are the same, but for the text of documents that are still indexed."""
        if (self.messages, self.window) != (other.messages, other.window):
            return False
        if len(self.documents) != len(other.documents):
            return False
        pairs = zip(self.documents, other.documents, strict=True)
        return all(a[:2] == b[:2] and (None in (a[2], b[2]) or a[2] == b[2]) for a, b in pairs)


World = dict[str, Contents]
"""The sessions by their names; of one in the trash the name begins with `IN_TRASH`."""
IN_TRASH = "trash: "


def is_like(one: Mapping[str, Contents], other: Mapping[str, Contents]) -> bool:
    """Whether two worlds have the same sessions with the same contents."""
    return one.keys() == other.keys() and all(one[name].is_like(other[name]) for name in one)


def world(db: Database) -> World:
    """All sessions that people see, and those in the trash."""
    rows = {s.session.name: s.session.id for s in storage.list_sessions(db)}
    rows |= {f"{IN_TRASH}{t.name}": t.session_id for t in storage.list_trash(db)}
    return {name: contents(db, session_id) for name, session_id in rows.items()}


def contents(db: Database, session_id: int) -> Contents:
    """What a session holds."""
    documents = [(d.title, d.sha256, _text_hash(db, d)) for d in _documents(db, session_id)]
    messages = [f"{m.role}: {m.text}" for m in storage.list_messages(db, session_id)]
    settings = storage.get_session_by_id(db, session_id).settings
    return Contents(tuple(documents), tuple(messages), settings["options"]["window"])


def _documents(db: Database, session_id: int) -> list[DocumentRow]:
    return storage.list_documents(db, session_id)


def _text_hash(db: Database, document: DocumentRow) -> str | None:
    if document.token_count is None:
        return None
    digest = hashlib.sha256()
    for s in storage.iter_segments(db, document.id):
        digest.update(f"{s.ordinal} {s.locator} {s.text}\n".encode())
    return digest.hexdigest()


def check(data_dir: Path, has_copies: bool = True) -> World:
    """Check what must hold whenever a process was killed; returns what there is.

    Args:
        has_copies: the data directory has a copy of every file; of a followed log there is none.
    """
    with Database(database_path(data_dir)) as db:
        assert db.integrity_check() == []
        for document in (d for s in _all_ids(db) if has_copies for d in _documents(db, s)):
            _check_copy(data_dir, document)
        for summary in storage.list_sessions(db):
            _check_checkpoints(db, summary.session.id)
        return world(db)


def database_path(data_dir: Path) -> Path:
    """Where the database of a data directory is."""
    return Settings(data_dir=data_dir).database_path


def _all_ids(db: Database) -> list[int]:
    shown = [s.session.id for s in storage.list_sessions(db)]
    return [*shown, *(t.session_id for t in storage.list_trash(db))]


def _check_copy(data_dir: Path, document: DocumentRow) -> None:
    copy = Settings(data_dir=data_dir).files_dir / document.sha256
    assert copy.is_file(), f"the copy of {document.title!r} is gone"
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == document.sha256


def _check_checkpoints(db: Database, session_id: int) -> None:
    """Every page is whole, and the newest checkpoint is where the documents say they are read."""
    documents = {d.id: d for d in _documents(db, session_id)}
    checkpoints = storage.list_checkpoints(db, session_id)
    for checkpoint in checkpoints:
        for page in page_hashes(checkpoint.manifest):
            storage.read_page(db, page)  # whole, or it raises
        assert checkpoint.document_id in documents, "a checkpoint of a document that is gone"
    if checkpoints:
        newest = documents[checkpoints[0].document_id]
        assert newest.tokens_read == checkpoints[0].document_tokens
        assert newest.start_position is not None
        assert newest.start_position + newest.tokens_read == checkpoints[0].position
    else:
        assert not any(d.tokens_read for d in documents.values()), "read without a checkpoint"


def page_hashes(manifest: Mapping[str, Any]) -> list[str]:
    """The names of all pages of a checkpoint."""
    pages = [page["hash"] for page in manifest["kv_pages"]]
    return [*pages, manifest["memory_page"], manifest["hidden_page"]]


def recover(data_dir: Path) -> dict[str, Any]:
    """Do what the server does when it starts: finish what was begun, and read all to its end.

    Returns:
        The manifest of each session's newest checkpoint, by the session's name.
    """
    with open_service(data_dir, {}, None) as service:
        service.start()
        deadline = time.monotonic() + PATIENCE_S
        while _is_at_work(service.db):
            assert time.monotonic() < deadline, f"it is not read to its end: {_states(service)}"
            time.sleep(0.01)
    with Database(database_path(data_dir)) as db:
        rows = [s.session for s in storage.list_sessions(db)]
        found = {row.name: storage.list_checkpoints(db, row.id) for row in rows}
        own = {"document_id"}  # a number that depends on what else the database has
        return {
            name: {key: value for key, value in each[0].manifest.items() if key not in own}
            for name, each in found.items()
            if each
        }


def _states(service: Service) -> list[str]:
    """What the documents and the sessions say of their reading, for a message."""
    rows = [s.session for s in storage.list_sessions(service.db)]
    documents = [d for row in rows for d in _documents(service.db, row.id)]
    states = [f"{d.title}: {d.state} {d.tokens_read}/{d.token_count} {d.error}" for d in documents]
    return [*states, *filter(None, (service.sessions.notice(row.name) for row in rows))]


def _is_at_work(db: Database) -> bool:
    if storage.list_rereads(db):
        return True
    rows = [s.session.id for s in storage.list_sessions(db)]
    return any(d.state in storage.OPEN_STATES for row in rows for d in _documents(db, row))


def read_whole(data_dir: Path, options: dict[str, Any], sessions: Mapping[str, list[Path]]) -> None:
    """Read files into new sessions, from beginning to end."""
    with open_service(data_dir, options, None) as service:
        for name, files in sessions.items():
            service.sessions.create(name)
            for file in files:
                service.documents.add(name, file)
    recover(data_dir)


def kept_files(data_dir: Path) -> set[str]:
    """The names of the whole copies in a data directory."""
    folder = Settings(data_dir=data_dir).files_dir
    return {path.name for path in folder.iterdir() if path.suffix != ".part"}


def session_count(data_dir: Path) -> tuple[int, set[str]]:
    """How many sessions the database has with those that nobody sees, and the files they name."""
    with Database(database_path(data_dir)) as db:
        return int(db.value("SELECT count(*) FROM sessions")), storage.kept_hashes(db)


def imported(export: Path, data_dir: Path, options: dict[str, Any]) -> Contents:
    """What an export holds, once it is imported into a new data directory.

    Args:
        options: of the model, which the export may not choose.
    """
    with open_service(data_dir, options, None) as service:
        service.sessions.import_from(export, "exported")
    return check(data_dir)["exported"]


# Processes.


@dataclass
class Running:
    """A process that was started, and the marks that it leaves."""

    marks: Path
    process: Any

    def kill(self, mark: str, after_s: float) -> bool:
        """Kill it so long after a mark, if it has not ended before; True if it was killed."""
        until = time.monotonic() + PATIENCE_S
        while self.process.is_alive() and mark not in self.noted() and time.monotonic() < until:
            time.sleep(0.001)
        self.process.join(after_s)
        self.process.kill()
        self.process.join()
        assert self.process.exitcode in (0, 1, -9), self.errors()
        assert "Traceback" not in self.errors(), self.errors()
        return self.process.exitcode == -9

    def errors(self) -> str:
        """What it wrote to standard error."""
        path = Path(f"{self.marks}.err")
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def noted(self) -> dict[str, float]:
        """When each mark was left first, in seconds of the monotonic clock."""
        lines = self.marks.read_text().splitlines(True) if self.marks.exists() else []
        times: dict[str, float] = {}
        for line in lines:
            if line.endswith("\n"):
                at, mark = line.rstrip("\n").split(" ", 1)
                times.setdefault(mark, float(at))
        return times


def start(arguments: list[str], data_dir: Path, marks: Path) -> Running:
    """Start a command on a data directory."""
    prepare = functools.partial(leave_marks, marks)
    return Running(marks, warm.start([*arguments, "--data-dir", str(data_dir)], marks, prepare))


def start_in_trash(action: str, data_dir: Path, marks: Path) -> Running:
    """Start a process that moves a session to the trash ("put NAME") or restores the first."""
    prepare = functools.partial(leave_marks, marks)
    work = functools.partial(_act_on_trash, action, data_dir)
    return Running(marks, warm.start_call(work, marks, prepare))


def _act_on_trash(action: str, data_dir: Path) -> None:
    with open_service(data_dir, {}, None) as service:
        if action == "restore":
            for trashed in service.trash.list()[:1]:
                service.trash.restore(trashed.session_id)
        else:
            service.trash.put(action.removeprefix("put "))


def leave_marks(path: Path) -> None:
    """Have a process note when it opens the database, and when it begins and ends its work."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(owner: type, name: str, mark: str) -> None:
        done = getattr(owner, name)

        def noted(*arguments: Any, **options: Any) -> Any:
            os.write(file, f"{time.monotonic()} {mark}\n".encode())
            result = done(*arguments, **options)
            os.write(file, f"{time.monotonic()} {mark} done\n".encode())
            return result

        setattr(owner, name, noted)

    note(Database, "__init__", OPENED)
    for owner, names in USE_CASES.items():
        for name in names:
            note(owner, name, AT_WORK)
