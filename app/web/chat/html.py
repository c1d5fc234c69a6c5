"""The conversation as the page shows it: messages, passage chips, and the footing of an answer.

Texts of messages and chips are shown as text; in HTML they are escaped. Does not import gradio.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from app.service import (
    AnswerView,
    left_out_notes,
    readable_citations,
    replay_text,
    revising_text,
    scan_text,
    some_of_matching,
    support_notes,
)
from app.web.formatting import counted
from storage import MessageRow

Message = dict[str, Any]
WELCOME = (
    "### Ask about what was read\n"
    "1. Open **Library** and drop in a book, a PDF or a log.\n"
    "2. Ask here at any moment, also while it is still being read.\n"
    "3. Under each answer are the passages it is based on: open one to see its page.\n"
)
WELCOME_WITH_DOCUMENTS = (
    "### Ask about what was read\n"
    "Under each answer are the passages it is based on: open one to see its page."
)
STOPPED = "(Stopped here; this answer is not kept.)"
NO_TEXT_YET = "Reading the passages…"
_JOINER = "\u2060"
_BEGINS_HTML = re.compile(r"<(?=[a-zA-Z/!?])|&(?=[#a-zA-Z])")


def as_text(text: str) -> str:
    """A message that gradio's chat shows exactly as written.

    Gradio renders HTML even where it renders no Markdown, so a document could make the browser
    fetch a picture from anywhere. An invisible character after "<" and "&" prevents that; if they
    were escaped, they would be copied and edited as "&lt;".
    """
    return _BEGINS_HTML.sub(lambda found: found[0] + _JOINER, text)


def as_written(shown: str) -> str:
    """The text of a message that was shown by `as_text`."""
    return shown.replace(_JOINER, "")


def text_of(value: Any) -> str:
    """The text of a message as gradio passes it: a string, a part, or a list of parts."""
    if isinstance(value, list):
        return "".join(text_of(part) for part in value)
    return str(value.get("text", "")) if isinstance(value, dict) else str(value)


def message_index(value: Any) -> int:
    """Which message an event is about, as gradio passes it; -1 if it does not say so."""
    if isinstance(value, list | tuple) and value:
        value = value[0]
    return value if isinstance(value, int) else -1


def conversation(messages: Sequence[MessageRow]) -> list[Message]:
    """The stored messages; the last answer has a chip for each of its passages."""
    shown = [earlier_message(message) for message in messages]
    if messages and messages[-1].role == "assistant":
        shown[-1]["content"] = as_text(messages[-1].text)
        shown[-1]["options"] = chips(passages_of(messages[-1]))
    return shown


def earlier_message(message: MessageRow) -> Message:
    """A message above the last one: an answer lists in its text the passages that it cites.

    What no passage supports follows. Of the last answer, chips and the footing show both.
    """
    text = with_pages(message.text, readable_citations(message.citations))
    text = "\n\n".join([text, *support_notes(message.details or {})])
    return {"role": message.role, "content": as_text(text)}


def passages_of(message: MessageRow) -> list[dict[str, Any]]:
    """The passages that were re-read for an answer, those it cites first."""
    passages = readable_citations((message.details or {}).get("passages"))
    return sorted(passages, key=lambda p: not p["cited"])


def chips(passages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """A button for each passage; its value is the passage's number in the store."""
    return [{"label": chip_text(p), "value": str(p["segment_id"])} for p in passages]


def chip_text(passage: Mapping[str, Any]) -> str:
    """The label of a passage's chip."""
    notes = [] if passage["cited"] else ["also looked at"]
    notes += ["of an older version"] if passage["is_replaced"] else []
    notes += [] if passage["is_read"] else ["not yet read"]
    remarks = f" ({', '.join(notes)})" if notes else ""
    return f"[{passage['number']}] {passage['document']}, {passage['locator']}{remarks}"


def with_pages(answer: str, citations: Sequence[Mapping[str, Any]]) -> str:
    """An answer followed by the places that it cites, as plain text."""
    named = [f"[{c['number']}] {c['document']}, {c['locator']}" for c in citations]
    return "\n\n".join([answer, *(["\n".join(named)] if named else [])])


def turn(view: AnswerView) -> list[Message]:
    """A question with its answer so far."""
    text = view.text
    if view.queue_position:
        text = f"Number {view.queue_position} in line: other questions are answered first."
    elif view.indexing:
        text = f"Indexing first: {view.indexing.indexed:,} of {view.indexing.total:,} passages."
    elif view.replayed is not None:
        text = replay_text(view.replayed)
    elif view.scanned is not None:
        text = scan_text(view.scanned)
    elif view.revising is not None:
        text = f"{text}\n\n{revising_text(view.revising)}"
    said: Message = {"role": "assistant", "content": as_text(text) or NO_TEXT_YET}
    if view.answer is not None:
        passages = sorted(map(asdict, view.answer.passages), key=lambda p: not p["cited"])
        said["options"] = chips(passages)
    return [{"role": "user", "content": as_text(view.question)}, said]


def stopped_turn(view: AnswerView) -> list[Message]:
    """A question with an answer that was stopped."""
    said = "\n\n".join(filter(None, [view.text, STOPPED]))
    return [
        {"role": "user", "content": as_text(view.question)},
        {"role": "assistant", "content": as_text(said)},
    ]


def footing_html(details: Mapping[str, Any] | None) -> str:
    """The lines below an answer: what it is based on, and how long it took.

    Args:
        details: of the answer, as stored with it or as known so far; None: there is no answer.
    """
    if not details:
        return ""
    looked_at = details.get("looked_at")
    lines = [f"Looked at: {looked_at}."] if looked_at else []
    lines += [rests_on(details), *support_notes(details), *left_out_notes(details)]
    lines += [pace(details)]
    as_of = details.get("as_of")
    if as_of:
        lines.insert(0, f"As of {as_of}: nothing behind it was looked at.")
    shown = "".join(f"<div>{escape(line)}</div>" for line in lines if line)
    return f'<div class="footing">{shown}</div>'


def rests_on(details: Mapping[str, Any]) -> str:
    """A sentence about what the model had in its context; empty as long as it is unknown."""
    usage = details.get("rests_on")
    if not usage:
        return ""
    parts = []
    if usage["passages"]:
        read_again = counted(usage["passages"], "passage")
        read_again = some_of_matching(usage) or read_again
        parts.append(f"{read_again} read again word for word ({usage['passage_tokens']:,} tokens)")
    if usage["window_tokens"]:
        parts.append(f"the last {usage['window_tokens']:,} tokens exactly")
    if usage["memory_tokens"]:
        parts.append(f"only the gist of the {usage['memory_tokens']:,} before them")
    return f"Rests on {', '.join(parts)}." if parts else ""


def pace(details: Mapping[str, Any]) -> str:
    """A sentence about how long an answer took; empty before its first word."""
    if not details.get("first_word_s"):
        return ""
    first_word = f"First word after {details['first_word_s']:.1f} s"
    if not details.get("seconds"):
        return f"{first_word}."
    return f"{first_word}, {details['answer_tokens']:,} tokens in {details['seconds']:.1f} s."
