"""The documents of a session as escaped HTML, each with the buttons that its state allows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.service import DocumentStatus
from app.web.formatting import duration
from storage import OPEN_STATES, RESUMABLE_STATES, DocumentState, IndexState

STATE_WORDS = {
    DocumentState.INDEXING: "Looking through it",
    DocumentState.QUEUED: "Waiting",
    DocumentState.READING: "Reading",
    DocumentState.PAUSED: "Paused",
    DocumentState.DONE: "Read",
    DocumentState.FAILED: "Could not be read",
    DocumentState.CANCELLED: "Cancelled",
}
MAX_NOTES = 5
"""Notes on a document that are shown at once."""
WAITS_FOR_MORE = "Following, waiting for more"
REMOVE = (
    "Remove “{title}”? A memory cannot unlearn, so what was read after it is read again without it."
)
CANCEL = "Stop reading “{title}” for good? What was read of it stays known."
RESUME_WORDS = {
    DocumentState.PAUSED: "Resume",
    DocumentState.FAILED: "Try again",
    DocumentState.CANCELLED: "Read on",
}


def actions(state: DocumentState) -> list[tuple[str, str]]:
    """What the buttons of a document in this state do, and what is written on them, in order."""
    is_open, is_resumable = state in OPEN_STATES, state in RESUMABLE_STATES
    shown = []
    if is_resumable:
        shown.append(("resume", RESUME_WORDS[state]))
    if is_open and state.can_become(DocumentState.PAUSED):
        shown.append(("pause", "Pause"))
    if is_open or state is DocumentState.PAUSED:
        shown.append(("cancel", "Cancel"))
    if not is_open:
        shown.append(("remove", "Remove"))
    return shown


_CONFIRMED = {"remove": REMOVE, "cancel": CANCEL}


def documents_html(statuses: Sequence[DocumentStatus], notice: str) -> str:
    """The documents with their progress, below a notice if there is one."""
    if not statuses:
        return (
            '<div class="empty"><b>No documents yet.</b><br>Drop a book, a document or a '
            "log above; Ammon reads it in the background and you can ask while it reads.</div>"
        )
    above = f'<div class="notice">{escape(notice)}</div>' if notice else ""
    return above + "".join(_document(status) for status in statuses)


def index_text(progress: IndexState | None) -> str:
    """How far the search index is, if it is not complete."""
    if progress is None:
        return ""
    return f"The search index is being built: {progress.indexed:,} of {progress.total:,} passages."


def _document(status: DocumentStatus) -> str:
    row = status.document
    total = row.token_count or 0
    share = 100 * status.tokens_read / total if total else 0
    title = escape(row.title)
    problems = _notes(row.notes) + (_problem(row.error) if row.error else "")
    return (
        f'<div class="doc {row.state}"><div class="doc-head"><div class="doc-title">{title}</div>'
        f'<div class="doc-actions">{_buttons(status)}</div></div>'
        f'<div class="bar" role="progressbar" aria-label="{title}" '
        f'aria-valuenow="{share:.0f}" aria-valuemin="0" aria-valuemax="100">'
        f'<span style="width:{share:.1f}%"></span></div>'
        f'<div class="facts">{escape(" · ".join(_facts(status)))}</div>{problems}</div>'
    )


def _notes(notes: Sequence[str]) -> str:
    """All notes on a document; of very many the first are shown, and the rest opens at a click."""
    shown = len(notes) if len(notes) <= MAX_NOTES + 1 else MAX_NOTES
    first, rest = ("".join(map(_problem, part)) for part in (notes[:shown], notes[shown:]))
    if not rest:
        return first
    more = f"and {len(notes) - shown:,} more"
    return f'{first}<details class="problem"><summary>{more}</summary>{rest}</details>'


def _problem(text: str) -> str:
    return f'<div class="problem">{escape(text)}</div>'


def _facts(status: DocumentStatus) -> list[str]:
    row = status.document
    facts = [WAITS_FOR_MORE if status.waits_for_more else STATE_WORDS[row.state]]
    if row.unit_count:
        plural = "" if row.unit_count == 1 else "s"
        facts.append(f"{row.unit_count:,} {row.unit_name}{plural}")
    if row.token_count and row.state == DocumentState.DONE:
        facts.append(f"{row.token_count:,} tokens")
    elif row.token_count:
        facts.append(f"{status.tokens_read:,} of {row.token_count:,} tokens")
    if status.tokens_per_second:
        facts.append(f"{status.tokens_per_second:,.0f} tokens/s")
    if status.eta_s is not None and row.state == DocumentState.READING:
        facts.append(f"{duration(status.eta_s)} left")
    return facts


def _buttons(status: DocumentStatus) -> str:
    row = status.document
    shown = []
    for action, label in actions(row.state):
        confirm = _CONFIRMED.get(action, "").format(title=row.title)
        question = f' data-confirm="{escape(confirm)}"' if confirm else ""
        name = escape(f"{label}: {row.title}")
        shown.append(
            f'<button data-do="{action}" data-id="{row.id}"{question} aria-label="{name}">'
            f"{label}</button>"
        )
    return "".join(shown)
