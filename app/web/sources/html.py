"""The sources of a session as escaped HTML, each with a tick box and what its state allows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.service import DocumentStatus, index_step
from app.web.formatting import bar_html, duration, with_numbers
from storage import (
    OPEN_STATES,
    RESUMABLE_STATES,
    AskedCount,
    DocumentRow,
    DocumentState,
    IndexState,
)

MAX_NOTES = 5
"""Notes on a document that are shown at once."""
KIND_WORDS = {
    "pdf": "PDF",
    "epub": "EPUB",
    "fb2": "FB2",
    "docx": "Word",
    "odt": "ODT",
    "rtf": "RTF",
    "html": "Web",
    "mhtml": "Web",
    "text": "Text",
    "log": "Log",
    "jsonl": "JSON",
    "table": "Table",
    "workbook": "Sheet",
    "slides": "Slides",
    "email": "Mail",
    "mailbox": "Mail",
    "notebook": "Notebook",
    "subtitles": "Subtitles",
    "code": "Code",
}
"""What the kinds of documents are called beside their titles."""
ONE_SOURCE = AskedCount(1, 1)
NO_SOURCES = "No sources yet: press Add and drop in a book, a document or a log."
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


def documents_html(
    statuses: Sequence[DocumentStatus], notice: str, count: AskedCount = ONE_SOURCE
) -> str:
    """The documents with their progress, below a notice if there is one.

    Args:
        count: of the documents of the session, on the screen or not.
    """
    if not statuses:
        return f'<div class="empty">{NO_SOURCES}</div>'
    above = f'<div class="notice">{escape(notice)}</div>' if notice else ""
    return above + asked_html(count) + "".join(map(_document, statuses))


def asked_html(count: AskedCount) -> str:
    """How many documents are asked, with buttons that tick all or none; empty for fewer than two.

    >>> asked_html(AskedCount(1, 1))
    ''
    """
    if count.total < 2:
        return ""
    if count.asked == count.total:
        said = f"All {count.total:,} are asked"
    else:
        said = f"{count.asked:,} of {count.total:,} are asked"
    return (
        f'<div class="asked"><span role="status">{said}</span>'
        '<button data-do="all" data-id="0">Ask all</button>'
        '<button data-do="none" data-id="0">Ask none</button></div>'
    )


def index_text(progress: IndexState | None) -> str:
    """How far the search index is, if it is not complete."""
    if progress is None:
        return ""
    return f"{index_step(progress)}."


def _document(status: DocumentStatus) -> str:
    row = status.document
    title = escape(row.title)
    problems = _notes(row.notes) + (_problem(row.error) if row.error else "")
    bar = bar_html(row.title, status.share)
    return (
        f'<div class="doc {row.state}"><div class="doc-head">{_tick(row, title)}'
        f'<button class="doc-title" data-do="read" data-id="{row.id}" '
        f'title="Open it in the reader">{title}</button>'
        f'<span class="kind">{escape(KIND_WORDS.get(row.kind, row.kind))}</span></div>'
        f"{'' if row.state is DocumentState.DONE else bar}"
        f'<div class="doc-foot"><div class="facts">{with_numbers(" · ".join(_facts(status)))}</div>'
        f'<div class="doc-actions">{_buttons(row)}</div></div>'
        f"{problems}</div>"
    )


def _tick(row: DocumentRow, title: str) -> str:
    """The box that is ticked if the document is asked; a button, so that an update can change it.

    What a person has done to a real check box stands, whatever an update says of it.

    Args:
        title: escaped.
    """
    action = "untick" if row.is_asked else "tick"
    return (
        f'<button class="tick" role="checkbox" aria-checked="{str(row.is_asked).lower()}" '
        f'data-do="{action}" data-id="{row.id}" aria-label="Ask {title}"></button>'
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
    facts = [status.what]
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


def _buttons(row: DocumentRow) -> str:
    shown = [
        f'<button data-do="notes" data-id="{row.id}" aria-controls="reader" '
        f'title="Open its contents and notes in the reader" '
        f'aria-label="{escape(f"Notes: {row.title}")}">Notes</button>'
    ]
    for action, label in actions(row.state):
        confirm = _CONFIRMED.get(action, "").format(title=row.title)
        question = f' data-confirm="{escape(confirm)}"' if confirm else ""
        name = escape(f"{label}: {row.title}")
        shown.append(
            f'<button data-do="{action}" data-id="{row.id}"{question} aria-label="{name}">'
            f"{label}</button>"
        )
    return "".join(shown)
