"""The command `ask`: a question, its answer as it comes, and the pages it names."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from app.cli_options import DataDir, Json, takes_model_options
from app.cli_service import open_service


@takes_model_options
def ask(
    session: Annotated[str, typer.Argument(help="Session to ask.")],
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
        shown, answer = 0, None
        for answer in service.ask(session, question, at):
            if not as_json:
                print(answer.text[shown:], end="", flush=True)
                shown = max(shown, len(answer.text))
        assert answer is not None
        for note in service.reading_notes(session):
            print(note, file=sys.stderr)
        if as_json:
            print(json.dumps(answer.as_dict()))
            return
        print()
        for citation in answer.citations:
            older = " (of an older version)" if citation.is_replaced else ""
            print(f"  [{citation.number}] {citation.document}, {citation.locator}{older}")
        first, last = answer.first_word_s, answer.seconds
        print(f"  (first word after {first:.1f} s, the last after {last:.1f} s)", file=sys.stderr)
