"""The layout: sessions beside; chat, library, savings as tabs; events wired to actions."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from app.page.actions import Actions
from app.service import Service

REFRESH_SECONDS = 1.5
BRAND = '<div class="brand">Ammon<small>reads anything, answers with the page</small></div>'
# Gradio opens its sidebar over the whole width of a phone.
CLOSE_SIDEBAR_ON_PHONES = """() => {
    if (window.innerWidth < 700) document.querySelector(".sidebar.open .toggle-button")?.click();
}"""


@dataclass(frozen=True)
class Sidebar:
    """The sessions, and a field for a new one."""

    sessions: gr.Radio
    name: gr.Textbox
    create: gr.Button


@dataclass(frozen=True)
class Chat:
    """The conversation, what the last answer rests on, and the question."""

    messages: gr.Chatbot
    sources: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button


@dataclass(frozen=True)
class Library:
    """The session's documents."""

    upload: gr.File
    documents: gr.HTML
    pause: gr.Button
    resume: gr.Button


@dataclass(frozen=True)
class Savings:
    """What the session saves."""

    figures: gr.HTML
    plot: gr.LinePlot
    refresh: gr.Button
    reread: gr.Button


def build(service: Service) -> gr.Blocks:
    """Lay out the page and wire it."""
    with gr.Blocks(title="Ammon", analytics_enabled=False, fill_width=True) as page:
        with gr.Sidebar():
            sidebar = _sidebar()
        status = gr.HTML()
        with gr.Tab("Chat"):
            chat = _chat()
        with gr.Tab("Library"):
            library = _library()
        with gr.Tab("Memory & savings") as savings_tab:
            savings = _savings()
        timer = gr.Timer(REFRESH_SECONDS)

        act = Actions(service)
        session = sidebar.sessions
        shown = [savings.figures, savings.plot, savings.reread]
        view = [chat.messages, chat.sources, library.documents, *shown]
        page.load(None, js=CLOSE_SIDEBAR_ON_PHONES)
        page.load(act.first_view, None, session).then(act.open, session, view)
        timer.tick(act.tick, session, [session, status, library.documents], show_progress="hidden")
        session.input(act.open, session, view)
        sidebar.create.click(act.new_session, sidebar.name, [session, sidebar.name]).then(
            act.open, session, view
        )
        asked = [
            event(
                act.ask,
                [session, chat.question],
                [chat.messages, chat.question, chat.sources, chat.stop],
                concurrency_limit=4,
                show_progress="hidden",
            )
            for event in (chat.send.click, chat.question.submit)
        ]
        chat.stop.click(act.stopped, None, chat.stop, cancels=asked)
        library.upload.upload(
            act.add, [session, library.upload], [session, library.upload, library.documents]
        ).then(act.open, session, view)
        library.pause.click(act.pause, session, library.documents)
        library.resume.click(act.resume, session, library.documents)
        savings_tab.select(act.figures, session, shown, show_progress="hidden")
        savings.refresh.click(act.figures, session, shown)
        savings.reread.click(act.reread, session, shown)
    return page


def _sidebar() -> Sidebar:
    gr.HTML(BRAND)
    sessions = gr.Radio(label="Sessions", choices=[], interactive=True, elem_classes="sessions")
    with gr.Row(equal_height=True):
        name = gr.Textbox(
            placeholder="New session",
            label="New session",
            show_label=False,
            container=False,
            scale=3,
            min_width=100,
            max_length=120,
        )
        create = gr.Button("New", size="md", scale=1, min_width=60)
    return Sidebar(sessions, name, create)


def _chat() -> Chat:
    messages = gr.Chatbot(
        height="max(280px, calc(100vh - 330px))",
        show_label=False,
        render_markdown=False,
        buttons=[],
        placeholder="Ask about what was read. Every answer shows the passages it rests on.",
    )
    with gr.Row(equal_height=True):
        question = gr.Textbox(
            placeholder="Ask a question…",
            label="Question",
            show_label=False,
            container=False,
            scale=6,
        )
        send = gr.Button("Ask", variant="primary", size="md", scale=1, min_width=80)
        stop = gr.Button("Stop", size="md", scale=1, min_width=80, interactive=False)
    return Chat(messages, gr.HTML(), question, send, stop)


def _library() -> Library:
    upload = gr.File(label="Add books, documents or logs", file_count="multiple", height=150)
    documents = gr.HTML()
    with gr.Row():
        pause = gr.Button("Pause reading", size="md")
        resume = gr.Button("Resume reading", size="md")
    return Library(upload, documents, pause, resume)


def _savings() -> Savings:
    figures = gr.HTML()
    plot = gr.LinePlot(
        x="tokens read",
        y="cache in MB",
        color="kind",
        title="Cache held, as run",
        height=280,
    )
    with gr.Row():
        refresh = gr.Button("Update figures", size="md")
        reread = gr.Button("Read anew with the trained memory", size="md", visible=False)
    return Savings(figures, plot, refresh, reread)
