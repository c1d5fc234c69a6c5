"""The web page: sessions beside, chat, library and savings; all truth lives in the service."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr
import pandas as pd

from app.errors import PortTaken
from app.messages import KNOWN_ERRORS, sentence
from app.service import Report, Service
from app.ui_style import CSS, FONTS, MONO_FONTS
from app.ui_views import documents_html, report_html, session_label, sources_html

REFRESH_SECONDS = 1.5
BRAND = '<div class="brand">Ammon<small>reads anything, answers with the page</small></div>'
Messages = list[dict[str, str]]


def serve(service: Service, host: str, port: int) -> None:
    """Serve the page until interrupted; reading goes on without any page open.

    Raises:
        PortTaken: something else listens there.
    """
    _check_port(host, port)
    threading.Thread(target=_load_quietly, args=(service,), daemon=True).start()
    service.start()
    print(f"Ammon is at http://{host}:{port} (Ctrl+C stops it; nothing read is lost)", flush=True)
    theme = gr.themes.Soft(primary_hue="teal", font=FONTS, font_mono=MONO_FONTS)
    build(service).queue(default_concurrency_limit=8).launch(
        server_name=host,
        server_port=port,
        theme=theme,
        css=CSS,
        quiet=True,
        show_error=True,
        share=False,
        footer_links=[],
    )


def _load_quietly(service: Service) -> None:
    """Load the model while the page is already up; an error is told by whoever needs it first."""
    try:
        service.runtime()
    except KNOWN_ERRORS as error:
        print(f"Error: {sentence(error)}", flush=True)


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} cannot be used ({error.strerror}); stop what listens "
                "there or choose another with --port."
            ) from error


def build(service: Service) -> gr.Blocks:
    """Lay out the page and wire it."""
    with gr.Blocks(title="Ammon", analytics_enabled=False) as page:
        with gr.Sidebar():
            gr.HTML(BRAND)
            sessions = gr.Radio(label="Sessions", choices=[], interactive=True)
            with gr.Row():
                name = gr.Textbox(placeholder="New name", show_label=False, scale=3, max_length=120)
                create = gr.Button("New", scale=1, min_width=60)
        status = gr.HTML()
        with gr.Tab("Chat"):
            chat = gr.Chatbot(
                height=430,
                show_label=False,
                render_markdown=False,
                placeholder="Ask about what was read. Every answer names its pages.",
            )
            sources = gr.HTML()
            with gr.Row():
                question = gr.Textbox(
                    placeholder="Ask a question…", label="Question", show_label=False, scale=6
                )
                send = gr.Button("Ask", variant="primary", scale=1, min_width=80)
                stop = gr.Button("Stop", scale=1, min_width=80)
        with gr.Tab("Library"):
            upload = gr.File(label="Add text or PDF files", file_count="multiple")
            with gr.Row():
                pause = gr.Button("Pause reading")
                resume = gr.Button("Resume reading")
            library = gr.HTML()
        with gr.Tab("Memory & savings"):
            savings = gr.HTML()
            plot = gr.LinePlot(
                x="tokens read",
                y="cache in MB",
                color="kind",
                title="Cache held, as run",
                height=280,
            )
            refresh = gr.Button("Update figures")
        timer = gr.Timer(REFRESH_SECONDS)

        def choices() -> list[tuple[str, str]]:
            return [(session_label(s), s.session.name) for s in service.sessions()]

        def first_view() -> Any:
            found = choices()
            return gr.Radio(choices=found, value=found[0][1] if found else None)

        def tick(session: str | None) -> tuple[Any, str, str]:
            found = choices()
            known = session if session in [value for _, value in found] else None
            return gr.Radio(choices=found, value=known), _status(service), _library(service, known)

        def new(wanted: str) -> tuple[Any, str]:
            try:
                row = service.create_session(wanted)
            except KNOWN_ERRORS as error:
                raise gr.Error(sentence(error)) from error
            return gr.Radio(choices=choices(), value=row.name), ""

        def add(session: str | None, paths: list[str] | None) -> tuple[Any, None, str]:
            chosen = session or _new_name(service)
            refused = _add(service, chosen, paths or [])
            if refused:
                gr.Warning(" ".join(refused))
            return gr.Radio(choices=choices(), value=chosen), None, _library(service, chosen)

        def ask(session: str | None, text: str) -> Iterator[tuple[Messages, str, str]]:
            if not session:
                raise gr.Error("Add a document first, then ask about it.")
            history = _history(service, session)
            try:
                for answer in service.ask(session, text):
                    turn = [
                        {"role": "user", "content": answer.question},
                        {"role": "assistant", "content": answer.text or "Reading the passages…"},
                    ]
                    shown = [p.__dict__ for p in answer.passages]
                    yield history + turn, "", sources_html(shown, {})
            except KNOWN_ERRORS as error:
                raise gr.Error(sentence(error)) from error

        def opened(session: str | None) -> tuple[Messages, str, str, str, Any]:
            if not session:
                return [], "", _library(service, None), "", None
            return (
                _history(service, session),
                _last_sources(service, session),
                _library(service, session),
                *figures(session),
            )

        def figures(session: str | None) -> tuple[str, Any]:
            if not session:
                return '<div class="empty">No session yet.</div>', None
            report = service.report(session)
            return report_html(report), curve(report)

        def set_paused(session: str | None, paused: bool) -> None:
            for found in service.documents(session) if session else []:
                if paused and found.document.state in ("queued", "reading"):
                    service.pause(found.document.id)
                elif not paused and found.document.state in ("paused", "failed"):
                    service.resume(found.document.id)

        view = [chat, sources, library, savings, plot]
        page.load(first_view, None, sessions).then(opened, sessions, view)
        timer.tick(tick, sessions, [sessions, status, library], show_progress="hidden")
        sessions.input(opened, sessions, view)
        create.click(new, name, [sessions, name]).then(opened, sessions, view)
        upload.upload(add, [sessions, upload], [sessions, upload, library])
        asked = [
            event(ask, [sessions, question], [chat, question, sources], concurrency_limit=4)
            for event in (send.click, question.submit)
        ]
        stop.click(None, cancels=asked)
        refresh.click(figures, sessions, [savings, plot])
        pause.click(lambda s: set_paused(s, True), sessions, None)
        resume.click(lambda s: set_paused(s, False), sessions, None)
    return page


def curve(report: Report) -> pd.DataFrame:
    """Cache against tokens read, ours and full attention's, for the plot."""
    kinds = (("Ammon", report.curve_cache_bytes), ("full attention", report.curve_cache_bytes_full))
    return pd.DataFrame(
        {"tokens read": n, "cache in MB": count / 1e6, "kind": kind}
        for kind, counts in kinds
        for n, count in zip(report.curve_tokens, counts, strict=True)
    )


def _status(service: Service) -> str:
    if service.is_loaded:
        return ""
    return '<div class="notice">The model is being loaded (the first time it is fetched).</div>'


def _library(service: Service, session: str | None) -> str:
    if session is None:
        return documents_html([], "")
    return documents_html(service.documents(session), service.notice(session))


def _history(service: Service, session: str) -> Messages:
    return [{"role": m.role, "content": m.text} for m in service.messages(session)]


def _last_sources(service: Service, session: str) -> str:
    answers = [m for m in service.messages(session) if m.role == "assistant"]
    return sources_html(answers[-1].details.get("passages", []), {}) if answers else ""


def _new_name(service: Service) -> str:
    taken = {s.session.name for s in service.sessions()}
    number = next(n for n in range(1, len(taken) + 2) if f"Session {n}" not in taken)
    return service.create_session(f"Session {number}").name


def _add(service: Service, session: str, paths: list[str]) -> list[str]:
    """Add files one by one; one that is refused does not stop the others."""
    refused = []
    for path in map(Path, paths):
        try:
            service.add_document(session, path)
        except KNOWN_ERRORS as error:
            refused.append(sentence(error))
    return refused
