"""The card of what is being read, as escaped HTML."""

from __future__ import annotations

import base64
import re
from html import escape

from app.service import CurrentReading, Stage
from app.web.formatting import bar_html, number, time_left, with_numbers
from ingest import PagePicture
from storage import CurrentText

SENTENCE_CHARS = 140
"""Of the sentence passing by; the style sheet cuts what does not fit on its line."""
HEADINGS = {
    Stage.READING: "Reading",
    Stage.NOTING: "Making a note on what was just read",
    Stage.ANSWERING: "Reading waits while a question is answered",
    Stage.LOADING: "The model is being loaded; reading begins then",
    Stage.INDEXING: "Looking through it, so that it can be searched and read",
    Stage.WAITING: "Waiting: others are read first",
    Stage.HELD: "Waiting",
    Stage.PAUSED: "Paused; resume it among the documents",
    Stage.STOPPED: "Stopped; try again among the documents",
}
ASK_ALREADY = "You can ask already; answers know what has been read so far."
LEAVE = "The page can be closed; this continues on the server."
AGAIN = "Read again with other settings; it answers as before until that is done."
_BAR = {False: "How much is read", True: "How much of its text is taken out"}
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’»)\]]*\s+|[。！？]|\n\s*\n")
_KEEPS_ON = {Stage.READING, Stage.NOTING, Stage.ANSWERING}


def card_html(reading: CurrentReading | None) -> str:
    """What a session is at; empty if it has nothing to read."""
    if reading is None:
        return ""
    document = reading.document
    step = reading.step
    heading = HEADINGS[reading.stage] if step is None else with_numbers(str(step))
    place = place_html(reading) if step is None else ""
    where = f' <span class="place">{place}</span>' if place else ""
    sentence = passing(document.text, document.tokens_read) if _is_passing(reading) else ""
    said = f'<p class="passing" dir="auto">{escape(sentence)}</p>' if sentence else ""
    why = document.error if reading.stage is Stage.STOPPED else reading.notice
    problem = f'<p class="problem">{escape(why)}</p>' if why else ""
    return (
        f'<section class="now" aria-label="What is being read">'
        f'<div class="now-head"><span class="stage">{heading}</span>'
        f"<b>{escape(document.title)}</b>{where}</div>{said}"
        f"{bar_html(_BAR[step is not None], reading.share)}"
        f'<p class="facts">{" · ".join(_facts(reading))}</p>{problem}</section>'
    )


def place_html(reading: CurrentReading) -> str:
    """Where in the document it is: "page 12 of 80"; empty where nothing is known of that."""
    document, text = reading.document, reading.document.text
    if text is None:
        return ""
    place = f"{escape(text.locator_kind)} {number(text.locator_start)}"
    count = document.unit_count
    if count and document.unit_name == text.locator_kind and text.locator_start <= count:
        place += f" of {number(count)}"
    return place


def passing(text: CurrentText | None, tokens_read: int) -> str:
    """The sentence at a position of a document, on one line, cut between words where it is long."""
    if text is None:
        return ""
    share = (tokens_read - text.token_start) / text.token_count if text.token_count else 0.0
    at = round(min(1.0, max(0.0, share)) * len(text.text))
    before = text.text[max(0, at - 4 * SENTENCE_CHARS) : at]
    ends = [found.end() for found in _SENTENCE_END.finditer(before)]
    begin = at - len(before) + (ends[-1] if ends else 0)
    line = " ".join(text.text[begin : begin + 4 * SENTENCE_CHARS].split())
    if len(line) <= SENTENCE_CHARS:
        return line
    cut = line[:SENTENCE_CHARS]
    words = cut.rpartition(" ")[0]
    return f"{words if len(words) > SENTENCE_CHARS // 2 else cut}…"


def picture_html(picture: PagePicture, page_index: int) -> str:
    """A page drawn small."""
    data = base64.b64encode(picture.png).decode("ascii")
    return (
        f'<img class="now-page" src="data:image/png;base64,{data}" width="{picture.width}" '
        f'height="{picture.height}" alt="Page {page_index + 1:,}, drawn small">'
    )


def _is_passing(reading: CurrentReading) -> bool:
    return reading.stage in _KEEPS_ON or reading.stage is Stage.PAUSED


def _facts(reading: CurrentReading) -> list[str]:
    document, facts = reading.document, []
    if reading.step is not None:
        facts.append(LEAVE)
    if document.token_count:
        facts.append(f"{number(100 * reading.share)}% read")
    if reading.tokens_per_second:
        facts.append(f"{number(reading.tokens_per_second)} tokens/s")
    if reading.seconds_left is not None:
        facts.append(time_left(reading.seconds_left))
    if document.is_reread:
        facts.append(AGAIN)
    elif reading.stage in _KEEPS_ON and document.tokens_read:
        facts.append(ASK_ALREADY)
    return facts
