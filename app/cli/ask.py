"""The commands `ask` and `history`: stream an answer with its sources; print the conversation."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.open_service import open_service
from app.cli.options import DataDir, Json, session_argument, takes_model_options
from app.cli.progress import complete_search_index
from app.terminal import is_terminal_output, printable_json, show, show_json, show_status, visible

if TYPE_CHECKING:
    from app.service import Answer, Event

REPLAY_PRINT_S = 2.0
"""Seconds between two lines about how far the documents are read again."""


@takes_model_options
def ask(
    session: Annotated[str, session_argument("Session to ask.")],
    question: Annotated[str, typer.Argument(help="The question.")],
    options: dict[str, Any],
    at: Annotated[
        str,
        typer.Option(help="Answer as of a checkpoint's number, or as of 'page 120' (no spoilers)."),
    ] = "",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask a session; the answer names the page."""
    with open_service(data_dir, options, session) as service:
        complete_search_index(service, session)
        row = service.sessions.get(session)
        answer = print_events(service.questions.ask(row.id, question, at), as_json)
        for note in [*service.sessions.reading_notes(row.id), *answer.notes]:
            show_status(note)
        if as_json:
            show_json(answer.as_dict())
            return
        show("\n".join(source_lines(answer)))
        first, last = answer.first_word_s, answer.seconds
        show_status(f"  (first word after {first:.1f} s, the last after {last:.1f} s)")


def history(
    session: Annotated[str, session_argument("Session whose conversation is printed.")],
    format: Annotated[str, typer.Option(help="'md', 'json' or 'html'.")] = "md",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print what was asked and answered, with the passages, and the kept notes.

    As Markdown, JSON, or an HTML page that opens alone.
    """
    with open_service(data_dir, {}, session) as service:
        text = service.questions.history(session, "json" if as_json else format).rstrip()
        show(printable_json(text) if as_json or format == "json" else text)


def print_events(events: Iterable[Event], as_json: bool) -> Answer:
    """Print an answer's text, on a terminal as it comes, unless it is wanted as JSON.

    Returns:
        The complete answer.
    """
    from app.service import (
        Condensed,
        Delta,
        Done,
        Indexing,
        Prefilled,
        Queued,
        Revised,
        Scanned,
        condensing_text,
        replay_text,
        revising_text,
        scan_text,
    )

    answer: Answer | None = None
    # Elsewhere than on a terminal only the final text counts, which may replace what came before.
    is_live = is_terminal_output() and not as_json
    printed_at = float("-inf")
    for event in events:
        match event:
            case Indexing(state):
                show_status(f"  (search index: {state.indexed} of {state.total})")
            case Queued(position):
                show_status(f"  (number {position} in line)")
            case Prefilled(until=int()) if time.monotonic() > printed_at + REPLAY_PRINT_S:
                printed_at = time.monotonic()
                show_status(f"  ({replay_text(event)})")
            case Scanned() if time.monotonic() > printed_at + REPLAY_PRINT_S and event.done:
                printed_at = time.monotonic()
                show_status(f"  ({scan_text(event)})")
            case Condensed() if time.monotonic() > printed_at + REPLAY_PRINT_S:
                printed_at = time.monotonic()
                show_status(f"  ({condensing_text(event)})")
            case Delta(text) if is_live:
                show(text, end="")
            case Revised(text, unknown) if is_live:
                show()
                show_status(f"  ({revising_text(unknown)})")
                show(text, end="")
            case Done(complete):
                answer = complete
    assert answer is not None
    if not as_json:
        show("" if is_live else answer.text)
    return answer


def source_lines(answer: Answer) -> list[str]:
    """What was looked at, the cited passages, and what none of them supports, a line each."""
    lines = [f"  Looked at: {visible(answer.looked_at, one_line=True)}"] if answer.looked_at else []
    for citation in answer.citations:
        older = " (of an older version)" if citation.is_replaced else ""
        where = visible(f"{citation.document}, {citation.locator}{older}", one_line=True)
        lines.append(f"  [{citation.number}] {where}")
    return [*lines, *(f"  {visible(note, one_line=True)}" for note in answer.support_notes)]
