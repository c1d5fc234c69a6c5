"""What commands show on standard error while they work: status lines, and bars while reading."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from app.terminal import progress_bars, show_status

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from app.service import DocumentStatus, Service, StepReport, WorkStep
    from storage import DocumentRow

POLL_S = 0.3
LOOK_S = 0.1
"""Where no bar is drawn, so that a short reading is not waited for longer than it takes."""
MAX_NOTES = 5
"""Notes on a document that are printed; if there are more, their number is."""
_IN_FRONT = ("queued", "reading")


def complete_search_index(service: Service, session: str) -> None:
    """Index what a session stored with an older version of the program; say how far it is."""
    from app.service import index_step

    for event in service.questions.complete_index(session):
        show_status(f"{session}: {index_step(event.state)}")


@contextlib.contextmanager
def shown_steps(title: str) -> Iterator[StepReport]:
    """Show a bar that follows each step that is reported to what this yields."""
    from rich.progress import BarColumn

    with progress_bars("{task.description}", BarColumn(), "{task.fields[note]}") as bars:
        bar = bars.add_task(title[:40], note="", total=None)

        def report(step: WorkStep) -> None:
            bars.update(bar, total=step.total, completed=step.done, note=str(step))

        yield report


def watch(service: Service, session: str | int, wanted: list[int]) -> None:
    """Show a bar for each document until none of them is being read, and notes on the reading.

    Args:
        wanted: ids of the documents; others that have to be read before them are shown, too.
    """
    from rich.progress import BarColumn, TimeRemainingColumn

    from storage import OPEN_STATES

    columns = ("{task.description}", BarColumn(), "{task.fields[note]}", TimeRemainingColumn())
    with progress_bars(*columns) as bars:
        tasks: dict[int, TaskID] = {}
        printed: set[str] = set()
        while True:
            # Asked first, so that the last step is shown.
            at_work = service.sessions.is_at_work(session)
            statuses = service.documents.list(session)
            _show(bars, tasks, statuses, wanted)
            for note in service.sessions.reading_notes(session):
                if note not in printed:
                    printed.add(note)
                    show_status(note)
            states = {s.document.state for s in statuses if s.document.id in wanted}
            if not at_work or states.isdisjoint(OPEN_STATES):
                return
            time.sleep(POLL_S)


def wait_until_read(
    service: Service, session: str | int, progress: Callable[[int, int], None]
) -> None:
    """Wait until all documents of a session are read.

    Args:
        progress: told how many tokens are read, and how many there are.

    Raises:
        ValueError: a document could not be read, with the reason.
    """
    from storage import DocumentState

    while service.sessions.is_at_work(session):
        statuses = service.documents.list(session)
        total = sum(s.document.token_count or 0 for s in statuses)
        progress(sum(s.tokens_read for s in statuses), total)
        time.sleep(LOOK_S)
    for status in service.documents.list(session):
        if status.document.state != DocumentState.DONE:
            why = " ".join(service.sessions.reading_notes(session)) or status.document.error
            raise ValueError(f"{status.document.title!r} was not read: {why}")


def _show(
    bars: Progress,
    tasks: dict[int, TaskID],
    statuses: Sequence[DocumentStatus],
    wanted: Sequence[int],
) -> None:
    last = max((s.document.ordinal for s in statuses if s.document.id in wanted), default=0)
    for status in statuses:
        row = status.document
        is_in_front = row.ordinal < last and row.state in _IN_FRONT
        if row.id not in tasks:
            if row.id not in wanted and not is_in_front:
                continue
            tasks[row.id] = bars.add_task("…", note="", total=None)
        bars.update(tasks[row.id], description=row.title[:40], **bar_of(status))


def bar_of(status: DocumentStatus) -> dict[str, Any]:
    """How far a document is, as the fields of its bar: first its indexing, then its reading."""
    row, step = status.document, status.step
    if step is not None:
        return {"total": step.total, "completed": step.done, "note": status.what}
    note = status.what
    if row.token_count:
        note += f", {status.tokens_read:,} of {row.token_count:,} tokens"
    if status.tokens_per_second:
        note += f", {status.tokens_per_second:,.0f} tokens/s"
    return {"total": row.token_count, "completed": status.tokens_read, "note": note}


def print_notes(row: DocumentRow, printed: Sequence[str] = ()) -> None:
    """Print the notes on a document, such as what of it could not be read; many are folded.

    Args:
        printed: notes that were printed before.
    """
    notes = [note for note in row.notes if note not in printed]
    shown = notes if len(notes) <= MAX_NOTES + 1 else notes[:MAX_NOTES]
    for note in shown:
        show_status(f"{row.title}: {note}")
    if len(shown) < len(notes):
        show_status(
            f"{row.title}: and {len(notes) - len(shown)} more notes; --json and the page have all."
        )


def explain_stall(service: Service, session: str | int, rows: Sequence[DocumentRow]) -> str:
    """Why documents were left unread and what to do about it; empty if all were read."""
    from storage import OPEN_STATES, DocumentState

    waiting = [row.title for row in rows if row.state in OPEN_STATES]
    if not waiting:
        return ""
    titles = ", ".join(map(repr, waiting))
    blocker = service.documents.stalled_document(session)
    if blocker is None:
        why = " ".join(service.sessions.reading_notes(session)) or "The reading stopped."
        return f"{why} Not read to the end: {titles}; the same command continues from here."
    how = "is paused" if blocker.state == DocumentState.PAUSED else "failed"
    name, title = shlex.quote(service.sessions.get(session).name), shlex.quote(blocker.title)
    file = shlex.quote(blocker.source_path or blocker.file_name)
    return (
        f"{titles} cannot be read yet: {blocker.title!r} comes before it and {how} at token "
        f"{blocker.tokens_read:,} of {blocker.token_count or 0:,}. Continue that (python launch.py "
        f"read {file} --session {name}) or remove it (python launch.py remove {name} {title}); "
        "then run this command again."
    )


def watch_reread(service: Service, session: str | int) -> None:
    """Show a progress bar until the re-reading has finished or stopped."""
    from rich.progress import BarColumn, TaskProgressColumn, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with progress_bars(*columns) as bars:
        bar = bars.add_task(f"{service.sessions.get(session).name[:40]} again", total=None)
        while (
            left := service.rereads.progress(session)
        ) is not None and service.rereads.is_running(session):
            bars.update(bar, total=left.tokens, completed=left.tokens_read)
            time.sleep(0.2)
