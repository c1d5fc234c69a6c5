"""The settings tab's components and events: the session's settings, the theme, the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.service import Service
from app.web.events import QUIET
from app.web.settings.actions import MEMORY_CHOICES, SettingsActions
from app.web.settings.html import EMPTY, START_LABEL
from app.web.settings.model_choice import ModelChoice, lay_out_model_choice
from app.web.settings.reread_form import EVERYTHING, EXACT, INT8, OWN_MEMORY, WINDOW
from app.web.settings.theme_choice import lay_out_theme_choice, wire_theme_choice

POLL_SECONDS = 1.5
REACH_CHOICES = [("A window", WINDOW), ("Everything (full attention)", EVERYTHING)]
PRECISION_CHOICES = [("int8", INT8), ("Exact", EXACT)]
# Figures from docs/speed and the README: the embedded model on two cores.
REACH_COSTS = (
    "The tokens that the model sees word for word. A wider window takes memory and time: at "
    "131,072 tokens, reading took 1.6 times as long with 8,192 as with 1,024, and 12.5 times as "
    "long without a window."
)
PRECISION_COSTS = (
    "int8 stores each weight in one byte instead of four and predicts the same next token at 92% "
    "or more of a real text's tokens; exact rounds nothing."
)
MEMORY_COSTS = (
    "Keeps the gist of what left the window, not its facts. Without it, reading was 1.3 times as "
    "fast at 8,192 tokens."
)
CANCEL = "Cancel the re-reading"
STARTED = (
    '<p class="facts">What the server was started with, and the option or environment variable '
    "that changes each at the next start.</p>"
)
REREADING = (
    '<p class="facts">The session is read from what is stored here. Its present state answers '
    "until everything is read. Another precision or memory, or no window, loads the model once "
    "more.</p>"
)


@dataclass(frozen=True)
class SettingsTab:
    """The components of the tab.

    Args:
        made: how the session was made.
        form: the settings with which it can be read again; hidden without a session.
        timer: runs only while the session is being read again.
        new_sessions: the choice of their model.
    """

    made: gr.HTML
    form: gr.Column
    costs: gr.HTML
    reach: gr.Radio
    window: gr.Textbox
    precision: gr.Radio
    memory: gr.Radio
    start: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    timer: gr.Timer
    new_sessions: ModelChoice
    theme: gr.Radio
    server: gr.HTML

    @property
    def state(self) -> list[Any]:
        """The outputs of `SettingsActions.state`: all but the fields a person may be filling in."""
        shown = [self.made, self.form, self.costs, self.progress]
        return [*shown, self.start, self.cancel, self.timer]

    @property
    def fields(self) -> list[Any]:
        """The settings in the form, in the order of `Wanted.fields`."""
        return [self.reach, self.window, self.precision, self.memory]


def lay_out_settings(service: Service) -> SettingsTab:
    """Place the components in the open gradio block."""
    _html("<h3>This session</h3>")
    made = _html(EMPTY)
    with gr.Column(visible=False, elem_classes="card") as form:
        _html(f"<h4>Read it again with other settings</h4>{REREADING}")
        fields = _lay_out_fields()
        costs, progress = _html(), _html()
        with gr.Row(elem_classes="tight"):
            start = gr.Button(START_LABEL, variant="primary", size="md", scale=0, min_width=290)
            cancel = gr.Button(CANCEL, size="md", scale=0, min_width=220, visible=False)
    _html("<h3>New sessions</h3>")
    with gr.Column(elem_classes="card"):
        new_sessions = lay_out_model_choice(service)
    _html("<h3>Theme</h3>")
    with gr.Column(elem_classes="card"):
        theme = lay_out_theme_choice()
    _html(f"<h3>This server</h3>{STARTED}")
    server = _html()
    timer = gr.Timer(POLL_SECONDS, active=False)
    return SettingsTab(
        *(made, form, costs, *fields, start, cancel, progress, timer),
        *(new_sessions, theme, server),
    )


def _html(content: str = "") -> gr.HTML:
    return gr.HTML(content, elem_classes="part")


def _lay_out_fields() -> tuple[gr.Radio, gr.Textbox, gr.Radio, gr.Radio]:
    with gr.Row(equal_height=False):
        with gr.Column(min_width=240):
            reach = gr.Radio(REACH_CHOICES, value=WINDOW, label="Window", info=REACH_COSTS)
            window = gr.Textbox(label="Tokens of the window", max_lines=1, elem_classes="field")
        with gr.Column(min_width=240):
            precision = gr.Radio(
                PRECISION_CHOICES, value=INT8, label="Precision", info=PRECISION_COSTS
            )
        with gr.Column(min_width=240):
            memory = gr.Radio(
                MEMORY_CHOICES, value=OWN_MEMORY, label="Compressed memory", info=MEMORY_COSTS
            )
    return reach, window, precision, memory


def wire_settings(
    settings: SettingsTab, act: SettingsActions, session: gr.Radio, tab: gr.Tab, blocks: gr.Blocks
) -> None:
    """Connect the tab's events.

    Args:
        session: the list of sessions.
        tab: the tab itself, whose selection renews what it shows.
        blocks: the page, whose loading shows the theme that its browser keeps.
    """
    everything = [*settings.state, *settings.fields]
    session.change(act.shown, session, everything, **QUIET)
    tab.select(act.state, session, settings.state, **QUIET)
    tab.select(act.server, None, settings.server, **QUIET)
    settings.timer.tick(act.tick, session, everything, **QUIET)
    settings.reach.input(_window_field, settings.reach, settings.window, **QUIET)
    started = settings.start.click(
        act.reread, [session, *settings.fields], [settings.progress, settings.start], **QUIET
    )
    started.then(act.state, session, settings.state, **QUIET)
    cancelled = settings.cancel.click(act.cancel, session, None, **QUIET)
    cancelled.then(act.shown, session, everything, **QUIET)
    wire_theme_choice(blocks, settings.theme)


def _window_field(reach: str) -> Any:
    """The field for the window's tokens, hidden where the model sees everything."""
    return gr.Textbox(visible=reach == WINDOW)
