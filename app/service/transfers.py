"""Imports and exports in the background, one after another, so that no page has to stay open."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.errors import TransferStopped
from app.messages import KNOWN_ERRORS, known_error
from app.service.context import Context, SessionRef
from app.service.reading.work_step import StepReport, WorkStep
from app.service.sessions import Sessions
from ingest.naming import file_name

SUFFIX = ".ammon"
"""Of the files with exported sessions, which are recognised by their content, too."""
WAITING_FOR_MODEL = "Waiting until the model is loaded"
Work = Callable[[StepReport], Mapping[str, Any]]
"""Does what a transfer is begun for; returns what is there then: its `session` or its `file`."""
MAX_ENDED = 100
"""Ended imports and exports that are kept until somebody has seen them."""
_ID_BITS = 48  # a browser keeps such numbers exactly


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
    """

    id: int
    what: str
    step: WorkStep | None = None
    error: Exception | None = None
    session: str | None = None
    file: Path | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing is done for it any more."""
        return (self.error or self.session or self.file) is not None


class Transfers:
    """The imports and exports that were begun on the page; none is left half done.

    One at a time: each reads and writes as fast as the disk does, and holds a state in memory.
    """

    def __init__(self, context: Context, sessions: Sessions) -> None:
        self._context, self._sessions = context, sessions
        self._guard = threading.Lock()
        self._transfers: dict[int, Transfer] = {}
        self._stopped: set[int] = set()
        self._is_closed = False
        self._thread = ThreadPoolExecutor(1, "transfer")

    def begin_import(
        self, path: Path, called: str, discard: Callable[[], None] = lambda: None
    ) -> int:
        """Begin to import an exported session; one whose name is taken gets a number.

        Args:
            path: of the file.
            called: what the person calls it, if `path` is a copy.
            discard: is called when the file is not needed any more.

        Returns: the id of the transfer.
        """

        def work(report: StepReport) -> Mapping[str, Any]:
            self._await_model(report)
            row = self._sessions.import_from(path, None, report, called, is_numbered=True)
            return {"session": row.name}

        return self._begin(f"Importing {called}", work, discard)

    def begin_export(self, session: SessionRef, folder: Path) -> int:
        """Begin to write a session with its newest checkpoint to a file, and return the id.

        Args:
            folder: in which the file is written, in a folder of its own.

        Raises:
            NotFound: there is no such session.
        """
        row = self._sessions.get(session)

        def work(report: StepReport) -> Mapping[str, Any]:
            own = folder / secrets.token_hex(8)
            own.mkdir(mode=0o700, parents=True)
            file = own / f"{file_name(row.name.replace('/', '-'))}{SUFFIX}"
            try:
                self._sessions.export_to(row.id, file, report=report)
            except BaseException:
                with contextlib.suppress(OSError):
                    own.rmdir()
                raise
            return {"file": file}

        return self._begin(f"Exporting {row.name}", work)

    def list(self) -> list[Transfer]:
        """All that are waiting, at work, or ended and not forgotten yet."""
        with self._guard:
            found = list(self._transfers.values())
        return [t for t in found if t.file is None or t.file.is_file()]

    def find(self, number: int) -> Transfer | None:
        """The transfer of an id; None if it was stopped or forgotten."""
        return self._transfers.get(number)

    def file_of(self, number: int) -> Path | None:
        """The exported file of an id; None if there is none."""
        found = self.find(number)
        return found.file if found else None

    def mark(self) -> Hashable:
        """What equals an earlier mark only if nothing has changed since."""
        return tuple((t.id, str(t.step), t.has_ended) for t in self.list())

    def end(self, number: int) -> None:
        """Stop a transfer, or forget one that has ended; a file that it wrote is deleted."""
        with self._guard:
            found = self._transfers.get(number)
            if found is None:
                return
            if not found.has_ended:
                self._stopped.add(number)
                return
            del self._transfers[number]
        self._delete_file(found)

    def stop_all(self) -> None:
        """Stop all, wait until they have ended, and begin no more."""
        with self._guard:
            self._is_closed = True
            self._stopped.update(self._transfers)
        self._thread.shutdown(cancel_futures=True)

    def _begin(self, what: str, work: Work, discard: Callable[[], None] = lambda: None) -> int:
        number = secrets.randbits(_ID_BITS)
        with self._guard:
            if self._is_closed:
                raise TransferStopped("Ammon is being stopped; try again once it runs.")
            ended = [t for t in self._transfers.values() if t.has_ended]
            self._transfers[number] = Transfer(number, what)
            oldest = ended[: max(0, len(ended) - MAX_ENDED + 1)]
            for transfer in oldest:
                del self._transfers[transfer.id]
            self._thread.submit(self._run, number, work, discard)
        for transfer in oldest:
            self._delete_file(transfer)
        return number

    def _run(self, number: int, work: Work, discard: Callable[[], None]) -> None:
        def report(step: WorkStep) -> None:
            if number in self._stopped:
                raise TransferStopped("This was stopped; nothing of it is left.")
            self._transfers[number] = replace(self._transfers[number], step=step)

        ended: Mapping[str, Any] | None = None
        try:
            report(WorkStep("Beginning"))
            ended = work(report)
        except TransferStopped:
            pass
        except Exception as error:
            ended = {"error": known_error(error)}
        finally:
            discard()
            with self._guard:
                self._stopped.discard(number)
                transfer = self._transfers.pop(number)
                if ended is not None:
                    self._transfers[number] = replace(transfer, **ended)

    def _await_model(self, report: StepReport) -> None:
        """Wait for the model that the server loads or fetches at its start: an import needs one."""
        if self._context.models.is_loading:
            report(WorkStep(WAITING_FOR_MODEL))
            with contextlib.suppress(*KNOWN_ERRORS):  # the import says what it lacks
                self._context.runtime()

    def _delete_file(self, transfer: Transfer) -> None:
        if transfer.file is not None:
            with contextlib.suppress(OSError):
                transfer.file.unlink(missing_ok=True)
                transfer.file.parent.rmdir()
