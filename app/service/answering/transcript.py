"""The conversation of a session as a file: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from storage import MessageRow, SessionRow

FORMATS = ("md", "json")


def render_transcript(row: SessionRow, messages: Sequence[MessageRow], format: str) -> str:
    """The conversation of a session as a text.

    Args:
        messages: the oldest first.
        format: one of `FORMATS`.

    Raises:
        ValueError: the format is unknown.
    """
    if format not in FORMATS:
        raise ValueError(f"A history is written as {' or '.join(FORMATS)}; got {format!r}.")
    if format == "json":
        return json.dumps({"session": row.name, "messages": [_record(m) for m in messages]})
    head = f"# {row.name}\n"
    return "\n".join([head, *map(_markdown, messages)])


def _record(message: MessageRow) -> dict[str, Any]:
    names = ("id", "role", "text", "position", "created_at", "citations")
    asked = {"as_of": message.details["as_of"]} if message.details.get("as_of") else {}
    return {**{name: getattr(message, name) for name in names}, **asked}


def _markdown(message: MessageRow) -> str:
    """A question as a heading; an answer with the passages it cites quoted below it."""
    if message.role == "user":
        return f"## {' '.join(message.text.split())}\n"
    as_of = message.details.get("as_of")
    bound = [f"*As of {as_of}.*\n"] if as_of else []
    return "\n".join([*bound, f"{message.text}\n", *map(_quoted, message.citations)])


def _quoted(citation: dict[str, Any]) -> str:
    lines = str(citation.get("text", "")).splitlines() or [""]
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    where = f"{citation.get('document', '')}, {citation.get('locator', '')}"
    return f"[{citation.get('number', '')}] {where}:\n\n{quoted}\n"
