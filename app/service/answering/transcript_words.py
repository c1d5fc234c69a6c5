"""What a saved conversation says around its texts, in Markdown and in HTML alike."""

from __future__ import annotations

from datetime import UTC, datetime

from storage import KeptNote

NOTES_HEADING = "Kept notes"


def written_time(stored: str) -> str:
    """A stored time to the minute, in UTC; a text that is no time as it is."""
    try:
        return datetime.fromisoformat(stored).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return stored


def note_heading(note: KeptNote) -> str:
    """What a kept note is headed with: the question that it answers, or that it is a note."""
    question = note.details.get("question")
    return question if isinstance(question, str) and question.strip() else "Note"


def note_origin(note: KeptNote) -> str:
    """Where a kept note comes from: of what it was made, at which place, when, and as of where."""
    is_answer = note.message_id is not None or "question" in note.details
    what = "An answer, kept" if is_answer else "Written"
    at = f" at {note.document}, {note.locator}," if note.document and note.locator else ""
    changed = note.changed_at != note.created_at
    when = f" on {written_time(note.created_at)}"
    later = f", changed on {written_time(note.changed_at)}" if changed else ""
    as_of = f", as of {note.details['as_of']}" if note.details.get("as_of") else ""
    return f"{what}{at}{when}{later}{as_of}."
