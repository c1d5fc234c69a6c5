"""Imports and exports in the background, one after another, so that no page has to stay open."""

from __future__ import annotations

import builtins
import contextlib
import secrets
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from app.errors import TooManyTransfers, TransferStopped
from app.messages import known_error
from app.service.context import Context, SessionRef
from app.service.reading.work_step import StepReport, WorkStep
from app.service.sessions import Sessions
from ingest.naming import clean_line, file_name

SUFFIX = ".ammon"
"""Of the files with exported sessions, which are recognised by their content, too."""
WAITING_FOR_MODEL = "Waiting until the model is loaded"
Work = Callable[[StepReport], Mapping[str, Any]]
"""Does what a transfer is begun for; returns what is there then: its `session` or its `file`."""
MAX_ENDED = 100
"""Ended imports and exports that are kept until somebody has seen them."""
MAX_FILES = 5
"""Exported files that are kept; the oldest is deleted when there is another."""
MAX_OPEN = 20
"""Imports and exports that may wait or be at work; the next is refused."""
MAX_CALLED_CHARS = 80
"""Of the name of a file that is imported; a longer one is shortened."""
LOOK_S = 0.5
"""Seconds between two looks whether the model is loaded."""
_ID_BITS = 48  # a browser keeps such numbers exactly
_FILE = f"session{SUFFIX}"  # on the disk: a person's name for it may be too long for one


class ExportedFile(NamedTuple):
    """An exported session in a file.

    Args:
        path: where the file is.
        name: under which it is saved.
    """

    path: Path
    name: str


@dataclass(frozen=True)
class Transfer:
    """An import or an export, as it is at a moment.

    Args:
        id: a number that cannot be guessed.
        what: what is done, such as "Importing lamp.ammon".
        step: how far it is; None while it waits for its turn.
        error: why it ended early.
        session: the name of the imported session, once it is there.
        file: the exported file, once it is whole.
        is_stopping: it is at work, and ends at its next step.
    """

    id: int
    what: str
    step: WorkStep | None = None
    error: Exception | None = None
    session: str | None = None
    file: ExportedFile | None = None
    is_stopping: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing is done for it any more."""
        return (self.error or self.session or self.file) is not None


class _Job(NamedTuple):
    """What is to be done for a transfer that has not ended.

    Args:
        discard: is called when it has ended or was stopped.
        exports: the id of the session that it exports.
    """

    work: Work
    discard: Callable[[], None] = lambda: None
    exports: int | None = None


class Transfers:
    """The imports and exports that were begun on the page; none is left half done.

    One at a time: each reads and writes as fast as the disk does, and holds a state in memory.
    """

    def __init__(self, context: Context, sessions: Sessions) -> None:
        self._context, self._sessions = context, sessions
        self._changed = threading.Condition()
        self._transfers: dict[int, Transfer] = {}
        self._jobs: dict[int, _Job] = {}
        self._is_closed = False
        self._thread = ThreadPoolExecutor(1, "transfer")

    def begin_import(
        self, path: Path, called: str, discard: Callable[[], None] = lambda: None
    ) -> int:
        """Begin to import an exported session; one whose name is taken gets a number.

        Args:
            path: of the file, which stays there until `discard` is called.
            called: what the person calls it, if `path` is a copy; it may hold any characters.
            discard: is called when the file is not needed any more.

        Raises:
            TooManyTransfers: too many are waiting; nothing is discarded.
            TransferStopped: the server is being stopped, likewise.
        """
        shown = clean_line(called, MAX_CALLED_CHARS) or "a file without a name"

        def work(report: StepReport) -> Mapping[str, Any]:
            self._await_model(report)
            try:
                row = self._sessions.import_from(path, None, report, shown, is_numbered=True)
            except OSError as error:
                if error.filename == str(path):
                    error.filename = shown
                raise
            return {"session": row.name}

        return self._begin(f"Importing {shown}", _Job(work, discard))

    def begin_export(self, session: SessionRef, folder: Path) -> int:
        """Begin to write a session with its newest checkpoint to a file, and return the id.

        One that waits or is at work for the same session already is not begun twice.

        Args:
            folder: in which the file is written, in a folder of its own.

        Raises:
            NotFound: there is no such session.
            TooManyTransfers, TransferStopped: as for `begin_import`.
        """
        row = self._sessions.get(session)

        def work(report: StepReport) -> Mapping[str, Any]:
            own = folder / secrets.token_hex(8)
            own.mkdir(mode=0o700, parents=True)
            try:
                self._sessions.export_to(row.id, own / _FILE, report=report)
            except BaseException:
                with contextlib.suppress(OSError):
                    own.rmdir()
                raise
            name = f"{file_name(row.name.replace('/', '-'))}{SUFFIX}"
            return {"file": ExportedFile(own / _FILE, name)}

        return self._begin(f"Exporting {row.name}", _Job(work, exports=row.id))

    def list(self) -> list[Transfer]:
        """All that are waiting, at work, or ended and not forgotten yet."""
        with self._changed:
            found = list(self._transfers.values())
        return [t for t in found if t.file is None or t.file.path.is_file()]

    def find(self, number: int) -> Transfer | None:
        """The transfer of an id; None if it was stopped or forgotten."""
        with self._changed:
            return self._transfers.get(number)

    def file_of(self, number: int) -> ExportedFile | None:
        """The exported file of an id; None if there is none."""
        found = self.find(number)
        return found.file if found else None

    def mark(self) -> Hashable:
        """What equals an earlier mark only if nothing has changed since."""
        return tuple((t.id, str(t.step), t.is_stopping, t.has_ended) for t in self.list())

    def end(self, number: int) -> None:
        """Stop a transfer, or forget one that has ended; a file that it wrote is deleted.

        One that waits is gone at once; one that is at work ends at its next step.
        """
        with self._changed:
            found = self._transfers.get(number)
            if found is None:
                return
            if found.step is not None and not found.has_ended:
                self._transfers[number] = replace(found, is_stopping=True)
                self._changed.notify_all()
                return
            del self._transfers[number]
            job = self._jobs.pop(number, None)
        if job is not None:
            job.discard()
        _delete_files([found])

    def stop_all(self) -> None:
        """Stop all, wait until they have ended, and begin no more."""
        with self._changed:
            self._is_closed = True
            numbers = list(self._jobs)
        for number in numbers:
            self.end(number)
        self._thread.shutdown(cancel_futures=True)

    def _begin(self, what: str, job: _Job) -> int:
        number = secrets.randbits(_ID_BITS)
        with self._changed:
            if self._is_closed:
                raise TransferStopped("Ammon is being stopped; try again once it runs.")
            same = self._exporting(job.exports)
            if same is not None:
                return same
            if len(self._jobs) >= MAX_OPEN:
                raise TooManyTransfers(
                    f"{len(self._jobs)} imports and exports are waiting already, more are not "
                    "taken; try again when some have ended."
                )
            self._transfers[number], self._jobs[number] = Transfer(number, what), job
            self._thread.submit(self._run, number)
        return number

    def _exporting(self, session: int | None) -> int | None:
        """The id of the transfer that exports a session, if one does and is not being stopped."""
        for number, job in self._jobs.items():
            is_same = session is not None and job.exports == session
            if is_same and not self._transfers[number].is_stopping:
                return number
        return None

    def _run(self, number: int) -> None:
        with self._changed:
            job = self._jobs.get(number)
            if job is None:  # it was stopped while it waited
                return
            self._transfers[number] = replace(self._transfers[number], step=WorkStep("Beginning"))

        def report(step: WorkStep) -> None:
            with self._changed:
                transfer = self._transfers[number]
                if transfer.is_stopping:
                    raise TransferStopped("This was stopped; nothing of it is left.")
                self._transfers[number] = replace(transfer, step=step)

        ended: Mapping[str, Any] | None = None
        try:
            ended = job.work(report)
        except TransferStopped:
            pass
        except Exception as error:
            ended = {"error": known_error(error)}
        finally:
            job.discard()
            self._end_work(number, ended)

    def _end_work(self, number: int, ended: Mapping[str, Any] | None) -> None:
        with self._changed:
            del self._jobs[number]
            # Replaced in one step, so that nobody finds it missing.
            transfer = replace(self._transfers[number], **ended or {})
            self._transfers[number] = replace(transfer, is_stopping=False)
            if ended is None or (transfer.is_stopping and transfer.file is not None):
                del self._transfers[number]
                forgotten = [transfer]
            else:
                forgotten = self._forget_oldest()
        _delete_files(forgotten)

    def _forget_oldest(self) -> builtins.list[Transfer]:
        """Forget what ended first if too many have ended; returns what was forgotten."""
        ended = [t for t in self._transfers.values() if t.has_ended]
        files = [t for t in ended if t.file is not None]
        forgotten = ended[:-MAX_ENDED] + files[:-MAX_FILES]
        for transfer in forgotten:
            self._transfers.pop(transfer.id, None)
        return forgotten

    def _await_model(self, report: StepReport) -> None:
        """Wait for the model that the server loads or fetches at its start: an import needs one.

        If that fails, the import says what it lacks.
        """
        while self._context.models.is_loading:
            report(WorkStep(WAITING_FOR_MODEL))
            with self._changed:
                self._changed.wait(LOOK_S)


def _delete_files(transfers: Iterable[Transfer]) -> None:
    for transfer in transfers:
        if transfer.file is not None:
            with contextlib.suppress(OSError):
                transfer.file.path.unlink(missing_ok=True)
                transfer.file.path.parent.rmdir()
