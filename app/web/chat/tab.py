"""The chat tab: its components (conversation, question, "as of", files) and events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.service import Service
from app.web import javascript
from app.web.chat import html
from app.web.chat.actions import QuestionActions
from app.web.chat.as_of import AsOf, lay_out_as_of, wire_as_of
from app.web.chat.conversation import ChatActions
from app.web.events import IN_TURN, QUIET, save_on_click

SCRIPT = Path(__file__).with_name("conversation.js")


@dataclass(frozen=True)
class Chat:
    """The components of the tab; `file_name` and `file_text` hand a file to the browser.

    `messages` are the stored ones, `running` is the question that is being answered: so a word more
    changes the short one only.
    """

    messages: gr.HTML
    running: gr.HTML
    pager: gr.HTML
    find: gr.Textbox
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    as_of: AsOf
    notes: gr.Button
    markdown: gr.Button
    json: gr.Button
    html: gr.Button
    file_name: gr.Textbox
    file_text: gr.Textbox
    seen: gr.State

    @property
    def at(self) -> gr.Dropdown:
        """The list whose value is the place as of which questions are answered."""
        return self.as_of.at


def lay_out_chat() -> Chat:
    """Make the components, in their places in the row of the desk."""
    with gr.Column(scale=3, min_width=320, elem_classes="listing"):
        with gr.Column(elem_classes="conversation", min_width=0):
            messages = gr.HTML(
                html.welcome_html(),
                js_on_load=SCRIPT.read_text(encoding="utf-8"),
                apply_default_css=False,
                elem_classes="earlier",
            )
            running = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="running")
        pager = gr.HTML(js_on_load=javascript.BUTTONS, elem_classes="pages")
        find = gr.Textbox(
            label="Find in the conversation",
            placeholder="Find in the conversation; Enter again finds earlier messages",
            show_label=False,
            container=False,
            max_lines=1,
            elem_classes="field search",
        )
        with gr.Row(equal_height=True, elem_classes="tight asking"):
            as_of = lay_out_as_of()
            question = _question()
            send = gr.Button("Ask", variant="primary", size="md", scale=1, min_width=70)
            stop = gr.Button("Stop", size="md", scale=1, min_width=70, interactive=False)
        with gr.Row(equal_height=False, elem_classes="tight below"):
            notes = gr.Button("Notes", size="sm", scale=1, min_width=70)
            markdown = gr.Button("Save as Markdown", size="sm", scale=1, min_width=130)
            json = gr.Button("Save as JSON", size="sm", scale=1, min_width=110)
            page = gr.Button("Save as HTML", size="sm", scale=1, min_width=110)
        name = gr.Textbox(visible="hidden", label="File name")
        text = gr.Textbox(visible="hidden", label="File")
    return Chat(
        *(messages, running, pager, find, question, send, stop, as_of),
        *(notes, markdown, json, page, name, text, gr.State()),
    )


def _question() -> gr.Textbox:
    return gr.Textbox(
        placeholder="Ask a question…",
        label="Question",
        show_label=False,
        container=False,
        elem_id="question",
        max_lines=6,
        scale=6,
        min_width=120,
    )


def wire_chat(
    chat: Chat,
    tab: gr.Tab,
    session: gr.Radio,
    service: Service,
    questions: QuestionActions,
) -> None:
    """Connect the components with their actions.

    Args:
        tab: the chat's own.
        session: its value is the selected session.
        questions: shared with the page, which opens sessions with it.
    """
    _wire_questions(chat, session, questions, service.settings.max_waiting_questions)
    actions, shown = ChatActions(service), [chat.messages, chat.running, chat.pager]
    chat.pager.click(questions.turn, session, shown, **IN_TURN)
    chat.find.submit(questions.find, [session, chat.find], shown, **QUIET)
    tab.select(questions.open, session, shown, **QUIET)
    wire_as_of(chat.as_of)
    offered = chat.as_of.offered
    places, shown_places = [session, offered], [chat.at, offered]
    # One after another: a slow answer to an earlier key would take away what a later one found.
    in_turn: dict[str, Any] = {**QUIET, "concurrency_limit": 1, "concurrency_id": "as_of"}
    tab.select(actions.refresh_as_of, places, shown_places, **in_turn)
    chat.at.focus(actions.refresh_as_of, places, shown_places, **in_turn)
    # "always_last" would send what the first of the keys had typed again.
    chat.at.key_up(actions.find_as_of, places, shown_places, trigger_mode="multiple", **in_turn)
    file = [chat.file_name, chat.file_text]
    save_on_click(chat.markdown, actions.as_markdown, [session], file)
    save_on_click(chat.json, actions.as_json, [session], file)
    save_on_click(chat.html, actions.as_html, [session], file)


def _wire_questions(
    chat: Chat, session: gr.Radio, questions: QuestionActions, max_waiting: int
) -> None:
    outputs = [chat.messages, chat.running, chat.pager, chat.question, chat.stop]
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
    chat.seen.change(questions.refresh, session, outputs, concurrency_limit=None, **QUIET)
