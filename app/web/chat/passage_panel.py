"""The panel beside the chat: a passage with the text around it, and for a PDF its page."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import shorten
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS, sentence
from app.service import PassageContext, Service
from app.web.chat.actions import QuestionActions
from app.web.chat.html import chip_text, message_index, passages_of
from app.web.javascript import BUTTONS
from app.web.notify import notify
from app.web.selected_session import selected_session
from ingest import PagePicture
from storage import MessageRow

Outputs = tuple[Any, Any, Any]
"""Values for the panel, its content, and the number of the answer it belongs to."""
MAX_QUESTION_CHARS = 90
NEAR = 60
"""Messages before an answer, and after it, among which the answers beside it are looked for."""


@dataclass(frozen=True)
class PassagePanel:
    """The components of the panel; `answer` is the number of the message it belongs to."""

    panel: gr.Column
    content: gr.HTML
    close: gr.Button
    answer: gr.State


def lay_out_passage() -> PassagePanel:
    """Make the panel, closed."""
    with gr.Column(visible=False, scale=2, min_width=320, elem_classes="passage-panel") as panel:
        content = gr.HTML(js_on_load=BUTTONS)
        close = gr.Button("Close the passage", size="sm")
    return PassagePanel(panel, content, close, gr.State())


class PassageActions:
    """The actions that open, fill and close the panel."""

    def __init__(self, service: Service, questions: QuestionActions) -> None:
        self._service, self._questions = service, questions

    def open_chip(
        self, session: str | None, selected: gr.SelectData, request: gr.Request
    ) -> Iterator[Outputs]:
        """Open the passage of a chip below the last answer that is shown."""
        answers = [m for m in self._questions.shown(session, request) if m.role == "assistant"]
        segment_id = _number(selected.value)
        with_it = (a for a in reversed(answers) if segment_id in map(_segment_of, passages_of(a)))
        yield from self._open(session, next(with_it, None), segment_id)

    def open_answer(
        self, session: str | None, selected: gr.SelectData, request: gr.Request
    ) -> Iterator[Outputs]:
        """Open the first passage of the answer that was clicked."""
        index = message_index(selected.index)
        messages = self._questions.shown(session, request)
        message = messages[index] if 0 <= index < len(messages) else None
        passages = passages_of(message) if message and message.role == "assistant" else []
        if not passages:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        yield from self._open(session, message, passages[0]["segment_id"])

    def open_other(
        self, session: str | None, answer_id: int | None, event: gr.EventData
    ) -> Iterator[Outputs]:
        """Open another passage of the same answer, or the first one of another answer."""
        data = event._data if isinstance(event._data, dict) else {}
        wanted, is_answer = _number(data.get("id")), data.get("do") == "answer"
        answer = self._answer(session, wanted if is_answer else answer_id)
        first = passages_of(answer)[:1] if answer and is_answer else []
        yield from self._open(session, answer, first[0]["segment_id"] if first else wanted)

    def close(self) -> Outputs:
        """Hide and empty the panel."""
        return gr.Column(visible=False), "", None

    def _near(self, session: str, number: int) -> list[MessageRow]:
        """A message of this number and those around it."""
        before = self._service.questions.count_messages(session, number)
        first = max(0, before - NEAR)
        return self._service.questions.messages_at(session, first, before - first + 1 + NEAR)

    def _answer(self, session: str | None, number: int | None) -> MessageRow | None:
        name = selected_session(self._service, session)
        near = self._near(name, number) if name and number is not None else []
        return next((m for m in near if m.id == number and m.role == "assistant"), None)

    def _open(
        self, session: str | None, answer: MessageRow | None, segment_id: int
    ) -> Iterator[Outputs]:
        """Show the text first, then with it the page, which takes a moment to draw."""
        if not session or answer is None:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        passages = passages_of(answer)
        try:
            context = self._service.passages.context(
                session, segment_id, answer.details.get("as_of", "")
            )
        except KNOWN_ERRORS as error:  # for example, the document was removed since
            notify(error)
            yield gr.skip(), gr.skip(), gr.skip()
            return
        has_page = context.page_index is not None
        placeholder = '<div class="footing">The page is being drawn…</div>' if has_page else ""
        steps = steps_html(self._near(session, answer.id), answer)
        panel = gr.Column(visible=True)
        yield panel, steps + passage_html(passages, context, placeholder), answer.id
        if has_page:
            page = self._page(context)
            yield gr.skip(), steps + passage_html(passages, context, page), answer.id

    def _page(self, context: PassageContext) -> str:
        assert context.page_index is not None
        try:
            picture = self._service.passages.render(
                context.document.id, context.page_index, context.text
            )
        except KNOWN_ERRORS as error:
            return f'<div class="footing">{escape(sentence(error))}</div>'
        return picture_html(picture, f"{context.document.title}, {context.locator}")


def _number(value: Any) -> int:
    """A number from the browser; -1, which no row has, if it is none."""
    try:
        return int(str(value)[:18])  # fits into 64 bits
    except ValueError:
        return -1


def _segment_of(passage: Mapping[str, Any]) -> int:
    return _number(passage["segment_id"])


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
    return (
        f'<nav class="steps" aria-label="Answers">{_step("Earlier answer", numbers[:at][-1:])}'
        f"<span>{escape(question)}</span>{_step('Later answer', numbers[at + 1 :][:1])}</nav>"
    )


def _step(label: str, to: Sequence[int]) -> str:
    where = f'data-do="answer" data-id="{to[0]}"' if to else "disabled"
    return f'<button class="chip" {where}>{label}</button>'


def passage_html(passages: Sequence[Mapping[str, Any]], context: PassageContext, page: str) -> str:
    """A passage with the text before and after it, and a button for each passage of the answer.

    Args:
        passages: of the answer.
        page: HTML of the page's picture, or of what is shown instead; empty for none.
    """
    buttons = "".join(_chip(p, context.segment_id) for p in passages)
    before = "".join(f"<p>{escape(text)}</p>" for text in context.before)
    after = "".join(f"<p>{escape(text)}</p>" for text in context.after)
    where = f"{context.document.title}, {context.locator}"
    return (
        f'<section class="passage" aria-label="Passage"><div class="chips">{buttons}</div>'
        f'<h3 tabindex="-1">{escape(where)}</h3>{page}'
        f'<div class="text">{before}<p><mark>{escape(context.text)}</mark></p>{after}</div>'
        "</section>"
    )


def _chip(passage: Mapping[str, Any], selected: int) -> str:
    number, name = passage["number"], escape(chip_text(passage))
    pressed = "true" if passage["segment_id"] == selected else "false"
    mark = "cited" if passage["cited"] else "given"
    return (
        f'<button class="chip {mark}" data-do="open" data-id="{passage["segment_id"]}" '
        f'aria-pressed="{pressed}" aria-label="{name}" title="{name}">{number}</button>'
    )


def picture_html(picture: PagePicture, name: str) -> str:
    """A page with the passage marked; marks are placed in percent, so that any width will do."""
    marks = "".join(
        f'<span style="left:{100 * m.left / picture.width:.2f}%;'
        f"top:{100 * m.top / picture.height:.2f}%;"
        f"width:{100 * (m.right - m.left) / picture.width:.2f}%;"
        f'height:{100 * (m.bottom - m.top) / picture.height:.2f}%"></span>'
        for m in picture.marks
    )
    data = base64.b64encode(picture.png).decode("ascii")
    remark = (
        "the passage is marked" if picture.marks else "the passage was not found on the picture"
    )
    return (
        f'<figure class="page"><img src="data:image/png;base64,{data}" '
        f'alt="{escape(name)} as a picture; {remark}">{marks}</figure>'
    )
