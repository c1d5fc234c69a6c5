"""The conversation of a session and its kept notes as a file.

Markdown and HTML (`app/service/answering/transcript_html.py`) are for people, JSON is for programs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.service.answering.answer import asked_of_text
from app.service.answering.citations import readable_citations
from app.service.answering.support import support_notes
from app.service.answering.transcript_html import html_transcript
from app.service.answering.transcript_words import NOTES_HEADING, note_heading, note_origin
from app.terminal import visible
from storage import KeptNote, MessageRow, SessionRow

FORMATS = ("md", "json", "html")
_HTML = re.compile("[<>&]")
_INLINE = re.compile(r"[\\`*_{}\[\]|~$!^]")
_AT_START = re.compile(r"^(\d*)([-+=#.)])")


def render_transcript(
    row: SessionRow,
    messages: Sequence[MessageRow],
    format: str,
    notes: Sequence[KeptNote] = (),
) -> str:
    """The conversation of a session as a text.

    Args:
        messages: the oldest first.
        format: one of `FORMATS`.
        notes: that are kept in the session, in the order in which they are to come.

    Raises:
        ValueError: the format is unknown.
    """
    if format not in FORMATS:
        raise ValueError(f"A history is written as {' or '.join(FORMATS)}; got {format!r}.")
    if format == "html":
        return html_transcript(row, messages, notes)
    if format == "json":
        messages_and_notes = {
            "messages": [_record(message) for message in messages],
            "kept_notes": [asdict(note) for note in notes],
        }
        return json.dumps({"session": row.name, **messages_and_notes})
    head = f"# {_on_one_line(row.name)}\n"
    kept = [f"# {NOTES_HEADING}\n", *map(_kept_markdown, notes)] if notes else []
    return "\n".join([head, *map(_markdown, messages), *kept])


def _record(message: MessageRow) -> dict[str, Any]:
    names = ("id", "role", "text", "position", "created_at", "citations")
    asked = {"as_of": message.details["as_of"]} if message.details.get("as_of") else {}
    if asked_of_text(message.details):
        asked |= {name: message.details[name] for name in ("documents_asked", "of_documents")}
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
    sources = asked_of_text(message.details)
    bound += [f"*{sources[0].upper()}{sources[1:]}.*\n"] if sources else []
    return "\n".join([*bound, *_said(message)])


def _kept_markdown(note: KeptNote) -> str:
    head = f"## {_on_one_line(note_heading(note))}\n"
    return "\n".join([head, f"*{_on_one_line(note_origin(note))}*\n", *_said(note)])


def _said(message: MessageRow | KeptNote) -> list[str]:
    """What an answer or a note says, what no passage supports of it, and what it cites."""
    remarks = [f"*{_on_one_line(remark)}*\n" for remark in support_notes(message.details)]
    quoted = map(_quoted, readable_citations(message.citations))
    return [f"{_as_written(message.text)}\n", *remarks, *quoted]


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
