"""Sessions out of and into files: what goes along, and whether this machine's model can go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import storage
from ahn_runtime import Runtime
from ahn_runtime.checkpoint import load_checkpoint
from app.service.library.indexing import kept_path
from app.settings import Settings
from storage import DamagedDatabase, Database, SessionRow


def export_session(
    db: Database, settings: Settings, row: SessionRow, path: Path, all_checkpoints: bool
) -> None:
    """Write a session with its documents, messages and newest checkpoint, or all checkpoints."""
    checkpoints = [c.id for c in storage.list_checkpoints(db, row.id)]
    documents = storage.list_documents(db, row.id)
    kept = {d.sha256: kept_path(settings, d) for d in documents}
    files = {sha256: file for sha256, file in kept.items() if file.is_file()}
    wanted = checkpoints if all_checkpoints else checkpoints[:1]
    storage.export_session(db, row.id, path.expanduser(), wanted, files)


def import_session(
    db: Database,
    settings: Settings,
    path: Path,
    name: str | None,
    runtime_of: Callable[[SessionRow], Runtime],
) -> SessionRow:
    """Take a session in, if the model here can go on from its state.

    Raises:
        StorageError: the file is damaged, no export, or its name is taken.
        AhnError: it was read with another model, memory or configuration, or its state is damaged.
    """
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    with storage.opened_export(path.expanduser(), settings.data_dir) as export:
        theirs = export.session
        try:
            runtime = runtime_of(theirs)
        except (DamagedDatabase, KeyError, TypeError, AttributeError) as error:
            raise DamagedDatabase(
                f"{path.name} does not say which model it was read with; export the session again."
            ) from error
        for checkpoint in storage.list_checkpoints(export.db, theirs.id)[:1]:
            load_checkpoint(
                runtime, checkpoint.manifest, lambda page: storage.read_page(export.db, page)
            )
        with db.transaction():  # a file that cannot be written takes the rows along
            row = storage.import_session(db, export, name)
            export.write_files(lambda sha256: settings.files_dir / sha256)
        return row
