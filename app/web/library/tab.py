"""The library tab's components and events: documents are listed, added, paused and removed."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from app.service import Service
from app.web.events import QUIET, Handler
from app.web.javascript import BUTTONS
from app.web.library.actions import LibraryActions

FILES = "Add books, documents or logs"


@dataclass(frozen=True)
class Library:
    """The components of the tab; sources that the settings do not allow are hidden."""

    upload: gr.File
    documents: gr.HTML
    password: gr.Textbox
    title: gr.Textbox
    text: gr.Textbox
    add_text: gr.Button
    url: gr.Textbox
    add_url: gr.Button
    path: gr.Textbox
    add_path: gr.Button
    follow: gr.Button


def lay_out_library(service: Service) -> Library:
    """Place the components in the open gradio block."""
    allowed = service.settings.sources
    upload = gr.File(label=FILES, file_count="multiple", height=180)
    with gr.Accordion("Other ways to add", open=False, elem_classes="plain field"):
        password = gr.Textbox(
            label="Password of a protected PDF (type it, then drop the file; it is not kept)",
            type="password",
        )
        title = gr.Textbox(label="Title of a text", max_lines=1, placeholder="Pasted text")
        text = gr.Textbox(label="Text to paste", lines=4, max_lines=12)
        with gr.Row():
            add_text = gr.Button("Add the text", size="sm", scale=0, min_width=160)
        with gr.Row(equal_height=True, visible=allowed.urls):
            url = gr.Textbox(label="Address on the web", placeholder="https://", scale=4)
            add_url = gr.Button("Add the page or file", size="sm", scale=1, min_width=120)
        with gr.Row(equal_height=True, visible=bool(allowed.paths)):
            path = gr.Textbox(label="File on the server", placeholder=_example(service), scale=4)
            add_path = gr.Button("Add the file", size="sm", scale=1, min_width=110)
            follow = gr.Button("Follow the log", size="sm", scale=1, min_width=110)
    documents = gr.HTML(js_on_load=BUTTONS)
    return Library(
        upload, documents, password, title, text, add_text, url, add_url, path, add_path, follow
    )


def _example(service: Service) -> str:
    paths = service.settings.sources.paths
    return f"{paths[0]}/…" if paths else ""


def wire_library(library: Library, act: LibraryActions, session: gr.Radio, show: Handler) -> None:
    """Connect the tab's events.

    Args:
        session: the list of sessions; adding without a selected one makes and selects a session.
        show: shows the selected session in all tabs.
    """
    upload = [session, library.upload, library.password]
    library.upload.upload(act.upload, upload, upload).then(*show)
    text = [session, library.title, library.text]
    library.add_text.click(act.add_text, text, text).then(*show)
    url = [session, library.url]
    library.add_url.click(act.add_url, url, url).then(*show)
    path = [session, library.path]
    library.add_path.click(act.add_path, path, path).then(*show)
    library.follow.click(act.follow, path, path).then(*show)
    library.documents.click(act.act, session, library.documents, **QUIET)
