"""The commands about saved sessions as they are: listed, reported on, taken elsewhere, deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.cli_options import DataDir, Json
from app.cli_service import open_service


def sessions(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the saved sessions."""
    with open_service(data_dir, {}, None) as service:
        rows = [
            {
                "name": s.session.name,
                "documents": s.document_count,
                "tokens_read": s.tokens_read,
                "checkpoints": s.checkpoint_count,
                "updated_at": s.session.updated_at,
            }
            for s in service.sessions()
        ]
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['name']}: {row['documents']} documents, {row['tokens_read']:,} tokens read")
    if not rows:
        print("No sessions yet: python launch.py read FILE --session NAME")


def report(
    session: Annotated[str, typer.Argument(help="Session to report on.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What a session saves against full attention."""
    with open_service(data_dir, {}, session) as service:
        figures, offered = service.report(session), service.offers_reread(session)
    if as_json:
        print(json.dumps({**figures.as_dict(), "offers_reread": offered}))
        return
    print(
        f"{figures.tokens:,} tokens read; window {figures.window}, sinks {figures.sinks}; "
        f"memory: {figures.memory_status}"
    )
    print(
        f"cache saved:  {figures.run_cache_saved:.1%} as run "
        f"({figures.run_cache_bytes:,} of {figures.run_cache_bytes_full:,} bytes), "
        f"{figures.paper_cache_saved:.1%} by the paper's convention"
    )
    print(
        f"FLOPs saved:  {figures.run_flops_saved:.1%} as run, "
        f"{figures.paper_flops_saved:.1%} by the paper's convention"
    )
    print(
        f"on disk:      {figures.disk_bytes:,} bytes in {figures.checkpoints} checkpoints "
        f"(budget: {figures.disk_budget_bytes:,} bytes)"
    )
    if offered:
        print(f"A trained memory has come since: python launch.py reread {session!r} uses it.")


def checkpoints(
    session: Annotated[str, typer.Argument(help="Session to look at.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """List the places a session can be asked as of."""
    with open_service(data_dir, {}, session) as service:
        titles = {s.document.id: s.document.title for s in service.documents(session)}
        rows = [
            {
                "checkpoint": c.id,
                "position": c.position,
                "document": titles.get(c.document_id or 0, ""),
                "document_tokens": c.document_tokens,
                "bytes": c.byte_count,
                "created_at": c.created_at,
            }
            for c in service.checkpoints(session)
        ]
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(
            f"{row['checkpoint']}: token {row['position']:,}, {row['document']} at "
            f"{row['document_tokens']:,}, {row['bytes']:,} bytes, {row['created_at']}"
        )
    if not rows:
        print("No checkpoints yet: nothing has been read.")


def export_session(
    session: Annotated[str, typer.Argument(help="Session to export.")],
    file: Annotated[Path, typer.Argument(help="File to write; an older one is replaced.")],
    data_dir: DataDir = None,
    all_checkpoints: Annotated[
        bool, typer.Option(help="All checkpoints, to ask as of them; else the newest alone.")
    ] = False,
) -> None:
    """Write a session to one file: documents, messages and state."""
    with open_service(data_dir, {}, session) as service:
        service.export_session(session, file, all_checkpoints)
    print(f"Exported the session {session!r} to {file}.")


def import_session(
    file: Annotated[Path, typer.Argument(help="File that `export` wrote.")],
    name: Annotated[str | None, typer.Option(help="Another name for the session.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Take in a session that was exported; nothing is read again."""
    with open_service(data_dir, {}, None) as service:
        row = service.import_session(file, name)
    print(f"Imported the session {row.name!r}.")


def delete(
    session: Annotated[str, typer.Argument(help="Session to delete.")], data_dir: DataDir = None
) -> None:
    """Delete a session with its documents, messages and checkpoints."""
    with open_service(data_dir, {}, session) as service:
        service.delete_session(session)
    print(f"Deleted the session {session!r}.")
