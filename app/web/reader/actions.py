"""What the reader does: it opens passages and pages, lists the contents, and searches a document.

Each handler is given a whole place (`place.py`), so none depends on what a page showed before: a
page works on after the server was started again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS, sentence
from app.service import DocumentPage, PagePlace, Service, stored_passages
from app.web.chat.html import passages_of
from app.web.events import sent
from app.web.latest import Latest
from app.web.pager import wanted_number
from app.web.reader import html
from app.web.reader.html import Answered
from app.web.reader.place import Place, as_text, passage_place, place_in_text, place_of
from app.web.selected_session import selected_session
from storage import KeptNote, MessageRow, NotFound, SearchedWords

Outputs = tuple[Any, Any]
"""Values for the page, and for the tabs, of which that of the page is selected."""
SAME: Outputs = gr.skip(), gr.skip()
Contents = tuple[Any, Any, Any]
"""Values for the list of documents, the contents of the one that is shown, and what was found."""
SAME_CONTENTS: Contents = gr.skip(), gr.skip(), gr.skip()
NEAR = 60
"""Messages before an answer, and after it, among which the answers beside it are looked for."""
MAX_OFFERED = 200
"""Documents in the list; what is typed into it finds others."""
MAX_FOUND = 100
"""Passages that a search lists."""


class ReaderActions:
    """The handlers of the reader's events."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._latest = Latest()

    def open_of_answer(
        self, session: str | None, event: gr.EventData, request: gr.Request | None = None
    ) -> Iterator[Any]:
        """Open a passage of an answer in the conversation: the one named, else the first.

        Args:
            event: with the numbers of the message and of the passage, as the browser sends them.
        """
        data = sent(event)
        place = place_of({**data, "answer": data.get("message"), "segment": data.get("id")})
        if data.get("do") == "answer":
            place = Place(answer=place.answer)
        if place.answer is None or (data.get("do") != "answer" and place.segment is None):
            yield SAME
            return
        answered = self._answered(session, place)
        if answered is None or answered.passage is None:
            yield SAME
            return
        yield from self._latest.of(request, self._open(session, place, answered))

    def go(
        self, session: str | None, event: gr.EventData, request: gr.Request | None = None
    ) -> Iterator[Any]:
        """Open the place that a button of the reader names.

        Args:
            event: with the place. A place to be restored that is no longer there opens nothing.
        """
        data = sent(event)
        try:
            yield from self._latest.of(request, self._go(session, place_of(data)))
        except KNOWN_ERRORS:
            if data.get("do") != "restore":
                raise
            yield SAME

    def open_source(
        self, session: str | None, event: gr.EventData, request: gr.Request | None = None
    ) -> Iterator[Any]:
        """Open a document at its beginning, if it was asked for among the sources.

        Args:
            event: with what to do ("read" shows its page, "notes" its contents, which have its
                notes) and the document's number, as the browser sends them.

        Returns:
            the page, the tabs, and the values of `contents`.
        """
        data = sent(event)
        place = place_of({"document": data.get("id")})
        if data.get("do") not in ("read", "notes") or place.document is None:
            yield *SAME, *SAME_CONTENTS
            return
        pages = self._latest.of(request, self._go(session, place))
        if data.get("do") == "notes":
            page, _ = next(pages)
            yield page, gr.Tabs(selected="contents"), *self.contents(session, as_text(place))
        for shown in pages:
            yield *shown, *SAME_CONTENTS

    def open_of_note(
        self, session: str, note: KeptNote, segment_id: int, request: gr.Request | None = None
    ) -> Iterator[Any]:
        """Open a passage of a kept note: beside the others of its answer, if that is still there.

        Raises:
            NotFound: the passage was deleted meanwhile.
        """
        place = Place(segment=segment_id, answer=note.message_id)
        answered = self._answered(session, place)
        if answered is not None and answered.passage is not None:
            yield from self._latest.of(request, self._open(session, place, answered))
            return
        at = str(note.details.get("as_of") or "")
        page = self._service.passages.page(session, PagePlace(segment_id), at)
        if at:  # the other pages could not be bounded: the answer that bounds them is gone
            page = replace(page, previous=None, next=None)
        kept = stored_passages({}, note.citations)
        cited = next((p for p in kept if p["segment_id"] == segment_id), None)
        shown = self._show(page, Place(segment=segment_id), cited=cited)
        yield from self._latest.of(request, shown)

    def opened(self, session: str | None, shown: int | None) -> tuple[Any, Any, Any, Any, Any, Any]:
        """Empty the reader for another session; the browser opens where that one was left.

        Args:
            shown: number of the session that is shown already; its place stays.

        Returns:
            the page, the tabs, the contents, the emptied search and its result, and the number of
            the session.
        """
        row = self._service.sessions.find(session) if session else None
        now = row.id if row else None
        if now == shown:
            return (gr.skip(),) * 6
        tabs = gr.Tabs(selected="page")
        return html.closed_html(now), tabs, "", "", "", now

    def contents(self, session: str | None, shown: str) -> Contents:
        """The list of documents, the contents of the one that is shown, and no found passages.

        Args:
            shown: the place on the page, as JSON.
        """
        name, place = selected_session(self._service, session), place_in_text(shown)
        if name is None or not self._service.documents.has_any(name):
            return gr.Dropdown(choices=[], value=None, visible=False), html.NOTHING_TO_READ, ""
        answered = self._answered(name, place)
        choices, listed = self._choices(name, ""), ""
        document_id = self._document_of(name, place, answered)
        if document_id is not None:
            listed = self._contents(name, document_id, answered)
        is_one = len(choices) < 2
        chosen = gr.Dropdown(choices=choices, value=document_id, visible=not is_one)
        return chosen, listed, ""

    def turn(self, session: str | None, shown: str, event: gr.EventData) -> Any:
        """Show other entries of the contents.

        Args:
            event: with the number of the first one.
        """
        return self._screen(session, shown, wanted_number(event._data)) or gr.skip()

    def renew(self, session: str | None, shown: str, event: gr.EventData) -> Any:
        """List the contents again, if they have grown since: nobody asked, so no error is shown.

        Args:
            event: with what was listed, as its HTML says, and the number of its first entry.
        """
        try:
            listed = self._screen(session, shown, wanted_number(event._data))
        except KNOWN_ERRORS:
            return gr.skip()
        is_same = listed is None or html.state_of(listed) == sent(event).get("state")
        return gr.skip() if is_same else listed

    def choose(
        self,
        session: str | None,
        document_id: Any,
        shown: str,
        request: gr.Request | None = None,
    ) -> Iterator[tuple[Any, Any, Any]]:
        """Open another document, bounded as before, and list its contents.

        Returns:
            the page, the contents, and no found passages.
        """
        name, place = selected_session(self._service, session), place_in_text(shown)
        chosen = place_of({"document": document_id, "answer": place.answer})
        if name is None or chosen.document is None:
            yield (gr.skip(),) * 3
            return
        listed = self._contents(name, chosen.document, self._answered(name, chosen))
        for page, _ in self._latest.of(request, self._go(name, chosen)):
            yield page, listed, ""

    def find_documents(self, session: str | None, typed: gr.KeyUpData) -> Any:
        """Offer the documents whose titles have the words that are being typed."""
        name = selected_session(self._service, session)
        return gr.Dropdown(choices=self._choices(name, typed.input_value)) if name else gr.skip()

    def search(self, session: str | None, written: str, shown: str) -> str:
        """The passages of the shown document that have the words of a search.

        Args:
            shown: the place on the page, as JSON.
        """
        name, place = selected_session(self._service, session), place_in_text(shown)
        answered = self._answered(name, place)
        document_id = self._document_of(name, place, answered) if name else None
        written = place_of({"words": written}).words.strip()
        if name is None or document_id is None or not written:
            return ""
        words = self._service.passages.searched_words(name, written)
        at = answered.at if answered else ""
        found = self._service.passages.search(name, document_id, words, MAX_FOUND, at)
        return html.found_html(found, words, written, place.answer if answered else None)

    def _choices(self, session: str, search: str) -> list[tuple[str, int]]:
        listing = self._service.documents.listing(session, search, 0, MAX_OFFERED)
        return [(status.document.title, status.document.id) for status in listing.rows]

    def _contents(
        self, session: str, document_id: int, answered: Answered | None, offset: int = 0
    ) -> str:
        at, number = (answered.at, answered.message.id) if answered else ("", None)
        notes = self._service.notes.of_document(session, document_id, at)
        has_chapters = any(chapter.heading for chapter in notes.chapters)
        headings = [] if has_chapters else self._service.notes.headings(session, document_id, at)
        return html.contents_html(notes, headings, number, at, offset)

    def _screen(self, session: str | None, shown: str, offset: int | None) -> str | None:
        """The contents of the document that is shown, from an entry on; None if there are none."""
        name, place = selected_session(self._service, session), place_in_text(shown)
        answered = self._answered(name, place)
        document_id = self._document_of(name, place, answered) if name else None
        if name is None or document_id is None or offset is None:
            return None
        return self._contents(name, document_id, answered, offset)

    def _document_of(self, session: str, place: Place, answered: Answered | None) -> int | None:
        """The document of a place; that which would be opened if the place is empty."""
        try:
            return self._page(session, place, answered).document.id
        except KNOWN_ERRORS:
            return None

    def _go(self, session: str | None, place: Place) -> Iterator[Outputs]:
        answered = self._answered(session, place)
        if place.answer is not None and answered is None:
            raise NotFound("This answer is no longer in the conversation.")
        yield from self._open(session, place, answered)

    def _open(
        self, session: str | None, place: Place, answered: Answered | None
    ) -> Iterator[Outputs]:
        name = selected_session(self._service, session)
        if name is None:
            yield SAME
            return
        if answered is not None and answered.passage is not None:
            place = passage_place(answered.passage, answered.message.id)
        page = self._page(name, place, answered)
        words = self._service.passages.searched_words(name, place.words) if place.words else None
        kept = place if place.segment is not None else _kept(page, place)
        cited = answered.passage if answered else None
        yield from self._show(page, kept, answered, cited, words)

    def _show(
        self,
        page: DocumentPage,
        place: Place,
        answered: Answered | None = None,
        cited: Mapping[str, Any] | None = None,
        words: SearchedWords | None = None,
    ) -> Iterator[Outputs]:
        """Show the text first, then with it the picture, which takes a moment to draw."""
        turn = secrets.token_hex(4)

        def shown(picture: str) -> str:
            return html.page_html(page, place, picture, answered, cited, words, turn)

        index = page.page_index
        yield shown("" if index is None else html.BEING_DRAWN), gr.Tabs(selected="page")
        if index is not None:
            yield shown(self._picture(page, index, cited)), gr.skip()

    def _page(self, session: str, place: Place, answered: Answered | None) -> DocumentPage:
        at = answered.at if answered else ""
        if place.segment is None:
            wanted = self._service.passages.place_in(session, place.document, place.token or 0, at)
        else:
            wanted = PagePlace(place.segment, place.part, place.page)
        return self._service.passages.page(session, wanted, at)

    def _picture(self, page: DocumentPage, index: int, cited: Mapping[str, Any] | None) -> str:
        text = str(cited["text"]) if cited else ""
        try:
            picture = self._service.passages.render(page.document.id, index, text)
        except KNOWN_ERRORS as error:
            return f'<div class="footing">{escape(sentence(error))}</div>'
        name = f"{page.document.title}, {page.name}"
        return html.picture_html(picture, name, has_passage=bool(text))

    def _answered(self, session: str | None, place: Place) -> Answered | None:
        """The answer of a place, and which of its passages that is; None: it is of no answer."""
        name = selected_session(self._service, session)
        near = self._near(name, place.answer) if name and place.answer is not None else []
        found = (m for m in near if m.id == place.answer and m.role == "assistant")
        message = next(found, None)
        return Answered(message, near, _passage(message, place)) if message else None

    def _near(self, session: str, number: int) -> list[MessageRow]:
        """A message of this number and those around it."""
        before = self._service.questions.count_messages(session, number)
        first = max(0, before - NEAR)
        return self._service.questions.messages_at(session, first, before - first + 1 + NEAR)


def _passage(answer: MessageRow, place: Place) -> Mapping[str, Any] | None:
    """The passage of an answer that a place names; the first one if it names nothing else."""
    passages = passages_of(answer)
    if place.segment is None:
        is_named = place.document is not None or place.token is not None
        return None if is_named or not passages else passages[0]
    if place.part != "around" or place.page is not None or place.words:
        return None
    of_segment = [p for p in passages if p["segment_id"] == place.segment]
    numbered = (p for p in of_segment if p["number"] == place.number)
    return next(numbered, of_segment[0] if of_segment else None)


def _kept(page: DocumentPage, place: Place) -> Place:
    """The place of a page that was named by a document and a token, as it is kept."""
    wanted = page.place
    return place._replace(
        document=None, token=None, segment=wanted.segment_id, part=wanted.part, page=wanted.number
    )
