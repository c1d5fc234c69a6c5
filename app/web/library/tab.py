"""The library tab's components and events: documents are listed, added, paused and removed."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.service import Service
from app.web.events import QUIET, Handler
from app.web.javascript import BUTTONS
from app.web.library.actions import LibraryActions
from app.web.library.upload import keep_names

FILES = "Add books, documents or logs"
ENCODINGS = [
    ("Found out by Ammon", ""),
    ("Unicode (utf-8)", "utf-8"),
    ("Unicode (utf-16-le)", "utf-16-le"),
    ("Western European (cp1252)", "cp1252"),
    ("Western European (mac-roman)", "mac-roman"),
    ("Western European (cp850)", "cp850"),
    ("Central European (cp1250)", "cp1250"),
    ("Central European (iso8859-2)", "iso8859-2"),
    ("Cyrillic (cp1251)", "cp1251"),
    ("Cyrillic (koi8-r)", "koi8-r"),
    ("Cyrillic (cp866)", "cp866"),
    ("Greek (cp1253)", "cp1253"),
    ("Turkish (cp1254)", "cp1254"),
    ("Hebrew (cp1255)", "cp1255"),
    ("Arabic (cp1256)", "cp1256"),
    ("Baltic (cp1257)", "cp1257"),
    ("Vietnamese (cp1258)", "cp1258"),
    ("Thai (cp874)", "cp874"),
    ("Chinese (gb18030)", "gb18030"),
    ("Traditional Chinese (big5)", "big5"),
    ("Japanese (shift_jis)", "shift_jis"),
    ("Japanese (euc_jp)", "euc_jp"),
    ("Korean (cp949)", "cp949"),
]
"""The most common encodings, each with what the page calls it; another name can be typed."""


@dataclass(frozen=True)
class Library:
    """The components of the tab; sources that the settings do not allow are hidden.

    Args:
        search: finds documents; the style sheet shows it only where there are many.
        documents: one screen of the list, with the line below it.
        view: the screen that the page shows.
    """

    upload: gr.File
    search: gr.Textbox
    documents: gr.HTML
    view: gr.State
    password: gr.Textbox
    encoding: gr.Dropdown
    title: gr.Textbox
    text: gr.Textbox
    add_text: gr.Button
    url: gr.Textbox
    add_url: gr.Button
    path: gr.Textbox
    add_path: gr.Button
    follow: gr.Button

    @property
    def list(self) -> builtins.list[Any]:
        """The outputs of `LibraryActions.shown`."""
        return [self.documents, self.view]


def lay_out_library(service: Service) -> Library:
    """Place the components in the open gradio block."""
    allowed = service.settings.sources
    upload = gr.File(label=FILES, file_count="multiple", height=180)
    keep_names(upload)
    with gr.Accordion("Other ways to add", open=False, elem_classes="plain field"):
        password = gr.Textbox(
            label="Password of a protected PDF (type it, then drop the file; it is not kept)",
            type="password",
        )
        encoding = gr.Dropdown(
            ENCODINGS,
            value="",
            label="Encoding of texts (choose it, then drop the file)",
            allow_custom_value=True,
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
    with gr.Column(elem_classes="listing"):
        search = gr.Textbox(
            label="Search documents",
            placeholder="Search the titles of the documents",
            show_label=False,
            container=False,
            max_lines=1,
            elem_classes="field search",
        )
        documents = gr.HTML(js_on_load=BUTTONS)
    return Library(
        upload,
        search,
        documents,
        gr.State(),
        password,
        encoding,
        title,
        text,
        add_text,
        url,
        add_url,
        path,
        add_path,
        follow,
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
    upload = [session, library.upload, library.password, library.encoding]
    library.upload.upload(act.upload, upload, upload).then(*show)
    text = [session, library.title, library.text]
    library.add_text.click(act.add_text, text, text).then(*show)
    url = [session, library.url]
    library.add_url.click(act.add_url, [*url, library.encoding], url).then(*show)
    path = [session, library.path]
    library.add_path.click(act.add_path, [*path, library.encoding], path).then(*show)
    library.follow.click(act.follow, path, path).then(*show)
    shown = [session, library.search, library.view]
    library.documents.click(act.act, shown, library.list, **QUIET)
    library.search.input(act.find, [session, library.search], library.list, **QUIET)
