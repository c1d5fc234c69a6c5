"""The conversation as the page shows it: messages, chips of passages, what an answer rests on.

Knows no gradio. Texts of messages and chips are shown as text; what is HTML here is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from app.service import AnswerView
from app.web.formatting import counted
from storage import MessageRow

Message = dict[str, Any]
WELCOME = (
    "### Ask about what was read\n"
    "1. Open **Library** and drop in a book, a PDF or a log.\n"
    "2. Ask here at any moment, also while it is still being read.\n"
    "3. Under each answer stand the passages it rests on: open one to see its page.\n"
)
WELCOME_WITH_DOCUMENTS = (
    "### Ask about what was read\n"
    "Under each answer stand the passages it rests on: open one to see its page."
)
STOPPED = "(Stopped here; this answer is not kept.)"
UNSAID = "Reading the passages…"
_JOINER = "\u2060"
_BEGINS_HTML = re.compile(r"<(?=[a-zA-Z/!?])|&(?=[#a-zA-Z])")


def as_text(said: str) -> str:
    """A message that gradio's chat shows as it is written.

    It renders HTML even where it renders no Markdown, so a document could have the browser fetch a
    picture from anywhere. An invisible sign behind "<" and "&" leaves them what they are; escaped,
    they would be copied and edited as "&lt;".
    """
    return _BEGINS_HTML.sub(lambda found: found[0] + _JOINER, said)


def as_written(shown: str) -> str:
    """What a person left in a message that was shown by `as_text`."""
    return shown.replace(_JOINER, "")


def conversation(messages: Sequence[MessageRow]) -> list[Message]:
    """What was said; the last answer has its passages to choose from below it."""
    shown = [earlier(message) for message in messages]
    if messages and messages[-1].role == "assistant":
        shown[-1]["content"] = as_text(messages[-1].text)
        shown[-1]["options"] = chips(passages_of(messages[-1]))
    return shown


def earlier(message: MessageRow) -> Message:
    """A message that is not the last: an answer names its passages in its text."""
    text = with_pages(message.text, message.citations) if message.citations else message.text
    return {"role": message.role, "content": as_text(text)}


def passages_of(message: MessageRow) -> list[dict[str, Any]]:
    """What was read again for an answer, the cited first."""
    passages: list[dict[str, Any]] = (message.details or {}).get("passages", [])
    return sorted(passages, key=lambda p: not p["cited"])


def chips(passages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """One button for each passage; its value is the passage's number in the store."""
    return [{"label": chip_text(p), "value": str(p["segment_id"])} for p in passages]


def chip_text(passage: Mapping[str, Any]) -> str:
    """A passage in the words of its chip."""
    notes = [] if passage["cited"] else ["also looked at"]
    notes += ["of an older version"] if passage.get("is_replaced") else []
    notes += [] if passage["is_read"] else ["not yet read"]
    told = f" ({', '.join(notes)})" if notes else ""
    return f"[{passage['number']}] {passage['document']}, {passage['locator']}{told}"


def with_pages(answer: str, citations: Sequence[Mapping[str, Any]]) -> str:
    """An answer with the places it rests on, as plain text."""
    named = [f"[{c['number']}] {c['document']}, {c['locator']}" for c in citations]
    return "\n\n".join([answer, *(["\n".join(named)] if named else [])])


def turn(view: AnswerView) -> list[Message]:
    """A question with its answer so far."""
    text = view.text
    if view.queue_position:
        text = f"Number {view.queue_position} in line: other questions are answered first."
    said: Message = {"role": "assistant", "content": as_text(text) or UNSAID}
    if view.answer is not None:
        passages = sorted(map(asdict, view.answer.passages), key=lambda p: not p["cited"])
        said["options"] = chips(passages)
    return [{"role": "user", "content": as_text(view.question)}, said]


def stopped(view: AnswerView) -> list[Message]:
    """A question with an answer that was stopped."""
    said = "\n\n".join(filter(None, [view.text, STOPPED]))
    return [
        {"role": "user", "content": as_text(view.question)},
        {"role": "assistant", "content": as_text(said)},
    ]


def footing_html(details: Mapping[str, Any] | None) -> str:
    """What an answer rests on and how quick it was.

    Args:
        details: of the answer, as they are stored with it; None: there is no answer yet.
    """
    if not details:
        return ""
    lines = [rests_on(details), pace(details)]
    bound = details.get("as_of")
    if bound:
        lines.insert(0, f"As of {bound}: nothing behind it was looked at.")
    shown = "".join(f"<div>{escape(line)}</div>" for line in lines if line)
    return f'<div class="footing">{shown}</div>'


def rests_on(details: Mapping[str, Any]) -> str:
    """What the answer had before it, in plain words."""
    had = details.get("rests_on")
    if not had:
        return ""
    parts = []
    if had["passages"]:
        read_again = counted(had["passages"], "passage")
        parts.append(f"{read_again} read again word for word ({had['passage_tokens']:,} tokens)")
    if had["window_tokens"]:
        parts.append(f"the last {had['window_tokens']:,} tokens exactly")
    if had["memory_tokens"]:
        parts.append(f"only the gist of the {had['memory_tokens']:,} before them")
    return f"Rests on {', '.join(parts)}." if parts else ""


def pace(details: Mapping[str, Any]) -> str:
    """How long an answer took; empty while it has not said a word."""
    if not details.get("first_word_s"):
        return ""
    told = f"First word after {details['first_word_s']:.1f} s"
    if not details.get("seconds"):
        return f"{told}."
    return f"{told}, {details['answer_tokens']:,} tokens in {details['seconds']:.1f} s."
