"""The commands that list, report on, rename, copy, export, import and delete sessions.

`retitle` is here, too: it renames a document, and nothing is read for it.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.open_service import open_service
from app.cli.options import SCREEN, DataDir, Json, Screen, rest_of_list, session_argument
from app.cli.progress import shown_steps
from app.terminal import show, show_json

if TYPE_CHECKING:
    from app.service import Report

NO_SESSIONS = "No sessions yet: python launch.py read FILE --session NAME"


def sessions(
    search: Annotated[
        str,
        typer.Option(help="Only sessions with these words in their name or a document's title."),
    ] = "",
    page: Screen = 1,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """List the saved sessions, those used last first."""
    with open_service(data_dir, {}, None) as service:
        if as_json:
            found = service.sessions.list(search, sizes=True)
            total = len(found)
        else:
            listing = service.sessions.listing(search, (page - 1) * SCREEN, SCREEN)
            total, is_there = listing.total, listing.offset == (page - 1) * SCREEN
            sizes = service.sessions.disk_bytes([s.session.id for s in listing.rows])
            rows_shown = listing.rows if is_there else []
            found = [replace(s, byte_count=sizes[s.session.id]) for s in rows_shown]
        rows: list[dict[str, Any]] = [
            {
                "name": s.session.name,
                "documents": s.document_count,
                "tokens_read": s.tokens_read,
                "tokens": s.token_count,
                "documents_open": s.open_count,
                "checkpoints": s.checkpoint_count,
                "bytes": s.byte_count,
                "updated_at": s.session.updated_at,
                "indexing": state and asdict(state),
            }
            for s in found
            for state in [service.sessions.index_progress(s.session.id)]
        ]
    if as_json:
        show_json(rows)
        return
    for row in rows:
        show(
            f"{row['name']}: {row['documents']} documents, {row['tokens_read']:,} of "
            f"{row['tokens']:,} tokens read, {(row['bytes'] or 0) / 1e6:,.1f} MB on disk"
            + _index_text(row["indexing"])
        )
    if not total:
        show("No such session." if search else NO_SESSIONS)
    elif rest := rest_of_list(page, len(rows), total):
        show(rest)


def _index_text(indexing: dict[str, int] | None) -> str:
    if indexing is None:
        return ""
    return f", search index: {indexing['indexed']:,} of {indexing['total']:,} passages"


def rename(
    session: Annotated[str, session_argument("Session to rename.")],
    new: Annotated[str, typer.Argument(help="Its new name.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Rename a session."""
    with open_service(data_dir, {}, session) as service:
        name = service.sessions.rename(session, new).name
    _print_result({"session": name}, f"The session {session!r} is now {name!r}.", as_json)


def retitle(
    session: Annotated[str, session_argument("Session of the document.")],
    document: Annotated[
        str, typer.Argument(help="Its title, or the end of its file's path (docs/README).")
    ],
    new: Annotated[str, typer.Argument(help="The title to show; '' shows the first one again.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show a document with another title; nothing is read again."""
    with open_service(data_dir, {}, session) as service:
        found = service.documents.called(session, document)
        title = service.documents.retitle(found.session_id, found.id, new).title
    _print_result(
        {"session": session, "document": title}, f"{found.title!r} is now {title!r}.", as_json
    )


def duplicate(
    session: Annotated[str, session_argument("Session to duplicate.")],
    new: Annotated[str, typer.Argument(help="Name of the copy.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Copy a session with its state; the copy shares the data and takes hardly any disk."""
    with open_service(data_dir, {}, session) as service:
        name = service.sessions.duplicate(session, new).name
    _print_result({"session": name}, f"The session {name!r} is a copy of {session!r}.", as_json)


def _print_result(result: dict[str, str], message: str, as_json: bool) -> None:
    if as_json:
        show_json(result)
    else:
        show(message)


def report(
    session: Annotated[str, session_argument("Session to report on.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Report what a session saves against full attention."""
    with open_service(data_dir, {}, session) as service:
        figures, offered = service.sessions.report(session), service.rereads.is_offered(session)
    if as_json:
        show_json({**figures.as_dict(), "offers_reread": offered})
        return
    show(f"{figures.tokens:,} tokens read; {sizes_text(figures)}; memory: {figures.memory_status}")
    show(f"held:         {held_text(figures)}")
    show(
        f"cache saved:  {figures.run_cache_saved:.1%} as run "
        f"({figures.run_cache_bytes:,} of {figures.run_cache_bytes_full:,} bytes), "
        f"{figures.paper_cache_saved:.1%} by the paper's convention"
    )
    show(
        f"FLOPs saved:  {figures.run_flops_saved:.1%} as run, "
        f"{figures.paper_flops_saved:.1%} by the paper's convention"
    )
    show(
        f"on disk:      {figures.disk_bytes:,} bytes in {figures.checkpoints} checkpoints "
        f"(budget: {figures.disk_budget_bytes:,} bytes)"
    )
    if figures.speeds:
        show(
            f"speed:        {figures.tokens_per_second:,.1f} tokens/s over "
            f"{figures.reading_seconds:,.1f} s of reading, "
            f"{figures.speeds[-1].tokens_per_second:,.1f} tokens/s up to the last checkpoint"
        )
    if offered:
        show(f"A trained memory has been added since: python launch.py reread {session!r} uses it.")


def sizes_text(figures: Report) -> str:
    """Which sizes a session was made with."""
    if figures.window is None:
        return "no window (full attention)"
    retained = f", retained {figures.retain:,}" if figures.retain else ""
    return f"window {figures.window:,}, sinks {figures.sinks:,}{retained}"


def held_text(figures: Report) -> str:
    """How many tokens are held exactly, and what became of the others."""
    if figures.window is None:
        return f"all {figures.held:,} tokens"
    retained = f"{figures.retained:,} retained by each head, " if figures.retain else ""
    behind = "forgotten" if figures.memory_status == "none" else "compressed"
    return (
        f"{figures.held - figures.retained:,} tokens in sinks and window, {retained}"
        f"{figures.compressed:,} {behind}"
    )


def checkpoints(
    session: Annotated[str, session_argument("Session to look at.")],
    page: Screen = 1,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """List the checkpoints of a session, which it can be asked as of, the last one first."""
    with open_service(data_dir, {}, session) as service:
        titles = service.documents.titles(session)
        total = service.sessions.count_checkpoints(session)
        limit, offset = (None, 0) if as_json else (SCREEN, (page - 1) * SCREEN)
        rows = [
            {
                "checkpoint": c.id,
                "position": c.position,
                "document": titles.get(c.document_id or 0, ""),
                "document_tokens": c.document_tokens,
                "bytes": c.byte_count,
                "created_at": c.created_at,
            }
            for c in service.sessions.checkpoints(session, limit=limit, offset=offset)
        ]
    if as_json:
        show_json(rows)
        return
    for row in rows:
        show(
            f"{row['checkpoint']}: token {row['position']:,}, {row['document']} at "
            f"{row['document_tokens']:,}, {row['bytes']:,} bytes, {row['created_at']}"
        )
    if not total:
        show("No checkpoints yet: nothing has been read.")
    elif rest := rest_of_list(page, len(rows), total):
        show(rest)


def export_session(
    session: Annotated[str, session_argument("Session to export.")],
    file: Annotated[Path, typer.Argument(help="File to write; an existing one is replaced.")],
    data_dir: DataDir = None,
    all_checkpoints: Annotated[
        bool,
        typer.Option(help="Export all checkpoints, to ask as of them; otherwise only the newest."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a session to one file: its documents, messages and state."""
    with open_service(data_dir, {}, session) as service:
        with shown_steps(file.name) as report:
            service.sessions.export_to(session, file, all_checkpoints, report)
    result = {"session": session, "file": str(file)}
    _print_result(result, f"Exported the session {session!r} to {file}.", as_json)


def import_session(
    file: Annotated[Path, typer.Argument(help="File that `export` wrote.")],
    name: Annotated[str | None, typer.Option(help="Another name for the session.")] = None,
    model: Annotated[
        str | None, typer.Option(help="The file's model, if no session here uses it yet.")
    ] = None,
    ahn: Annotated[
        str | None, typer.Option(help="The file's memory, if no session here uses it yet.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Import a session that was exported; nothing is read again."""
    named = {"model": model, "ahn": ahn}
    options = {option: value for option, value in named.items() if value is not None}
    with open_service(data_dir, options, None) as service:
        with shown_steps(file.name) as report:
            row = service.sessions.import_from(file, name, report)
    _print_result({"session": row.name}, f"Imported the session {row.name!r}.", as_json)


def delete(
    session: Annotated[str, session_argument("Session to delete.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Delete a session with its documents, messages and checkpoints."""
    with open_service(data_dir, {}, session) as service:
        service.sessions.delete(session)
    _print_result({"session": session}, f"Deleted the session {session!r}.", as_json)
