"""The events of the chat tab: questions and answers, the passage beside them, and saved files."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.service import Service
from app.web import javascript
from app.web.chat.asking import Asking
from app.web.chat.passage_panel import PassageActions
from app.web.chat.tab import Chat, ChatActions
from app.web.events import QUIET, Handler, save_on_click

NEWS_SECONDS = 1.5
"""Seconds between two looks for what other pages asked in the session."""


def wire_chat(
    chat: Chat, service: Service, asking: Asking, session: gr.Radio, tab: gr.Tab, show: Handler
) -> None:
    """Connect the tab's events.

    Args:
        session: the list of sessions.
        tab: the tab itself, whose selection renews what it shows.
        show: shows the conversation of the selected session.
    """
    act = ChatActions(service)
    tab.select(*show, **QUIET)
    tab.select(act.places, session, chat.at, **QUIET)
    chat.at.focus(act.places, session, chat.at, **QUIET)
    _wire_questions(chat, asking, session, service.settings.max_waiting_questions)
    _wire_passages(chat, PassageActions(service), session)
    file = [chat.file_name, chat.file_text]
    save_on_click(chat.markdown, act.as_markdown, [session], file)
    save_on_click(chat.json, act.as_json, [session], file)


def _wire_questions(chat: Chat, asking: Asking, session: gr.Radio, max_waiting: int) -> None:
    outputs = [chat.messages, chat.question, chat.footing, chat.stop]
    # Room for the question being answered, those that may wait, and one that is refused.
    limits: dict[str, Any] = {"concurrency_limit": max_waiting + 2, "concurrency_id": "questions"}
    gr.on(
        [chat.send.click, chat.question.submit],
        asking.ask,
        [session, chat.question, chat.at],
        outputs,
        **limits,
        **QUIET,
    )
    chat.messages.example_select(asking.suggested, [session, chat.at], outputs, **limits, **QUIET)
    chat.messages.retry(asking.again, session, outputs, **limits, **QUIET)
    chat.messages.edit(asking.edit, [session, chat.at], outputs, **limits, **QUIET)
    chat.stop.click(asking.stop, session, chat.stop, queue=False)
    timer = gr.Timer(NEWS_SECONDS)
    timer.tick(asking.news, session, outputs, concurrency_limit=None, **QUIET)


def _wire_passages(chat: Chat, act: PassageActions, session: gr.Radio) -> None:
    panel = chat.passage
    shown = [panel.panel, panel.content, panel.answer]
    opened = (
        chat.messages.option_select(act.chip, session, shown, **QUIET),
        chat.messages.select(act.earlier_answer, session, shown, **QUIET),
        panel.content.click(act.other, [session, panel.answer], shown, **QUIET),
    )
    for event in opened:
        event.then(None, js=javascript.TO_PASSAGE)
    panel.close.click(act.close, None, shown, **QUIET)
