"""The conversation as the page shows it: escaped HTML, each message with what belongs to it.

All texts are shown as they are written: nothing in them is rendered. A stored message has the same
HTML wherever it stands, so that a further one leaves those before it as they are. Does not import
gradio.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

from app.service import (
    AnswerView,
    condensing_text,
    index_step,
    replay_text,
    revising_text,
    scan_text,
    stored_passages,
    stored_sentences,
)
from app.web.chat.basis import picture_html, quiet_line_html, sentences_html
from app.web.chat.marks import marked_html
from app.web.formatting import moment
from storage import MessageRow

STOPPED = "(Stopped here; this answer is not kept.)"
NO_TEXT_YET = "Reading the passages…"
EXCERPT_CHARS = 300
"""Of a passage, in its preview."""
_EDITING = (
    '<div class="editing" hidden><textarea rows="3" aria-label="Edit the question"></textarea>'
    '<button data-do="submit">Submit</button><button data-do="cancel">Cancel</button></div>'
)
_COPY = '<button data-do="copy">Copy</button>'
_EDIT = '<button data-do="edit">Edit</button>'
_KEEP = '<button data-do="keep">Keep as a note</button>'
_KEPT = '<button data-do="kept" title="Show the note">Kept as a note</button>'
_AGAIN = '<button data-do="again">Ask again</button>'


def welcome_html(suggested: Sequence[str] = ()) -> str:
    """What is shown of a session with documents before anything was asked.

    Args:
        suggested: questions to begin with.
    """
    below = "<p>The numbers in an answer lead to the passages behind it, on their page.</p>"
    buttons = "".join(f'<button data-do="suggest">{escape(q)}</button>' for q in suggested)
    group = f'<div class="suggested">{buttons}</div>' if buttons else ""
    return f'<div class="welcome"><h3>Ask about what was read</h3>{below}{group}</div>'


def conversation(
    messages: Sequence[MessageRow], is_end: bool = True, kept: Collection[int] = ()
) -> str:
    """The stored messages.

    Args:
        is_end: the last of them is the last of the conversation.
        kept: numbers of those that are kept as notes.
    """
    end = " at-end" if is_end else ""
    listed = "".join(message_html(message, message.id in kept) for message in messages)
    return f'<div class="messages{end}">{listed}</div>'


def message_html(message: MessageRow, is_kept: bool = False) -> str:
    """A stored question or answer, and whether it is kept as a note."""
    if message.role == "user":
        return _question(message.text, message.id)
    details, passages = message.details or {}, passages_of(message)
    said = marked_html(message.text, stored_sentences(details), passages)
    cited = [passage for passage in passages if passage["cited"]]
    others = [passage for passage in passages if not passage["cited"]]
    used = len(passages) if cited else 0
    footing = footing_html(details, used, _chips(others), message.created_at)
    return (
        f'<article class="message bot" tabindex="-1" data-id="{message.id}" aria-label="Answer">'
        f'<div class="said" dir="auto">{said}</div>{_chips(cited)}'
        f'<div class="foot">{footing}'
        f'<div class="acts">{_COPY}{_KEPT if is_kept else _KEEP}{_AGAIN}</div></div></article>'
    )


def passages_of(message: MessageRow) -> list[dict[str, Any]]:
    """The passages that were re-read for an answer; see `stored_passages`."""
    return stored_passages(message.details or {}, message.citations)


def chip_text(passage: Mapping[str, Any]) -> str:
    """The label of a passage's chip."""
    notes = [] if passage["cited"] else ["also looked at"]
    notes += ["of an older version"] if passage["is_replaced"] else []
    notes += [] if passage["is_read"] else ["not yet read"]
    remarks = f" ({', '.join(notes)})" if notes else ""
    return f"[{passage['number']}] {passage['document']}, {passage['locator']}{remarks}"


def turn(view: AnswerView) -> str:
    """A question with its answer so far, which is not stored yet.

    The last elements are left open, as HTML allows, so that more text only adds to what was sent:
    the framework then sends no more than what is new.
    """
    text = view.text
    if view.queue_position:
        text = f"Number {view.queue_position} in line: other questions are answered first."
    elif view.indexing:
        text = f"{index_step(view.indexing)}; the answer comes after that."
    elif view.replayed is not None:
        text = replay_text(view.replayed)
    elif view.scanned is not None:
        text = scan_text(view.scanned)
    elif view.condensed is not None:
        text = condensing_text(view.condensed)
    elif view.revising is not None:
        text = f"{text}\n\n{revising_text(view.revising)}"
    return (
        f"{_question(view.question)}"
        '<article class="message bot" tabindex="-1" aria-label="Answer" aria-busy="true">'
        f'<div class="said" dir="auto">{escape(text or NO_TEXT_YET)}'
    )


def stopped_turn(view: AnswerView, replaces: int | None = None) -> str:
    """A question with an answer that was stopped; the question can be changed and asked.

    Args:
        replaces: number of the stored question in whose place it was asked.
    """
    said = "\n\n".join(filter(None, [view.text, STOPPED]))
    return (
        f"{_question(view.question, replaces, can_edit=True)}"
        '<article class="message bot" tabindex="-1" aria-label="Answer">'
        f'<div class="said" dir="auto">{escape(said)}</div>'
        f'<div class="foot"><div class="acts">{_COPY}</div></div></article>'
    )


def footing_html(
    details: Mapping[str, Any] | None,
    passages: int = 0,
    looked_at: str = "",
    answered_at: str = "",
) -> str:
    """The quiet line below an answer, and behind it what the answer rests on.

    Args:
        details: of the answer, as stored with it; None: there are none.
        passages: as `quiet_line` takes it.
        looked_at: chips of the passages that it does not cite, as HTML.
        answered_at: the time, as stored; empty where it is unknown.
    """
    details = details or {}
    quiet, lines = quiet_line_html(details, passages), sentences_html(details)
    line = f'<span class="footing">{quiet}</span>' if quiet else ""
    if not lines and not looked_at:
        return line
    lines += [f"Answered on {moment(answered_at)}."] if answered_at else []
    listed = "".join(f"<li>{line}</li>" for line in lines)
    also = f"<p>Also looked at:</p>{looked_at}" if looked_at else ""
    return (
        f'{line}<details class="basis"><summary>What this rests on</summary>'
        f"{picture_html(details)}{f'<ul>{listed}</ul>' if listed else ''}{also}</details>"
    )


def _question(text: str, number: int | None = None, can_edit: bool = False) -> str:
    """A question; without a number it is not stored yet, and can be changed only if it says so."""
    stored = "" if number is None else f' data-id="{number}"'
    is_changeable = can_edit or number is not None
    acts = f'<div class="acts">{_COPY}{_EDIT}</div>{_EDITING}' if is_changeable else ""
    return (
        f'<article class="message user" tabindex="-1"{stored} aria-label="Your question">'
        f'<div class="said" dir="auto">{escape(text)}</div>{acts}</article>'
    )


def _chips(passages: Sequence[Mapping[str, Any]]) -> str:
    """A button for each passage, with what its preview shows."""
    chips = "".join(
        f'<button class="option" data-do="open" data-id="{escape(str(p["segment_id"]))}" '
        f'data-number="{escape(str(p["number"]))}" '
        f'data-excerpt="{escape(excerpt(str(p["text"])))}">{escape(chip_text(p))}</button>'
        for p in passages
    )
    return f'<div class="options">{chips}</div>' if chips else ""


def excerpt(text: str) -> str:
    """The beginning of a passage on one line, cut between words where it has any."""
    line = " ".join(text[: 4 * EXCERPT_CHARS].split())
    if len(line) <= EXCERPT_CHARS:
        return line
    cut = line[:EXCERPT_CHARS]
    words = cut.rpartition(" ")[0]
    return f"{words if len(words) > EXCERPT_CHARS // 2 else cut}…"
