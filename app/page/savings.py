"""The tab on memory and savings: what is held, and what that saves."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import gradio as gr
import psutil

from app.messages import KNOWN_ERRORS
from app.page import savings_views as views
from app.page.memory_picture import memory_html
from app.page.telling import tell, tell_text
from app.service import Service
from ingest.naming import file_name

EMPTY = '<div class="empty">No session yet: what it holds and saves will be shown here.</div>'
COLORS = {views.OURS: "#0f766e", views.FULL: "#b45309"}


@dataclass(frozen=True)
class Savings:
    """The components of the tab."""

    memory: gr.HTML
    figures: gr.HTML
    reread: gr.Button
    convention: gr.Radio
    cache: gr.LinePlot
    flops: gr.LinePlot
    machine: gr.HTML
    refresh: gr.Button
    csv: gr.Button
    file_name: gr.Textbox
    file_text: gr.Textbox

    @property
    def shown(self) -> list[Any]:
        """What `SavingsActions.shown` fills."""
        return [self.memory, self.figures, self.reread, self.cache, self.flops, self.machine]


def lay_out_savings() -> Savings:
    """The tab's content."""
    memory, figures = gr.HTML(), gr.HTML()
    reread = gr.Button("Read anew with the trained memory", size="md", visible=False)
    convention = gr.Radio(
        [views.AS_RUN, views.PAPER], value=views.AS_RUN, label="Curves", elem_classes="inline"
    )
    with gr.Row():
        cache = _plot(views.CACHE, "Cache held over tokens read")
        flops = _plot(views.FLOPS, "Computing over tokens read")
    machine = gr.HTML()
    with gr.Row(elem_classes="tight"):
        refresh = gr.Button("Update the figures", size="sm", scale=0, min_width=190)
        csv = gr.Button("Save the figures as CSV", size="sm", scale=0, min_width=190)
    name = gr.Textbox(visible="hidden", label="File name")
    text = gr.Textbox(visible="hidden", label="File")
    return Savings(
        memory, figures, reread, convention, cache, flops, machine, refresh, csv, name, text
    )


def _plot(y: str, title: str) -> gr.LinePlot:
    return gr.LinePlot(
        x=views.TOKENS,
        y=y,
        color=views.KIND,
        color_map=COLORS,
        color_title=" ",
        title=title,
        height=280,
        min_width=300,
        buttons=[],
        visible=False,  # an empty one has a name where WAI-ARIA allows none
    )


def _no_plots() -> tuple[Any, Any]:
    return gr.LinePlot(visible=False), gr.LinePlot(visible=False)


class SavingsActions:
    """What the tab shows and gives away."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def shown(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """Memory, figures, the offer to read anew, both plots, the machine."""
        if not session:
            return EMPTY, "", gr.Button(visible=False), *_no_plots(), ""
        report = self._service.report(session)
        anew = self._service.rereading(session)
        offered = anew is None and self._service.offers_reread(session)
        told = "" if anew is None else str(anew)
        return (
            memory_html(report),
            views.report_html(report, told, offered),
            gr.Button(visible=offered),
            *self.plots(session, convention),
            self._machine(session),
        )

    def plots(self, session: str | None, convention: str) -> tuple[Any, Any]:
        if not session:
            return _no_plots()
        cache, flops = views.curves(self._service.report(session), convention)
        unit = "million elements" if convention == views.PAPER else "MB"
        return (
            gr.LinePlot(value=cache, y_title=f"cache in {unit}", visible=len(cache) > 0),
            gr.LinePlot(value=flops, y_title="FLOPs in 10¹²", visible=len(flops) > 0),
        )

    def reread(self, session: str | None, convention: str) -> tuple[Any, ...]:
        """Read the session anew with the memory that new sessions have."""
        try:
            self._service.reread(session or "", {})
        except KNOWN_ERRORS as error:
            tell(error)
        return self.shown(session, convention)

    def as_csv(self, session: str | None) -> tuple[str, str]:
        """Name and content of the file; an empty name where there is none."""
        if not session:
            tell_text("There is no session yet, so there are no figures to save.", "Not saved")
            return "", ""
        return f"{file_name(session)}.csv", views.as_csv(self._service.report(session))

    def _machine(self, session: str) -> str:
        report = self._service.report(session)
        sized = self._service.sessions(session, sizes=True)
        taken = [s.byte_count or 0 for s in sized if s.session.name == session]
        return views.machine_html(
            report,
            psutil.Process().memory_info().rss,
            sum(taken),
            shutil.disk_usage(self._service.settings.data_dir).free,
        )
