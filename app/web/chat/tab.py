"""The chat tab: the conversation, the question, where to answer as of, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.chat import html as views
from app.web.chat.passage_panel import PassagePanel, lay_out_passage
from app.web.notify import notify, notify_text
from app.web.selected_session import selected_session
from ingest.naming import file_name

NOW = ("Everything read so far", "")


@dataclass(frozen=True)
class Chat:
    """The components of the tab."""

    messages: gr.Chatbot
    footing: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    at: gr.Dropdown
    markdown: gr.Button
    json: gr.Button
    file_name: gr.Textbox
    file_text: gr.Textbox
    passage: PassagePanel


def lay_out_chat() -> Chat:
    """The tab's content."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            messages = _messages()
            footing = gr.HTML()
            with gr.Row(equal_height=True, elem_classes="tight asking"):
                question = _question()
                send = gr.Button("Ask", variant="primary", size="md", scale=1, min_width=70)
                stop = gr.Button("Stop", size="md", scale=1, min_width=70, interactive=False)
            with gr.Row(equal_height=False, elem_classes="tight below"):
                at = _as_of()
                markdown = gr.Button("Save as Markdown", size="sm", scale=1, min_width=130)
                json = gr.Button("Save as JSON", size="sm", scale=1, min_width=110)
        passage = lay_out_passage()
    name = gr.Textbox(visible="hidden", label="File name")
    text = gr.Textbox(visible="hidden", label="File")
    return Chat(messages, footing, question, send, stop, at, markdown, json, name, text, passage)


def _messages() -> gr.Chatbot:
    return gr.Chatbot(
        height="max(300px, calc(100vh - 370px))",
        label="Conversation",
        show_label=False,
        render_markdown=False,
        buttons=["copy"],
        editable="user",
        placeholder=views.WELCOME,
        elem_classes="conversation",
    )


def _question() -> gr.Textbox:
    return gr.Textbox(
        placeholder="Ask a question…",
        label="Question",
        show_label=False,
        container=False,
        max_lines=6,
        scale=6,
        min_width=120,
    )


def _as_of() -> gr.Dropdown:
    # Also what is typed is taken, so that every page can be named without a list of them all.
    return gr.Dropdown(
        label="Answer as of",
        info="No spoilers: choose a place, or type one, such as “page 120”",
        choices=[NOW],
        value="",
        allow_custom_value=True,
        scale=4,
        min_width=260,
    )


class ChatActions:
    """What the tab shows of a session, and what it gives away as files."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def messages(self, session: str | None) -> tuple[Any, str]:
        """The conversation, or first questions where there is none, and the answer's footing."""
        session = selected_session(self._service, session)
        if session is None:
            return gr.Chatbot(value=[], placeholder=views.WELCOME, examples=[]), ""
        said = self._service.questions.messages(session)
        details = said[-1].details if said else None
        if said:
            return gr.Chatbot(value=views.conversation(said)), views.footing_html(details)
        suggested = self._service.questions.suggested(session)
        has_documents = bool(self._service.documents.list(session))
        welcome = views.WELCOME_WITH_DOCUMENTS if has_documents else views.WELCOME
        examples = [{"text": question} for question in suggested]
        return gr.Chatbot(value=[], placeholder=welcome, examples=examples), ""

    def places(self, session: str | None) -> Any:
        """What can be asked as of; choosing stays possible while the list is renewed."""
        return gr.Dropdown(choices=self._choices(session))

    def places_anew(self, session: str | None) -> Any:
        """The places of another session, none of them chosen."""
        return gr.Dropdown(choices=self._choices(session), value="")

    def _choices(self, session: str | None) -> list[tuple[str, str]]:
        name = selected_session(self._service, session)
        places = self._service.questions.places(name) if name else []
        return [NOW, *((place.label, place.at) for place in places)]

    def as_markdown(self, session: str | None) -> tuple[str, str]:
        return self._file(session, "md")

    def as_json(self, session: str | None) -> tuple[str, str]:
        return self._file(session, "json")

    def _file(self, session: str | None, format: str) -> tuple[str, str]:
        """Name and content of the conversation as a file; an empty name where there is none."""
        session = selected_session(self._service, session)
        if session is None or not self._service.questions.messages(session):
            notify_text("Nothing was asked yet; there is no conversation to save.")
            return "", ""
        try:
            return f"{file_name(session)}.{format}", self._service.questions.history(
                session, format
            )
        except KNOWN_ERRORS as error:
            notify(error)
            return "", ""
