"""The conversation of a session as one HTML file that opens alone: it asks nothing of any host.

Its style is in it, and its policy lets nothing else be loaded or run. All texts are escaped, with
the characters that change what is seen as escapes, as in the terminal.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from app.service.answering.citations import stored_passages
from app.service.answering.marked_text import TextRun, marked_runs
from app.service.answering.support import stored_sentences, support_notes
from app.service.answering.transcript_words import (
    NOTES_HEADING,
    note_heading,
    note_origin,
    written_time,
)
from app.terminal import visible
from storage import KeptNote, MessageRow, SessionRow

_STYLE = Path(__file__).with_name("transcript.css")
Passages = Mapping[int, Mapping[str, Any]]
"""The passages of an answer by their numbers."""


def html_transcript(
    row: SessionRow, messages: Sequence[MessageRow], notes: Sequence[KeptNote]
) -> str:
    """The conversation and the kept notes of a session as a page.

    Args:
        messages, notes: in the order in which they are shown.
    """
    style, policy = _style_and_policy()
    name = _text(row.name, one_line=True)
    questions = sum(message.role == "user" for message in messages)
    head = ", ".join([_counted(questions, "question"), _counted(len(notes), "kept note")])
    listed = f'<h2 class="notes-heading">{NOTES_HEADING}</h2>' if notes else ""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{name}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>",
            f'<h1 dir="auto">{name}</h1>\n<p class="head">{head}</p>',
            *_turns(messages),
            listed,
            *(_kept(note) for note in notes),
            "</main>\n</body>\n</html>\n",
        ]
    )


@cache
def _style_and_policy() -> tuple[str, str]:
    """The style, and the policy that allows it and nothing else."""
    style = _STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return style, f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'"


def _turns(messages: Sequence[MessageRow]) -> Iterator[str]:
    """Each question with what follows it up to the next one."""
    parts: list[str] = []
    for message in messages:
        if message.role == "user" and parts:
            yield _turn(parts)
            parts = []
        parts.append(_question(message) if message.role == "user" else _answer(message))
    if parts:
        yield _turn(parts)


def _turn(parts: Sequence[str]) -> str:
    return '<article class="turn">\n' + "\n".join(parts) + "\n</article>"


def _question(message: MessageRow) -> str:
    return (
        f'<h2 dir="auto">{_text(message.text)}</h2>\n'
        f'<p class="remark">{_text(written_time(message.created_at))}</p>'
    )


def _answer(message: MessageRow) -> str:
    as_of = message.details.get("as_of")
    bound = f'<p class="remark">As of <bdi>{_text(str(as_of))}</bdi>.</p>\n' if as_of else ""
    said = _said(message.text, message.details, message.citations, f"m{message.id}")
    return f"{bound}{said}"


def _kept(note: KeptNote) -> str:
    return (
        f'<article class="kept">\n<h2 dir="auto">{_text(note_heading(note))}</h2>\n'
        f'<p class="remark" dir="auto">{_text(note_origin(note))}</p>\n'
        f"{_said(note.text, note.details, note.citations, f'n{note.id}')}\n</article>"
    )


def _said(text: str, details: Mapping[str, Any], citations: Any, anchor: str) -> str:
    """A text with its marks, what no passage supports of it, and the list of its passages.

    Args:
        anchor: begins the names of its passages, to which the marks lead.
    """
    passages = stored_passages(details, citations)
    numbered = {p["number"]: p for p in passages if isinstance(p["number"], int)}
    runs = marked_runs(text, stored_sentences(details), numbered)
    marked = {piece for run in runs for piece in run.pieces if isinstance(piece, int)}
    shown = [p for p in numbered.values() if p["cited"] or p["number"] in marked]
    said = "".join(_run(run, numbered, anchor) for run in runs)
    remarks = [f'<p class="remark" dir="auto">{_text(n)}</p>' for n in support_notes(details)]
    items = "\n".join(_passage(p, anchor) for p in sorted(shown, key=lambda p: p["number"]))
    listed = [f'<ol class="passages" aria-label="Passages">\n{items}\n</ol>'] if items else []
    return "\n".join([f'<p class="said" dir="auto">{said}</p>', *remarks, *listed])


def _run(run: TextRun, passages: Passages, anchor: str) -> str:
    shown = "".join(
        _mark(passages[piece], anchor) if isinstance(piece, int) else _text(piece)
        for piece in run.pieces
    )
    if not run.is_sentence:
        return shown
    kind = ' class="unsupported"' if run.why_unsupported else ""
    return f"<bdi{kind}>{shown}</bdi>"


def _mark(passage: Mapping[str, Any], anchor: str) -> str:
    number = passage["number"]
    name = _text(f"Passage {number}: {passage['document']}, {passage['locator']}", one_line=True)
    return f'<a class="mark" href="#{anchor}-p{number}" title="{name}">[{number}]</a>'


def _passage(passage: Mapping[str, Any], anchor: str) -> str:
    number = passage["number"]
    document, locator = (_text(str(passage[name]), one_line=True) for name in _PLACE)
    quoted = _text(str(passage["text"])).strip()  # at last: strip() takes a U+0085 for a space
    quote = f'<blockquote dir="auto">{quoted}</blockquote>' if quoted else ""
    return (
        f'<li id="{anchor}-p{number}"><div class="where">[{number}] <b><bdi>{document}</bdi></b>, '
        f"<bdi>{locator}</bdi></div>{quote}</li>"
    )


_PLACE = ("document", "locator")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _text(text: str, one_line: bool = False) -> str:
    return escape(visible(text.replace("\r\n", "\n"), one_line=one_line))
