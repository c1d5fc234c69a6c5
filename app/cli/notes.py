"""The command `notes`: what was noted while reading, as a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.open_service import open_service
from app.cli.options import DataDir, Json, session_argument
from app.cli.progress import complete_search_index
from app.terminal import show, show_json, visible

if TYPE_CHECKING:
    from app.service import DocumentNotes


def notes(
    session: Annotated[str, session_argument("Session whose notes are printed.")],
    document: Annotated[
        str | None,
        typer.Argument(
            help="Only of this document: its title, or the end of its file's path (docs/README)."
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(help="Only what was noted up to a checkpoint's number, or up to 'page 120'."),
    ] = "",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the notes that were taken while reading: a table of contents of the documents."""
    with open_service(data_dir, {}, session) as service:
        complete_search_index(service, session)
        row = service.sessions.get(session)
        if document is None:
            found, without = service.notes.of_session(row.id, at)
        else:
            wanted = service.documents.called(row.id, document).id
            found, without = [service.notes.of_document(row.id, wanted, at)], 0
    if as_json:
        show_json(
            {
                "session": row.name,
                "documents": [each.as_dict() for each in found],
                "documents_without_notes": without,
            }
        )
        return
    show("\n\n".join("\n".join(_lines(each)) for each in found) or "Nothing has been added yet.")
    if without:
        what = "document has" if without == 1 else "documents have"
        show(f"\n{without:,} further {what} no notes.")


def _lines(of: DocumentNotes) -> list[str]:
    from app.service import note_place

    lines = [of.title, *([f"  {of.why_none}"] if of.why_none else [])]
    for chapter in of.chapters:
        lines += [f"  {chapter.heading}"] if chapter.heading else []
        lines += [f"    {note_place(note)}: {note.text}" for note in chapter.notes]
    return [visible(line, one_line=True) for line in lines]
