"""What the savings tab shows of a session, and the files that it saves."""

from __future__ import annotations

import base64
import shutil
from typing import Any

import gradio as gr
import psutil

from app.messages import KNOWN_ERRORS
from app.service import Report, Service
from app.web.notify import notify, notify_text
from app.web.savings import html
from app.web.savings.memory_bar import memory_html
from app.web.savings.plots import TITLES, plots
from app.web.selected_session import selected_session
from ingest.naming import file_name

EMPTY = '<div class="empty">No session yet: what it holds and saves will be shown here.</div>'


MAX_POINTS = 240
"""Checkpoints in a plot."""


class SavingsActions:
    """The handlers of the savings tab."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def shown(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """Everything the tab shows of a session, and what `tick` compares with.

        Returns: memory, figures, the button that reads again, three plots, the machine, `seen`.
        """
        name = selected_session(self._service, session)
        if name is None:
            return EMPTY, *self.hidden()[1:]
        report = self._service.sessions.report(name, MAX_POINTS)
        seen = self._seen(name, report)  # before what is shown, so that no later change is missed
        live = self._live(name, report)
        return *live, *_plots(report, convention), self._machine(name, report), seen

    def hidden(self) -> tuple[Any, ...]:
        """The outputs of `shown` while the tab is closed: nothing of the session from before.

        Opening the tab shows the selected session's; to compute it unseen takes as long.
        """
        return "", "", gr.Button(visible=False), *_no_plots(), "", None

    def tick(self, session: str | None, convention: str, seen: Any) -> tuple[Any, ...]:
        """What has changed since `seen`; the outputs of `shown`, skipped where nothing has.

        The plots and the disk change at checkpoints only, the rest with every chunk that is read.
        """
        same_live, same_kept = (gr.skip(),) * 3, (gr.skip(),) * 4
        name = selected_session(self._service, session)
        if name is None:
            return *same_live, *same_kept, seen
        report = self._service.sessions.report(name, MAX_POINTS)
        now = self._seen(name, report)
        if now == seen:
            return *same_live, *same_kept, seen
        live = self._live(name, report)
        if seen and seen[0] == now[0]:
            return *live, *same_kept, now
        return *live, *_plots(report, convention), self._machine(name, report), now

    def plots(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """The plots that have data; the others are hidden."""
        name = selected_session(self._service, session)
        if name is None:
            return _no_plots()
        return _plots(self._service.sessions.report(name, MAX_POINTS), convention)

    def _seen(self, session: str, report: Report) -> tuple[Any, int, str]:
        """What changes at checkpoints, the tokens read, and the progress of a re-reading."""
        made = report.window, report.sinks, report.retain, report.memory_status
        kept = session, made, report.disk_bytes, report.reading_seconds
        return kept, report.tokens, str(self._service.rereads.progress(session) or "")

    def _live(self, session: str, report: Report) -> tuple[Any, Any, Any]:
        rereading = self._service.rereads.progress(session)
        is_offered = rereading is None and self._service.rereads.is_offered(session)
        progress = "" if rereading is None else str(rereading)
        figures = html.report_html(report, progress, is_offered)
        return memory_html(report), figures, gr.Button(visible=is_offered)

    def reread(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """Begin to read the session again with the memory that new sessions have."""
        try:
            self._service.rereads.begin(session or "", {})
        except KNOWN_ERRORS as error:
            notify(error)
        return self.shown(session, convention)

    def as_csv(self, session: str | None) -> tuple[str, str]:
        """Name and content of a CSV file of the figures; an empty name without a session."""
        name = selected_session(self._service, session)
        if name is None:
            return _nothing_to_save()
        return f"{file_name(name)}.csv", html.as_csv(self._service.sessions.report(name))

    def as_png(self, session: str | None, convention: str) -> tuple[str, str]:
        """Name and base64 content of a picture of the plots; an empty name without a session."""
        from app.web.savings.png import as_png  # imports matplotlib, which most visits never need

        name = selected_session(self._service, session)
        if name is None:
            return _nothing_to_save()
        picture = as_png(self._service.sessions.report(name), name, convention)
        return f"{file_name(name)}.png", base64.b64encode(picture).decode()

    def _machine(self, session: str, report: Report) -> str:
        session_id = self._service.sessions.get(session).id
        disk_bytes = self._service.sessions.disk_bytes([session_id])[session_id]
        return html.machine_html(
            report,
            psutil.Process().memory_info().rss,
            disk_bytes,
            shutil.disk_usage(self._service.settings.data_dir).free,
        )


def _plots(report: Report, convention: str) -> tuple[Any, ...]:
    return tuple(
        gr.LinePlot(
            value=plot.data,
            x_title=plot.x_title,
            y_title=plot.y_title,
            y_lim=plot.y_limits and list(plot.y_limits),
            visible=len(plot.data) > 0,
        )
        for plot in plots(report, convention)
    )


def _no_plots() -> tuple[Any, ...]:
    return tuple(gr.LinePlot(visible=False) for _ in TITLES)


def _nothing_to_save() -> tuple[str, str]:
    notify_text("There is no session yet, so there are no figures to save.")
    return "", ""
