"""The tab on memory and savings: what is held, and what that saves."""

from __future__ import annotations

import base64
import shutil
from dataclasses import dataclass
from typing import Any

import gradio as gr
import psutil

from app.messages import KNOWN_ERRORS
from app.service import Report, Service
from app.web.notify import tell, tell_text
from app.web.savings import html as savings_views
from app.web.savings import plots as savings_plots
from app.web.savings.memory_bar import memory_html
from app.web.savings.plots import AS_RUN, CACHE, FLOPS, PAPER, SPEED, TIME, TOKENS
from app.web.selected_session import chosen_session
from ingest.naming import file_name

LIVE_SECONDS = 2.0
"""While the tab is looked at, it is renewed so often."""
EMPTY = '<div class="empty">No session yet: what it holds and saves will be shown here.</div>'


@dataclass(frozen=True)
class Savings:
    """The components of the tab."""

    memory: gr.HTML
    figures: gr.HTML
    reread: gr.Button
    convention: gr.Radio
    cache: gr.LinePlot
    flops: gr.LinePlot
    speed: gr.LinePlot
    machine: gr.HTML
    timer: gr.Timer
    csv: gr.Button
    png: gr.Button
    file_name: gr.Textbox
    file_text: gr.Textbox

    @property
    def plots(self) -> list[Any]:
        """What `SavingsActions.plots` fills."""
        return [self.cache, self.flops, self.speed]

    @property
    def shown(self) -> list[Any]:
        """What `SavingsActions.shown` fills."""
        return [self.memory, self.figures, self.reread, *self.plots, self.machine]


def lay_out_savings() -> Savings:
    """The tab's content."""
    memory, figures = gr.HTML(), gr.HTML()
    reread = gr.Button("Read anew with the trained memory", size="md", visible=False)
    convention = gr.Radio([AS_RUN, PAPER], value=AS_RUN, label="Curves", elem_classes="inline")
    with gr.Row():
        cache, flops = _plot(TOKENS, CACHE), _plot(TOKENS, FLOPS)
        speed = _plot(
            TIME,
            SPEED,
            colors_in_legend=[],
            tooltip=[TOKENS, savings_plots.READ_AT],
        )
    machine = gr.HTML()
    with gr.Row(elem_classes="tight"):
        csv = gr.Button("Save the figures as CSV", size="sm", scale=0, min_width=190)
        png = gr.Button("Save the figures as PNG", size="sm", scale=0, min_width=190)
    name = gr.Textbox(visible="hidden", label="File name")
    text = gr.Textbox(visible="hidden", label="File")
    timer = gr.Timer(LIVE_SECONDS, active=False)
    return Savings(
        *(memory, figures, reread, convention, cache, flops, speed, machine),
        *(timer, csv, png, name, text),
    )


def _plot(x: str, y: str, **changes: Any) -> gr.LinePlot:
    return gr.LinePlot(
        x=x,
        y=y,
        color=savings_plots.KIND,
        color_map=savings_plots.COLORS,
        color_title=" ",
        title=savings_plots.TITLES[y],
        height=280,
        min_width=300,
        buttons=[],
        visible=False,  # an empty one has a name where WAI-ARIA allows none
        **changes,
    )


class SavingsActions:
    """What the tab shows and gives away."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def shown(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """Memory, figures, the offer to read anew, the plots, the machine."""
        session = chosen_session(self._service, session)
        if session is None:
            return EMPTY, "", gr.Button(visible=False), *_no_plots(), ""
        report = self._service.sessions.report(session)
        live = self._live(session, report)
        return *live, *_plots(report, convention), self._machine(session, report)

    def tick(self, session: str | None, convention: str, seen: Any) -> tuple[Any, ...]:
        """What reading changed since it was last `seen`, and what is seen now.

        The plots and the disk change with a checkpoint only, the rest with every chunk.
        """
        same_live, same_kept = (gr.skip(),) * 3, (gr.skip(),) * 4
        name = chosen_session(self._service, session)
        if name is None:
            return *same_live, *same_kept, seen
        report, told = (
            self._service.sessions.report(name),
            str(self._service.rereads.progress(name) or ""),
        )
        made = report.window, report.sinks, report.memory_status
        kept = name, made, report.disk_bytes, report.reading_seconds  # a checkpoint adds to these
        now = kept, report.tokens, told
        if now == seen:
            return *same_live, *same_kept, seen
        live = self._live(name, report)
        if seen and seen[0] == kept:
            return *live, *same_kept, now
        return *live, *_plots(report, convention), self._machine(name, report), now

    def plots(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """The plots that have something to show; the others are hidden."""
        name = chosen_session(self._service, session)
        return _plots(self._service.sessions.report(name), convention) if name else _no_plots()

    def _live(self, session: str, report: Report) -> tuple[Any, Any, Any]:
        anew = self._service.rereads.progress(session)
        offered = anew is None and self._service.rereads.is_offered(session)
        told = "" if anew is None else str(anew)
        figures = savings_views.report_html(report, told, offered)
        return memory_html(report), figures, gr.Button(visible=offered)

    def reread(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """Read the session anew with the memory that new sessions have."""
        try:
            self._service.rereads.begin(session or "", {})
        except KNOWN_ERRORS as error:
            tell(error)
        return self.shown(session, convention)

    def as_csv(self, session: str | None) -> tuple[str, str]:
        """Name and content of the file; an empty name where there is none."""
        session = chosen_session(self._service, session)
        if session is None:
            return _nothing_to_save()
        return f"{file_name(session)}.csv", savings_views.as_csv(
            self._service.sessions.report(session)
        )

    def as_png(self, session: str | None, convention: str) -> tuple[str, str]:
        """The same of the picture, its bytes in base64."""
        from app.web.savings.png import as_png  # matplotlib, which most visits never need

        session = chosen_session(self._service, session)
        if session is None:
            return _nothing_to_save()
        picture = as_png(self._service.sessions.report(session), session, convention)
        return f"{file_name(session)}.png", base64.b64encode(picture).decode()

    def _machine(self, session: str, report: Report) -> str:
        sized = self._service.sessions.list(session, sizes=True)
        taken = [s.byte_count or 0 for s in sized if s.session.name == session]
        return savings_views.machine_html(
            report,
            psutil.Process().memory_info().rss,
            sum(taken),
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
        for plot in savings_plots.plots(report, convention)
    )


def _no_plots() -> tuple[Any, ...]:
    return tuple(gr.LinePlot(visible=False) for _ in savings_plots.TITLES)


def _nothing_to_save() -> tuple[str, str]:
    tell_text("There is no session yet, so there are no figures to save.")
    return "", ""
