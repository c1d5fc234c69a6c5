"""What the page does: each method is one event, from the service to what the page then shows.

What goes wrong is a message at the page's edge, and the page stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from app.messages import KNOWN_ERRORS, sentence
from app.page.views import (
    documents_html,
    model_status_html,
    report_html,
    session_label,
    sources_html,
    with_pages,
)
from app.service import Report, Service

Messages = list[dict[str, str]]
SHOWN_SECONDS = 12


class Actions:
    """The events of one page; keeps nothing, since all truth lives in the service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    # Sessions.

    def first_view(self) -> Any:
        """The session list with the newest session chosen."""
        choices = self._choices()
        return gr.Radio(choices=choices, value=choices[0][1] if choices else None)

    def tick(self, session: str | None) -> tuple[Any, str, str]:
        """What changes by itself: the session list, the model's state, the documents."""
        choices = self._choices()
        known = session if session in [name for _, name in choices] else None
        model = model_status_html(self._service.is_loaded)
        return gr.Radio(choices=choices, value=known), model, self.library(known)

    def new_session(self, wanted: str) -> tuple[Any, Any]:
        try:
            row = self._service.create_session(wanted)
        except KNOWN_ERRORS as error:
            _tell(error)
            return gr.skip(), gr.skip()
        return gr.Radio(choices=self._choices(), value=row.name), ""

    def open(self, session: str | None) -> tuple[Messages, str, str, str, Any, Any]:
        """Everything the tabs show of a session."""
        if not session:
            return [], "", self.library(None), *self.figures(None)
        answers = [m for m in self._service.messages(session) if m.role == "assistant"]
        details = answers[-1].details if answers else None
        sources = sources_html((details or {}).get("passages", []), details)
        return self._history(session), sources, self.library(session), *self.figures(session)

    def _choices(self) -> list[tuple[str, str]]:
        return [(session_label(s), s.session.name) for s in self._service.sessions()]

    # Documents.

    def add(self, session: str | None, paths: list[str] | None) -> tuple[Any, None, Any]:
        """Add files one by one; one that is refused does not stop the others."""
        try:
            chosen = session or self._name_new_session()
        except KNOWN_ERRORS as error:
            _tell(error)
            return gr.skip(), None, gr.skip()
        for path in map(Path, paths or []):
            try:
                # A copy that was uploaded: only its name is the person's.
                self._service.add_document(chosen, path, path.name)
            except KNOWN_ERRORS as error:
                _tell(error)
        return gr.Radio(choices=self._choices(), value=chosen), None, self.library(chosen)

    def pause(self, session: str | None) -> str:
        for found in self._service.documents(session) if session else []:
            if found.document.state in ("queued", "reading"):
                self._service.pause(found.document.id)
        return self.library(session)

    def resume(self, session: str | None) -> str:
        for found in self._service.documents(session) if session else []:
            if found.document.state in ("paused", "failed"):
                self._service.resume(found.document.id)
        return self.library(session)

    def library(self, session: str | None) -> str:
        if not session:
            return documents_html([], "")
        return documents_html(self._service.documents(session), self._service.notice(session))

    def _name_new_session(self) -> str:
        taken = {s.session.name for s in self._service.sessions()}
        number = next(n for n in range(1, len(taken) + 2) if f"Session {n}" not in taken)
        return self._service.create_session(f"Session {number}").name

    # Questions.

    def ask(self, session: str | None, text: str) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Stream the chat, an emptied question, the sources, and whether there is one to stop."""
        if not session:
            gr.Warning("Add a document in Library first, then ask about it.", title="Not asked")
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        history = self._history(session)
        stop = gr.Button(interactive=True)
        try:
            for answer in self._service.ask(session, text):
                shown = [p.__dict__ for p in answer.passages]
                cited = [p for p in shown if p["cited"]]
                turn = [
                    {"role": "user", "content": answer.question},
                    {"role": "assistant", "content": with_pages(answer.text, cited)},
                ]
                stop = gr.Button(interactive=not answer.done)
                yield history + turn, "", sources_html(shown, answer.as_dict()), stop
        except KNOWN_ERRORS as error:
            _tell(error)
            yield history, gr.skip(), gr.skip(), gr.Button(interactive=False)

    def stopped(self) -> Any:
        return gr.Button(interactive=False)

    def _history(self, session: str) -> Messages:
        return [
            {"role": m.role, "content": with_pages(m.text, m.citations) if m.citations else m.text}
            for m in self._service.messages(session)
        ]

    # Savings.

    def figures(self, session: str | None) -> tuple[str, Any, Any]:
        if not session:
            empty = '<div class="empty">No session yet: its savings will be shown here.</div>'
            return empty, None, gr.Button(visible=False)
        report = self._service.report(session)
        anew = self._service.rereading(session)
        offered = anew is None and self._service.offers_reread(session)
        told = "" if anew is None else str(anew)
        return report_html(report, told, offered), cache_curve(report), gr.Button(visible=offered)

    def reread(self, session: str | None) -> tuple[str, Any, Any]:
        """Read the session anew with the memory that new sessions have."""
        try:
            self._service.reread(session or "", {})
        except KNOWN_ERRORS as error:
            _tell(error)
        return self.figures(session)


def cache_curve(report: Report) -> pd.DataFrame:
    """Cache against tokens read, ours and full attention's, for the plot."""
    kinds = (("Ammon", report.curve_cache_bytes), ("full attention", report.curve_cache_bytes_full))
    return pd.DataFrame(
        {"tokens read": n, "cache in MB": count / 1e6, "kind": kind}
        for kind, counts in kinds
        for n, count in zip(report.curve_tokens, counts, strict=True)
    )


def _tell(error: BaseException) -> None:
    gr.Warning(sentence(error), title="That did not work", duration=SHOWN_SECONDS)
