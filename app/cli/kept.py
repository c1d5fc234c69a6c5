"""The commands `kept`, `keep` and `unkeep`: notes of one's own, and answers that are kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.open_service import open_service
from app.cli.options import SCREEN, DataDir, Json, Screen, rest_of_list, session_argument
from app.terminal import show, show_json, visible

if TYPE_CHECKING:
    from storage import KeptNote


def kept(
    session: Annotated[str, session_argument("Session whose kept notes are listed.")],
    page: Screen = 1,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """List the notes that were written or kept in a session, the newest first.

    The notes that Ammon takes while it reads are listed by `notes`.
    """
    with open_service(data_dir, {}, session) as service:
        if as_json:
            show_json([asdict(note) for note in service.kept_notes.list(session)])
            return
        offset = (page - 1) * SCREEN
        listing = service.kept_notes.screen(session, offset, SCREEN)
    rows = listing.rows if listing.offset == offset else []
    for note in rows:
        show("\n".join(_lines(note)))
    if not listing.total:
        show("No kept notes yet: python launch.py keep NAME TEXT, or keep NAME --answer")
    elif rest := rest_of_list(page, len(rows), listing.total):
        show(rest)


def keep(
    session: Annotated[str, session_argument("Session in which the note is kept.")],
    text: Annotated[str | None, typer.Argument(help="A note of your own.")] = None,
    answer: Annotated[
        bool, typer.Option("--answer", help="Keep the last answer, with its passages.")
    ] = False,
    change: Annotated[
        int | None, typer.Option(help="Number of a kept note, whose text TEXT replaces.", min=1)
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Keep a note of your own in a session, or its last answer."""
    if answer == (text is not None) or (answer and change is not None):
        raise typer.BadParameter("give a TEXT to keep, or --answer without one.")
    with open_service(data_dir, {}, session) as service:
        if answer:
            note = service.kept_notes.keep_answer(session)
        elif change is not None:
            note = service.kept_notes.edit(session, change, text or "")
        else:
            note = service.kept_notes.add(session, text or "")
    if as_json:
        show_json(asdict(note))
        return
    show(f"Kept as note number {note.id}.")


def unkeep(
    session: Annotated[str, session_argument("Session of the note.")],
    number: Annotated[int, typer.Argument(help="Number of the note, from `kept`.", min=1)],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Delete a kept note; it cannot be brought back."""
    with open_service(data_dir, {}, session) as service:
        service.kept_notes.remove(session, number)
    if as_json:
        show_json({"session": session, "note": number})
        return
    show(f"Deleted note number {number}.")


def _lines(note: KeptNote) -> list[str]:
    """A note with its number, its question, where and when it was made, and what it cites."""
    from app.service import note_heading, note_origin, readable_citations

    indented = [f"  {line}" for line in note.text.splitlines()]
    cited = [
        f"  [{each['number']}] {each['document']}, {each['locator']}"
        for each in readable_citations(note.citations)
    ]
    head = f"{note.id}: {note_heading(note)}"
    return [
        visible(line, one_line=True) for line in (head, *indented, *cited, f"  {note_origin(note)}")
    ]
