"""The conversation of a session as a file: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from app.service.answering.citations import readable_citations
from app.service.answering.support import support_notes
from app.terminal import visible
from storage import MessageRow, SessionRow

FORMATS = ("md", "json")
_HTML = re.compile("[<>&]")
_INLINE = re.compile(r"[\\`*_{}\[\]|~$!^]")
_AT_START = re.compile(r"^(\d*)([-+=#.)])")


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
    head = f"# {_on_one_line(row.name)}\n"
    return "\n".join([head, *map(_markdown, messages)])


def _record(message: MessageRow) -> dict[str, Any]:
    names = ("id", "role", "text", "position", "created_at", "citations")
    asked = {"as_of": message.details["as_of"]} if message.details.get("as_of") else {}
    checked: dict[str, Any] = {
        name: message.details[name] for name in ("declined", "sentences") if name in message.details
    }
    return {**{name: getattr(message, name) for name in names}, **asked, **checked}


def _markdown(message: MessageRow) -> str:
    """A question as a heading; an answer with the passages it cites quoted below it."""
    if message.role == "user":
        return f"## {_on_one_line(message.text)}\n"
    as_of = message.details.get("as_of")
    bound = [f"*As of {_on_one_line(str(as_of))}.*\n"] if as_of else []
    notes = [f"*{_on_one_line(note)}*\n" for note in support_notes(message.details)]
    quoted = map(_quoted, readable_citations(message.citations))
    return "\n".join([*bound, f"{_as_written(message.text)}\n", *notes, *quoted])


def _quoted(citation: dict[str, Any]) -> str:
    lines = _as_written(str(citation["text"])).split("\n")
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    where = _on_one_line(f"{citation['document']}, {citation['locator']}")
    return f"[{_as_written(str(citation['number']))}] {where}:\n\n{quoted}\n"


def _as_written(text: str) -> str:
    """A text as Markdown that shows it as it is written: no HTML, links, pictures or headings.

    `<` and `&` are references, since not every program takes a backslash before them as an escape.
    """
    lines = text.replace("\r\n", "\n").expandtabs().split("\n")
    return "\n".join(map(_line_as_written, lines))


def _on_one_line(text: str) -> str:
    return _as_written(" ".join(visible(text.replace("\r\n", "\n")).split()))


def _line_as_written(line: str) -> str:
    """A line at whose beginning nothing makes a list, a rule, a heading or a block of code."""
    body = _INLINE.sub(r"\\\g<0>", visible(line.strip(" "), one_line=True))
    body = _AT_START.sub(r"\g<1>\\\g<2>", body)
    body = _HTML.sub(lambda found: f"&#{ord(found[0])};", body)
    indent = len(line) - len(line.lstrip(" "))
    return ("&nbsp;" * indent if indent > 3 else " " * indent) + body
