"""The chat tab: its components (conversation, question, "as of", files, passage) and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.service import Service
from app.web import javascript
from app.web.chat import html
from app.web.chat.actions import NOW, ChatActions, QuestionActions
from app.web.chat.passage_panel import PassageActions, PassagePanel, lay_out_passage
from app.web.events import QUIET, save_on_click

REFRESH_SECONDS = 1.5
"""How often a page looks for answers that were asked for on another one."""


@dataclass(frozen=True)
class Chat:
    """The components of the tab; `file_name` and `file_text` hand a file to the browser.

    `offered` is what the list `at` offers.
    """

    messages: gr.Chatbot
    footing: gr.HTML
    find: gr.Textbox
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    at: gr.Dropdown
    offered: gr.State
    markdown: gr.Button
    json: gr.Button
    file_name: gr.Textbox
    file_text: gr.Textbox
    passage: PassagePanel


def lay_out_chat() -> Chat:
    """Make the components, in their places."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_classes="listing"):
            messages = _messages()
            footing = gr.HTML(js_on_load=javascript.BUTTONS)
            find = gr.Textbox(
                label="Find in the conversation",
                placeholder="Find in the conversation; Enter again finds earlier messages",
                show_label=False,
                container=False,
                max_lines=1,
                elem_classes="field search",
            )
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
    return Chat(
        *(messages, footing, find, question, send, stop, at, gr.State()),
        *(markdown, json, name, text, passage),
    )


def _messages() -> gr.Chatbot:
    return gr.Chatbot(
        height="max(300px, calc(100vh - 370px))",
        label="Conversation",
        show_label=False,
        render_markdown=False,
        latex_delimiters=[],  # otherwise $$ is typeset though text is shown as written
        buttons=["copy"],
        editable="user",
        placeholder=html.WELCOME,
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
    # A typed value is accepted too, so that each page can be named without a list of them all.
    return gr.Dropdown(
        label="Answer as of",
        info="No spoilers: choose a place, or type one, such as “page 120”",
        choices=[NOW],
        value="",
        allow_custom_value=True,
        scale=4,
        min_width=260,
    )


def wire_chat(
    chat: Chat, tab: gr.Tab, session: gr.Radio, service: Service, questions: QuestionActions
) -> None:
    """Connect the components with their actions.

    Args:
        tab: the chat's own.
        session: its value is the selected session.
        questions: shared with the page, which opens sessions with it.
    """
    _wire_questions(chat, session, questions, service.settings.max_waiting_questions)
    _wire_passages(chat, session, PassageActions(service, questions))
    actions, shown = ChatActions(service), [chat.messages, chat.footing]
    chat.footing.click(questions.turn, session, shown, **QUIET)
    chat.find.submit(questions.find, [session, chat.find], shown, **QUIET)
    tab.select(questions.open, session, shown, **QUIET)
    places, shown_places = [session, chat.offered], [chat.at, chat.offered]
    tab.select(actions.refresh_as_of, places, shown_places, **QUIET)
    chat.at.focus(actions.refresh_as_of, places, shown_places, **QUIET)
    # "always_last" would send what the first of the keys had typed again.
    chat.at.key_up(actions.find_as_of, places, shown_places, trigger_mode="multiple", **QUIET)
    file = [chat.file_name, chat.file_text]
    save_on_click(chat.markdown, actions.as_markdown, [session], file)
    save_on_click(chat.json, actions.as_json, [session], file)


def _wire_questions(
    chat: Chat, session: gr.Radio, questions: QuestionActions, max_waiting: int
) -> None:
    outputs = [chat.messages, chat.question, chat.footing, chat.stop]
    # As many as may wait in the queue, and one more, which is refused with the reason.
    limits = {**QUIET, "concurrency_limit": max_waiting + 2, "concurrency_id": "questions"}
    gr.on(
        [chat.send.click, chat.question.submit],
        questions.ask,
        [session, chat.question, chat.at],
        outputs,
        **limits,
    )
    chat.messages.example_select(questions.ask_suggested, [session, chat.at], outputs, **limits)
    chat.messages.retry(questions.ask_again, session, outputs, **limits)
    chat.messages.edit(questions.edit, [session, chat.at], outputs, **limits)
    chat.stop.click(questions.stop, session, chat.stop, concurrency_limit=None)
    gr.Timer(REFRESH_SECONDS).tick(
        questions.refresh, session, outputs, concurrency_limit=None, **QUIET
    )


def _wire_passages(chat: Chat, session: gr.Radio, passages: PassageActions) -> None:
    panel = chat.passage
    outputs = [panel.panel, panel.content, panel.answer]
    focus: dict[str, Any] = {"fn": None, "js": javascript.TO_PASSAGE}
    chat.messages.option_select(passages.open_chip, session, outputs, **QUIET).then(**focus)
    chat.messages.select(passages.open_answer, session, outputs, **QUIET).then(**focus)
    inputs = [session, panel.answer]
    panel.content.click(passages.open_other, inputs, outputs, **QUIET).then(**focus)
    panel.close.click(passages.close, None, outputs, **QUIET)
