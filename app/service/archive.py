"""Export and import of sessions; an import checks that the model here can continue the state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import storage
from ahn_runtime import Runtime
from app.service.import_checks import check_export
from app.service.library.file_store import FileStore
from app.settings import ModelOptions, Settings
from storage import Database, SessionRow


def export_session(
    db: Database, store: FileStore, row: SessionRow, path: Path, all_checkpoints: bool
) -> None:
    """Write a session to a file, with its documents, their files, its messages and checkpoints.

    Args:
        path: of the file to write.
        all_checkpoints: also the older ones, not only the newest.

    Raises:
        StorageError, OSError: it cannot be written.
    """
    checkpoints = [c.id for c in storage.list_checkpoints(db, row.id)]
    documents = storage.list_documents(db, row.id)
    copies = {d.sha256: store.path(d) for d in documents}
    files = {sha256: copy for sha256, copy in copies.items() if copy.is_file()}
    wanted = checkpoints if all_checkpoints else checkpoints[:1]
    storage.export_session(db, row.id, path.expanduser(), wanted, files)


def import_session(
    db: Database,
    settings: Settings,
    path: Path,
    name: str | None,
    runtime_of: Callable[[SessionRow], Runtime],
    used: Collection[ModelOptions],
) -> SessionRow:
    """Add the session of an exported file, if the model here can continue its state.

    Args:
        path: of the exported file.
        name: of the new session; that of the exported one if None.
        runtime_of: returns the model of a session.
        used: the options of the models that this data directory uses; a file names no others.

    Raises:
        StorageError: the file is damaged or not an export, or the name is taken.
        AhnError: it was read with another model, memory or configuration, or its state is damaged.
    """
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    with storage.opened_export(path.expanduser(), settings.data_dir) as export:
        check_export(export, used, runtime_of)
        with db.transaction():  # if a file cannot be written, no rows are added
            row = storage.import_session(db, export, name)
            export.write_files(lambda sha256: settings.files_dir / sha256)
        return row
