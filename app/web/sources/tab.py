"""The components and events of the sources: they are listed, added, paused and removed."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.service import Service
from app.web.events import IN_TURN, QUIET, Handler
from app.web.javascript import BUTTONS
from app.web.sources.actions import SourceActions
from app.web.sources.upload import keep_names

HEADING = """
<div class="pane-head">
<h2>Sources</h2>
<button class="chip" data-adding aria-controls="adding" aria-expanded="false">Add</button>
</div>
"""
# Shows and hides what adds sources; the style sheet goes by the attribute.
ADDING = """
element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-adding]');
    if (!button) return;
    const isOpen = button.getAttribute('aria-expanded') === 'true';
    button.setAttribute('aria-expanded', String(!isOpen));
});
"""
FILES = "Add books, documents or logs"
ENCODINGS = [
    ("Detected from the text", ""),
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
class Sources:
    """The components of the sources; ways to add that the settings do not allow are hidden.

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
        """The outputs of `SourceActions.shown`."""
        return [self.documents, self.view]


def lay_out_sources(service: Service) -> Sources:
    """Place the components in the open gradio block."""
    # Not an accordion: what is in a closed one is not in the page, and files are dropped anywhere.
    gr.HTML(HEADING, js_on_load=ADDING, apply_default_css=False)
    with gr.Column(elem_id="adding", min_width=0):
        upload = gr.File(label=FILES, file_count="multiple", height=110)
        keep_names(upload)
        with gr.Accordion("Other ways to add", open=False, elem_classes="plain field"):
            others = _other_ways(service)
    with gr.Column(elem_classes="listing"):
        search = gr.Textbox(
            label="Search documents",
            placeholder="Search titles",
            show_label=False,
            container=False,
            max_lines=1,
            elem_classes="field search",
        )
        documents = gr.HTML(js_on_load=BUTTONS, apply_default_css=False)
    return Sources(upload, search, documents, gr.State(), *others)


def _other_ways(service: Service) -> tuple[Any, ...]:
    """The fields and buttons that add in other ways, in the order of `Sources`."""
    allowed = service.settings.sources
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
    text = gr.Textbox(label="Text to paste", lines=3, max_lines=12)
    add_text = gr.Button("Add the text", size="sm")
    with gr.Group(visible=allowed.urls, elem_classes="plain"):
        url = gr.Textbox(label="Address on the web", placeholder="https://")
        add_url = gr.Button("Add the page or file", size="sm")
    with gr.Group(visible=bool(allowed.paths), elem_classes="plain"):
        path = gr.Textbox(label="File on the server", placeholder=_example(service))
        with gr.Row(elem_classes="tight"):
            add_path = gr.Button("Add the file", size="sm", min_width=100)
            follow = gr.Button("Follow the log", size="sm", min_width=100)
    return password, encoding, title, text, add_text, url, add_url, path, add_path, follow


def _example(service: Service) -> str:
    paths = service.settings.sources.paths
    return f"{paths[0]}/…" if paths else ""


def wire_sources(
    sources: Sources,
    act: SourceActions,
    session: gr.Radio,
    show: Handler,
    model: gr.Radio,
    begun: gr.State,
) -> None:
    """Connect the events.

    Args:
        model: the choice of the model for new sessions.
        session: the list of sessions; adding without a selected one makes and selects a session.
        show: shows the selected session in all tabs.
        begun: what the page began to import.
    """
    upload = [session, sources.upload, sources.password, sources.encoding]
    added = sources.upload.upload(act.upload, [*upload, model, begun], [*upload, begun])
    added.then(*show)
    text = [session, sources.title, sources.text]
    sources.add_text.click(act.add_text, text, text, **QUIET).then(*show)
    url = [session, sources.url]
    sources.add_url.click(act.add_url, [*url, sources.encoding], url, **QUIET).then(*show)
    path = [session, sources.path]
    sources.add_path.click(act.add_path, [*path, sources.encoding], path, **QUIET).then(*show)
    sources.follow.click(act.follow, path, path, **QUIET).then(*show)
    shown = [session, sources.search, sources.view]
    # Ticks that follow each other quickly all count, in their order.
    sources.documents.click(act.act, shown, sources.list, **IN_TURN)
    sources.search.input(act.find, [session, sources.search], sources.list, **QUIET)
