"""The commands `ask` and `history`: stream an answer with its sources; print the conversation."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.open_service import open_service
from app.cli.options import DataDir, Json, session_argument, takes_model_options
from app.cli.progress import complete_search_index

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
            print(note, file=sys.stderr)
        if as_json:
            print(json.dumps(answer.as_dict()))
            return
        print("\n".join(source_lines(answer)))
        first, last = answer.first_word_s, answer.seconds
        print(f"  (first word after {first:.1f} s, the last after {last:.1f} s)", file=sys.stderr)


def history(
    session: Annotated[str, session_argument("Session whose conversation is printed.")],
    format: Annotated[str, typer.Option(help="'md' or 'json'.")] = "md",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print what was asked and answered, with the passages, as Markdown or JSON."""
    with open_service(data_dir, {}, session) as service:
        print(service.questions.history(session, "json" if as_json else format).rstrip())


def print_events(events: Iterable[Event], as_json: bool) -> Answer:
    """Print an answer's text as it comes, unless it is wanted as JSON; return the answer."""
    from app.service import Delta, Done, Indexing, Prefilled, Queued, replay_text

    answer: Answer | None = None
    printed_at = float("-inf")
    for event in events:
        match event:
            case Indexing(state):
                print(f"  (search index: {state.indexed} of {state.total})", file=sys.stderr)
            case Queued(position):
                print(f"  (number {position} in line)", file=sys.stderr)
            case Prefilled(until=int()) if time.monotonic() > printed_at + REPLAY_PRINT_S:
                printed_at = time.monotonic()
                print(f"  ({replay_text(event)})", file=sys.stderr)
            case Delta(text) if not as_json:
                print(text, end="", flush=True)
            case Done(complete):
                answer = complete
    assert answer is not None
    if not as_json:
        print()
    return answer


def source_lines(answer: Answer) -> list[str]:
    """The passages that an answer is based on, a line each."""
    lines = []
    for citation in answer.citations:
        older = " (of an older version)" if citation.is_replaced else ""
        lines.append(f"  [{citation.number}] {citation.document}, {citation.locator}{older}")
    return lines
