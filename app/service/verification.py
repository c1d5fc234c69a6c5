"""Reading all that a data directory holds, to find what is damaged, and what mends it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import storage
from app.service.library.file_store import sha256_of
from app.service.library.followed_log import has_no_copy
from app.settings import Settings
from ingest import DocumentNotFound
from storage import DamagedPage, Database, DocumentRow, NotFound

Report = Callable[[str, int, int], None]
"""Called with what is read, how much of it is done, and how much there is."""
_SHOWN_SESSIONS = 3


@dataclass(frozen=True)
class Damage:
    """Something that cannot be used, and the sentence that says what mends it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


def find_damage(db: Database, settings: Settings, report: Report) -> Iterator[Damage]:
    """Read every page of every checkpoint and every document's file, and compare their hashes.

    Args:
        report: is told about the progress.
    """
    yield from _damaged_pages(db, report)
    yield from _damaged_files(db, settings, report)


def _damaged_pages(db: Database, report: Report) -> Iterator[Damage]:
    hashes = storage.page_hashes(db)
    for done, name in enumerate(hashes):
        report("pages of checkpoints", done, len(hashes))
        try:
            storage.read_page(db, name)
        except NotFound:
            continue  # its checkpoint was deleted meanwhile
        except DamagedPage:
            sessions = _visible_names(storage.sessions_of_page(db, name))
            names = ", ".join(map(repr, sessions[:_SHOWN_SESSIONS])) or "no session that is shown"
            yield Damage(
                f"page {name[:12]} of a checkpoint of {names} is damaged",
                "an older checkpoint is used instead; a new state is made by "
                + "; ".join(f"python launch.py reread {shlex.quote(s)}" for s in sessions[:1]),
            )
    report("pages of checkpoints", len(hashes), len(hashes))


def _damaged_files(db: Database, settings: Settings, report: Report) -> Iterator[Damage]:
    rows = [
        (summary.session.name, document)
        for summary in storage.list_sessions(db)
        for document in storage.list_documents(db, summary.session.id)
    ]
    sound: dict[str, bool] = {}
    for done, (session, document) in enumerate(rows):
        report("documents' files", done, len(rows))
        if document.sha256 not in sound:
            sound[document.sha256] = _is_file_sound(db, settings, document)
        if not sound[document.sha256]:
            file = shlex.quote(document.source_path or document.file_name)
            yield Damage(
                f"the file of {document.title!r} in {session!r} is damaged or missing",
                "its text is still searched; the file is kept again after python launch.py read "
                f"{file} --session {shlex.quote(session)}",
            )
    report("documents' files", len(rows), len(rows))


def _is_file_sound(db: Database, settings: Settings, document: DocumentRow) -> bool:
    path = settings.files_dir / document.sha256
    if not path.exists() and has_no_copy(db, document):
        return True
    try:
        return sha256_of(path) == document.sha256
    except DocumentNotFound:
        return False


def _visible_names(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("\x01")]
