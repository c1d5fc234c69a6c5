"""The savings tab's components and events: what a session holds, what that saves, and plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.web.events import QUIET, save_on_click
from app.web.savings.actions import SavingsActions
from app.web.savings.plots import (
    AS_RUN,
    CACHE,
    COLORS,
    FLOPS,
    KIND,
    PAPER,
    READ_AT,
    SPEED,
    TIME,
    TITLES,
    TOKENS,
)

LIVE_SECONDS = 2.0
"""Seconds between two updates while the tab is open."""

OPEN_OR_NOT = "() => [{__type__: 'update', active: %s}, %s]"
"""Sets the timer and `is_open` in the browser."""


@dataclass(frozen=True)
class Savings:
    """The components of the tab.

    Args:
        timer: runs only while the tab is open.
        is_open: whether the tab is open; never seen.
        seen: what `SavingsActions.tick` compares with.
    """

    memory: gr.HTML
    figures: gr.HTML
    reread: gr.Button
    convention: gr.Radio
    cache: gr.LinePlot
    flops: gr.LinePlot
    speed: gr.LinePlot
    machine: gr.HTML
    seen: gr.State
    is_open: gr.Checkbox
    timer: gr.Timer
    csv: gr.Button
    png: gr.Button
    file_name: gr.Textbox
    file_text: gr.Textbox

    @property
    def plots(self) -> list[Any]:
        """The outputs of `SavingsActions.plots`."""
        return [self.cache, self.flops, self.speed]

    @property
    def shown(self) -> list[Any]:
        """The outputs of `SavingsActions.shown`."""
        return [self.memory, self.figures, self.reread, *self.plots, self.machine, self.seen]


def lay_out_savings() -> Savings:
    """Place the components in the open gradio block."""
    memory, figures = gr.HTML(), gr.HTML()
    reread = gr.Button("Read again with the newer memory", size="md", visible=False)
    convention = gr.Radio([AS_RUN, PAPER], value=AS_RUN, label="Curves", elem_classes="inline")
    with gr.Row():
        cache, flops = _plot(TOKENS, CACHE), _plot(TOKENS, FLOPS)
        speed = _plot(TIME, SPEED, colors_in_legend=[], tooltip=[TOKENS, READ_AT])
    machine = gr.HTML()
    with gr.Row(elem_classes="tight"):
        csv = gr.Button("Save the figures as CSV", size="sm", scale=0, min_width=190)
        png = gr.Button("Save the figures as PNG", size="sm", scale=0, min_width=190)
    name = gr.Textbox(visible="hidden", label="File name")
    text = gr.Textbox(visible="hidden", label="File")
    is_open = gr.Checkbox(visible="hidden", label="Whether the savings are shown")
    timer = gr.Timer(LIVE_SECONDS, active=False)
    return Savings(
        *(memory, figures, reread, convention, cache, flops, speed, machine),
        *(gr.State(), is_open, timer, csv, png, name, text),
    )


def _plot(x: str, y: str, **changes: Any) -> gr.LinePlot:
    return gr.LinePlot(
        x=x,
        y=y,
        color=KIND,
        color_map=COLORS,
        color_title=" ",
        title=TITLES[y],
        height=280,
        min_width=300,
        buttons=[],
        visible=False,  # an empty plot has a name where WAI-ARIA allows none
        **changes,
    )


def wire_savings(
    savings: Savings, act: SavingsActions, session: gr.Radio, tabs: dict[str, gr.Tab]
) -> None:
    """Connect the tab's events.

    Args:
        tabs: all tabs by name; the timer runs only while "savings" is selected.
    """
    inputs, open_or_not = [session, savings.convention], [savings.timer, savings.is_open]
    for name, tab in tabs.items():
        # In the browser alone: answers of the server to two quick selections may change places.
        live = "true" if name == "savings" else "false"
        tab.select(None, None, open_or_not, js=OPEN_OR_NOT % (live, live))
    tabs["savings"].select(act.shown, inputs, savings.shown, **QUIET)
    savings.timer.tick(act.tick, [*inputs, savings.seen], savings.shown, **QUIET)
    savings.reread.click(act.reread, inputs, savings.shown)
    savings.convention.input(act.plots, inputs, savings.plots, **QUIET)
    file = [savings.file_name, savings.file_text]
    save_on_click(savings.csv, act.as_csv, [session], file)
    save_on_click(savings.png, act.as_png, inputs, file)
