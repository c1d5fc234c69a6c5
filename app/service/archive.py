"""Export and import of sessions; an import checks that the model here can continue the state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import storage
from ahn_runtime import Runtime
from ahn_runtime.checkpoint import load_checkpoint
from app.service.library.file_store import FileStore
from app.service.library.leftovers import noted_export
from app.settings import Settings, home_expanded
from storage import DamagedDatabase, Database, SessionRow


def export_session(
    db: Database,
    settings: Settings,
    store: FileStore,
    row: SessionRow,
    path: Path,
    all_checkpoints: bool,
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
    path = home_expanded(path)
    with noted_export(settings, path.with_name(f"{path.name}.part")):
        storage.export_session(db, row.id, path, wanted, files)


def import_session(
    db: Database,
    settings: Settings,
    path: Path,
    name: str | None,
    runtime_of: Callable[[SessionRow], Runtime],
) -> SessionRow:
    """Add the session of an exported file, if the model here can continue its state.

    Args:
        path: of the exported file.
        name: of the new session; that of the exported one if None.
        runtime_of: returns the model of a session.

    Raises:
        StorageError: the file is damaged or not an export, or the name is taken.
        AhnError: it was read with another model, memory or configuration, or its state is damaged.
    """
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    with storage.opened_export(home_expanded(path), settings.data_dir) as export:
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
        with db.transaction():  # if a file cannot be written, no rows are added
            row = storage.import_session(db, export, name)
            export.write_files(lambda sha256: settings.files_dir / sha256)
        return row
