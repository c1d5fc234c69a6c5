"""Export and import of sessions; an import checks that the model here can continue the state."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import storage
from ahn_runtime import Runtime
from ahn_runtime.checkpoint import check_checkpoint, load_checkpoint
from app.service.free_name import under_free_name
from app.service.import_checks import check_export
from app.service.library.file_store import FileStore
from app.service.library.leftovers import noted_export
from app.service.reading.work_step import StepReport, WorkStep, unreported
from app.settings import ModelOptions, Settings, home_expanded
from storage import Database, Export, SessionRow

WRITING = "Writing the file"
CHECKING = "Checking the file"
TRYING = "Checking that the model here can continue it"
COPYING = "Copying it among the sessions"


def export_session(
    db: Database,
    settings: Settings,
    store: FileStore,
    row: SessionRow,
    path: Path,
    all_checkpoints: bool,
    runtime: Runtime | None = None,
    report: StepReport = unreported,
) -> None:
    """Write a session to a file, with its documents, their files, its messages and checkpoints.

    Args:
        path: of the file to write.
        all_checkpoints: also the older ones, not only the newest.
        runtime: the session's model, if it is in memory: the written checkpoint is restored with
            it. Without it, every page is read and decoded.
        report: is told how far it is.

    Raises:
        StorageError, AhnError, OSError: it cannot be written, or what was written cannot be used.
    """

    def check(export: Export) -> None:
        for checkpoint in storage.list_checkpoints(export.db, export.session.id):
            check_checkpoint(checkpoint.manifest, lambda page: storage.read_page(export.db, page))
        if runtime is not None:
            _load_newest(export, runtime)

    path = home_expanded(path)
    # Not after the file's own name, which may be as long as a name may be.
    part = path.with_name(f"ammon-{uuid.uuid4().hex[:8]}.part")
    with noted_export(settings, part), store.adding():  # no file is pruned meanwhile
        storage.export_session(
            db,
            row.id,
            path,
            store.path_of,
            part=part,
            folder=settings.data_dir,
            all_checkpoints=all_checkpoints,
            check=check,
            on_copied=_counted(WRITING, report),
            on_read=_counted(CHECKING, report),
        )


def import_session(
    db: Database,
    settings: Settings,
    path: Path,
    names: Callable[[str], Iterable[str]],
    runtime_of: Callable[[SessionRow], Runtime],
    used: Collection[ModelOptions],
    key: str | None = None,
    report: StepReport = unreported,
    called: str | None = None,
) -> SessionRow:
    """Add the session of an exported file, if the model here can continue its state.

    Args:
        path: of the exported file.
        names: the names for the new session, given that of the exported one; the first that is
            free is taken.
        runtime_of: returns the model of a session.
        used: the options of the models that this data directory uses; a file names no others.
        key: names this import, so that another process can see that it is at work.
        report: is told how far it is.
        called: what messages call the file; None: the name in its path.

    Raises:
        StorageError: the file is damaged or not an export, or the names are taken.
        AhnError: it was read with another model, memory or configuration, or its state is damaged.
    """
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    read, copied = _counted(CHECKING, report), _counted(COPYING, report)
    with storage.opened_export(home_expanded(path), settings.data_dir, read, called) as export:
        report(WorkStep(TRYING))
        check_export(export, used, runtime_of)
        export.write_files(lambda sha256: settings.files_dir / sha256)
        return under_free_name(
            names(export.session.name),
            lambda name: storage.import_session(db, export, name, key=key, on_copied=copied),
        )


def _counted(what: str, report: StepReport) -> Callable[[int, int], None]:
    return lambda done, total: report(WorkStep(what, done, total))


def _load_newest(export: Export, runtime: Runtime) -> None:
    for checkpoint in storage.list_checkpoints(export.db, export.session.id)[:1]:
        load_checkpoint(
            runtime, checkpoint.manifest, lambda page: storage.read_page(export.db, page)
        )
