"""The list of kept notes as escaped HTML. Does not import gradio."""

from __future__ import annotations

from html import escape

from app.service import stored_passages, stored_sentences
from app.web.chat.marks import marked_html
from app.web.pager import pager_html
from storage import KeptNote, Listing

SCREEN = 20
"""Notes that are shown at once; buttons lead to the others."""
CONFIRM = "Delete this note? It cannot be brought back."
NO_NOTES = "Write a note above, or keep an answer: “Keep as a note” is below each."
NO_SESSION = "Notes are kept in a session: select one, or make one by adding a document."


def notes_html(screen: Listing[KeptNote]) -> str:
    """One screen of notes, the newest first, and the line that leads to the others."""
    if not screen.rows:
        return empty_html(NO_NOTES)
    listed = "".join(map(note_html, screen.rows))
    return f'<div class="kept-notes">{listed}</div>{pager_html(screen, SCREEN, "notes")}'


def empty_html(why: str) -> str:
    """What is shown where there are no notes: a sentence that says why."""
    return f'<p class="kept-none">{escape(why)}</p>'


def note_html(note: KeptNote) -> str:
    """A note: the question of a kept answer, the text with its marks, where and when."""
    question = note.details.get("question")
    passages = stored_passages({}, note.citations)
    said = marked_html(note.text, stored_sentences(note.details), passages)
    is_answer = isinstance(question, str) and question != ""
    asked = f'<p class="asked" dir="auto">{escape(str(question))}</p>' if is_answer else ""
    name = "Kept answer" if is_answer else "Note"
    kept_from = "" if note.message_id is None else f' data-message="{note.message_id}"'
    return (
        f'<article class="kept-note" tabindex="-1" data-note="{note.id}"{kept_from} '
        f'aria-label="{name}">'
        f'{asked}<div class="said" dir="auto">{said}</div><div class="foot">{_facts(note)}'
        f'<div class="acts">{_button(note, "edit", "Edit")}'
        f"{_button(note, 'delete', 'Delete', CONFIRM)}</div></div></article>"
    )


def _facts(note: KeptNote) -> str:
    """When it was made or changed, and the place at which it was made, which opens there."""
    changed = note.changed_at != note.created_at
    at = escape(note.changed_at)
    # The page's script writes the time as the browser's language has it.
    when = f'{"changed " if changed else ""}<time datetime="{at}">{at[:10]}</time>'
    if note.segment_id is None:
        return f'<span class="footing">{when}</span>'
    place = escape(f"{note.document}, {note.locator}")
    link = f'<button class="place" data-do="open" data-id="{note.segment_id}">{place}</button>'
    return f'<span class="footing">{link}, {when}</span>'


def _button(note: KeptNote, do: str, label: str, confirm: str = "") -> str:
    asked = f' data-confirm="{escape(confirm)}"' if confirm else ""
    return f'<button data-do="{do}" data-id="{note.id}"{asked}>{label}</button>'
