"""What the reader shows, as escaped HTML. Does not import gradio.

Each button that leads somewhere has the place in `data-place`; the place that is shown is on the
page itself, from where the browser keeps it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import shorten
from typing import Any, NamedTuple

from app.service import DocumentNotes, DocumentPage, NotedChapter, PagePlace, note_place
from app.web.chat.html import chip_text, passages_of
from app.web.pager import pager_html
from app.web.reader.place import Place, as_text, passage_place
from app.web.reader.typeset import Spans, marked, typeset
from ingest import PagePicture
from storage import DocumentMatches, Heading, Listing, MessageRow, Passage, SearchedWords

MAX_QUESTION_CHARS = 90
MAX_ENTRIES = 300
"""Chapters, headings and notes that are listed at once; buttons lead to the others."""
EXCERPT_CHARS = 160
"""Of a passage that a search found."""
BEING_DRAWN = '<div class="footing">The page is being drawn…</div>'


NOTHING_TO_READ = '<p class="footing">There is nothing to read yet: add a document first.</p>'


@dataclass(frozen=True)
class Answered:
    """The answer from which a page was opened.

    Args:
        message: the answer.
        near: the messages around it.
        passage: which of its passages is shown; None: another page of a document.
    """

    message: MessageRow
    near: Sequence[MessageRow]
    passage: Mapping[str, Any] | None

    @property
    def at(self) -> str:
        """The place as of which it was given; empty: all that was read then."""
        return str((self.message.details or {}).get("as_of", ""))


class _Entry(NamedTuple):
    """A chapter, a heading or a note in the contents, and the token at which it begins."""

    token: int
    is_heading: bool
    text: str
    where: str = ""


def closed_html(session_id: int | None) -> str:
    """An empty page; the browser opens the place in it where the session was left."""
    return f'<div class="reader-page" data-session="{session_id or ""}"></div>'


def page_html(
    page: DocumentPage,
    place: Place,
    picture: str,
    answered: Answered | None = None,
    cited: Mapping[str, Any] | None = None,
    words: SearchedWords | None = None,
    turn: str = "",
) -> str:
    """A page of a document: what is marked on it, and buttons to what is before and after it.

    Args:
        place: as the page was asked for.
        picture: HTML of its picture, or of what is shown instead; empty for none.
        answered: the answer from which it was opened.
        cited: the passage of that answer, or of a kept note, that is marked.
        words: of a search, which are marked.
        turn: another one each time that a page is asked for. So the browser also notices that the
            page that it has is opened again.
    """
    document = page.document
    where = f"{document.title}, {cited['locator'] if cited else page.name}"
    texts = []
    for segment in page.segments:
        spans: Spans = []
        if words is not None:
            spans = words.spans(segment.text)
        elif cited is not None and page.segment is segment:
            spans = [cited_span(segment.text, str(cited["text"]))]
        texts.append(typeset(document.kind, segment, spans))
    text = "".join(texts) or '<p class="footing">There is no text on this page.</p>'
    return (
        f'<div class="reader-page" data-session="{document.session_id}" data-turn="{turn}">'
        f"{steps_html(answered.near, answered.message) if answered else ''}"
        f'<section class="passage" aria-label="Passage" data-document="{document.id}" '
        f'data-place="{escape(as_text(place))}">'
        f"{_passages(answered, place) if answered else ''}"
        f'<h3 tabindex="-1">{escape(where)}</h3>{_as_of(answered)}{picture}'
        f'<div class="text kind-{escape(document.kind)}">{text}</div>'
        f"{_pages(page, answered)}</section></div>"
    )


def cited_span(text: str, cited: str) -> tuple[int, int]:
    """Where the cited words are in the text of their passage; all of it if they are not in it."""
    start = text.find(cited) if cited else -1
    return (start, start + len(cited)) if start >= 0 else (0, len(text))


def steps_html(messages: Sequence[MessageRow], answer: MessageRow) -> str:
    """The question that the passages belong to, with buttons to the answers before and after it.

    Without the buttons, the passages of an older answer could be opened by a click on it only.
    """
    answers = [m for m in messages if m.role == "assistant" and passages_of(m)]
    numbers = [m.id for m in answers]
    if len(answers) < 2 or answer.id not in numbers:
        return ""
    at = numbers.index(answer.id)
    asked = [m.text for m in messages if m.role == "user" and m.id < answer.id]
    question = shorten(asked[-1], MAX_QUESTION_CHARS, placeholder="…") if asked else ""
    earlier, later = (
        [Place(answer=number) for number in ids]
        for ids in (numbers[:at][-1:], numbers[at + 1 :][:1])
    )
    return (
        '<nav class="steps" aria-label="Answers">'
        f"{_button('earlier-answer', 'Earlier answer', *earlier)}"
        f"<span>{escape(question)}</span>{_button('later-answer', 'Later answer', *later)}</nav>"
    )


def _passages(answered: Answered, place: Place) -> str:
    """A button for each passage of the answer, between those to the one before and after."""
    passages = passages_of(answered.message)
    places = [passage_place(p, answered.message.id) for p in passages]
    at = places.index(place) if place in places else -1
    chips = "".join(
        _chip(passage, to, is_shown=to == place)
        for passage, to in zip(passages, places, strict=True)
    )
    before = _button("previous-passage", "‹", *places[:at][-1:] if at > 0 else ())
    after = _button("next-passage", "›", *places[at + 1 :][:1])
    return f'<nav class="chips" aria-label="Passages">{before}{chips}{after}</nav>'


def _chip(passage: Mapping[str, Any], place: Place, is_shown: bool) -> str:
    name, mark = escape(chip_text(passage)), "cited" if passage["cited"] else "given"
    return (
        f'<button class="chip {mark}" data-do="open" data-place="{escape(as_text(place))}" '
        f'aria-pressed="{str(is_shown).lower()}" aria-label="{name}" title="{name}">'
        f"{passage['number']}</button>"
    )


_NAMES = {
    "previous-passage": "Previous passage",
    "next-passage": "Next passage",
    "previous-page": "Previous page",
    "next-page": "Next page",
}
"""What buttons with a sign or a short word on them are called."""


def _button(do: str, label: str, *to: Place) -> str:
    """A button to a place, if there is one."""
    where = f'data-place="{escape(as_text(to[0]))}"' if to else "disabled"
    name = f' aria-label="{_NAMES[do]}" title="{_NAMES[do]}"' if do in _NAMES else ""
    return f'<button class="chip" data-do="{do}" {where}{name}>{label}</button>'


def _as_of(answered: Answered | None) -> str:
    if answered is None or not answered.at:
        return ""
    said = f"As of {answered.at}, as the answer: nothing after it is shown."
    return f'<p class="footing">{escape(said)}</p>'


def _pages(page: DocumentPage, answered: Answered | None) -> str:
    def to(place: PagePlace | None) -> list[Place]:
        if place is None:
            return []
        answer = answered.message.id if answered else None
        return [Place(segment=place.segment_id, part=place.part, page=place.number, answer=answer)]

    return (
        '<nav class="turn" aria-label="Pages">'
        f"{_button('previous-page', 'Previous', *to(page.previous))}"
        f"<span>{escape(page.name)}</span>"
        f"{_button('next-page', 'Next', *to(page.next))}</nav>"
    )


def picture_html(picture: PagePicture, name: str, has_passage: bool = True) -> str:
    """A page with the passage marked; marks are placed in percent, so that any width will do.

    Args:
        has_passage: whether a passage was to be marked.
    """
    marks = "".join(
        f'<span style="left:{100 * m.left / picture.width:.2f}%;'
        f"top:{100 * m.top / picture.height:.2f}%;"
        f"width:{100 * (m.right - m.left) / picture.width:.2f}%;"
        f'height:{100 * (m.bottom - m.top) / picture.height:.2f}%"></span>'
        for m in picture.marks
    )
    data = base64.b64encode(picture.png).decode("ascii")
    remark = "the passage is marked" if marks else "the passage was not found on the picture"
    about = f"{name} as a picture" + (f"; {remark}" if has_passage else "")
    return (
        f'<figure class="page"><img src="data:image/png;base64,{data}" width="{picture.width}" '
        f'height="{picture.height}" alt="{escape(about)}">{marks}</figure>'
    )


def contents_html(
    of: DocumentNotes,
    headings: Sequence[Heading],
    answer: int | None = None,
    at: str = "",
    offset: int = 0,
) -> str:
    """The outline of a document with the notes below their chapters; each leads to its place.

    Args:
        headings: of a document without chapters.
        answer: number of the answer from which the document was opened.
        at: as of which it was given.
        offset: number of the first entry that is shown, counted from 0.
    """
    entries = [entry for chapter in of.chapters for entry in _of_chapter(chapter)]
    entries += [_Entry(h.token_start, True, f"{h.title}, {h.place}") for h in headings]
    if headings:
        entries.sort(key=lambda entry: (entry.token, not entry.is_heading))
    offset = min(offset, max(0, len(entries) - 1))
    lines = [
        _entry_html(of.document_id, entry, answer)
        for entry in entries[offset : offset + MAX_ENTRIES]
    ]
    if not any(entry.is_heading for entry in entries):
        begin = _Entry(0, True, "From the beginning")
        lines.insert(0, _entry_html(of.document_id, begin, answer))
    until = f"Up to {at}, as of which the answer was given." if at else ""
    remarks = [f'<p class="footing">{escape(text)}</p>' for text in (until, of.why_none) if text]
    pager = pager_html(Listing(lines, offset, len(entries)), MAX_ENTRIES, "entries")
    shown = "".join([*remarks, *lines, pager])
    state = hashlib.blake2s(shown.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return (
        f'<nav class="contents" aria-label="Contents" tabindex="-1" data-state="{state}" '
        f'data-offset="{offset}">{shown}</nav>'
    )


def state_of(contents: str) -> str:
    """What differs for contents that differ, as their HTML says it."""
    found = re.search(r' data-state="(\w+)"', contents)
    return found[1] if found else ""


def _of_chapter(chapter: NotedChapter) -> Iterator[_Entry]:
    if chapter.heading:
        yield _Entry(chapter.token_start, True, chapter.heading)
    for note in chapter.notes:
        yield _Entry(note.token_start, False, note.text, note_place(note))


def _entry_html(document_id: int, entry: _Entry, answer: int | None) -> str:
    place = Place(document=document_id, token=entry.token, answer=answer)
    style = "noted-chapter" if entry.is_heading else "note"
    before = f"<span>{escape(entry.where)}</span> " if entry.where else ""
    return (
        f'<button class="{style}" data-do="place" data-place="{escape(as_text(place))}">'
        f"{before}<bdi>{escape(entry.text)}</bdi></button>"
    )


def found_html(
    found: DocumentMatches, words: SearchedWords, written: str, answer: int | None
) -> str:
    """What a search inside a document found: for each passage where it is, and its words."""
    if not found.passages:
        said = "No passage of this document has all of these words."
        return f'<p class="footing" role="status">{said}</p>'
    shown = len(found.passages)
    count = f"{found.total:,} passage{'' if found.total == 1 else 's'}"
    if found.total > shown:
        count += f"; the first {shown} are listed. A further word narrows the search."
    hits = "".join(
        f'<button class="hit" data-do="place" data-place="'
        f'{escape(as_text(Place(segment=p.segment_id, answer=answer, words=written)))}">'
        f'<span>{escape(p.locator)}</span> <span dir="auto">{_excerpt(p, words)}</span></button>'
        for p in found.passages
    )
    return (
        f'<p class="footing" role="status">{count}</p>'
        f'<nav class="hits" aria-label="Found passages">{hits}</nav>'
    )


def _excerpt(passage: Passage, words: SearchedWords) -> str:
    """The words around the first one that was found, on one line."""
    line = " ".join(passage.text.split())
    spans = words.spans(line)
    first = spans[0][0] if spans else 0
    start = max(0, first - EXCERPT_CHARS // 3)
    if start:
        start = line.find(" ", start, first) + 1 or start
    end = start + EXCERPT_CHARS
    if end < len(line):
        end = line.rfind(" ", first + 1, end) if " " in line[first + 1 : end] else end
    before, after = "…" if start else "", "…" if end < len(line) else ""
    return f"{before}{marked(line, spans, start, min(end, len(line)))}{after}"
