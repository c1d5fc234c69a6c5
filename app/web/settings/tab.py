"""The settings tab: how the session was made and read anew otherwise, the look, the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.service.session_config import SessionConfig
from app.web.notify import tell
from app.web.settings import html as views
from app.web.settings.reread_form import (
    EVERYTHING,
    EXACT,
    INT8,
    NO_MEMORY,
    OWN_MEMORY,
    WINDOW,
    Wanted,
    cache_bytes,
    check_memory,
    window_bytes,
)
from app.web.settings.server_facts import server_facts
from app.web.settings.theme_choice import lay_out_look
from storage import NotFound

POLL_SECONDS = 1.5
REACHES = [("A window", WINDOW), ("Everything (full attention)", EVERYTHING)]
PRECISIONS = [("int8", INT8), ("Exact", EXACT)]
MEMORIES = [("The model's own", OWN_MEMORY), ("None", NO_MEMORY)]
# Figures: docs/speed and README, the embedded model on two cores.
REACH_COSTS = (
    "What the model sees word for word. A wider one takes memory and time: at 131,072 tokens, "
    "reading took 1.6 times as long with 8,192 as with 1,024, and 12.5 times without a window."
)
PRECISION_COSTS = (
    "int8 keeps each weight in a byte instead of four and takes the same first choice at 92% or "
    "more of a real text's tokens; exact rounds nothing."
)
MEMORY_COSTS = (
    "Keeps the drift of what left the window, not its facts. Without it reading was 1.3 times as "
    "fast at 8,192 tokens."
)
START, CANCEL = "Read anew with these settings", "Cancel the re-reading"
STARTED = (
    '<p class="facts">What it was started with, each with the option or the environment variable '
    "that changes it at the next start.</p>"
)
ANEW = (
    '<p class="facts">It is read from what is stored here, beside its present state, which goes on '
    "answering until all is read. Another precision or memory, or no window, loads the model once "
    "more.</p>"
)


@dataclass(frozen=True)
class SettingsTab:
    """The components of the tab."""

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
    look: gr.Radio
    server: gr.HTML

    @property
    def state(self) -> list[Any]:
        """What `SettingsActions.state` fills: all but what a person may be filling in."""
        shown = [self.made, self.form, self.costs, self.progress]
        return [*shown, self.start, self.cancel, self.timer]

    @property
    def fields(self) -> list[Any]:
        return [self.reach, self.window, self.precision, self.memory]


def lay_out_settings() -> SettingsTab:
    """The tab's content."""
    _html("<h3>This session</h3>")
    made = _html(views.EMPTY)
    with gr.Column(visible=False, elem_classes="card") as form:
        _html(f"<h4>Read it anew with other settings</h4>{ANEW}")
        fields = _lay_out_fields()
        costs, progress = _html(), _html()
        with gr.Row(elem_classes="tight"):
            start = gr.Button(START, variant="primary", size="md", scale=0, min_width=290)
            cancel = gr.Button(CANCEL, size="md", scale=0, min_width=220, visible=False)
    _html("<h3>Look</h3>")
    with gr.Column(elem_classes="card"):
        look = lay_out_look()
    _html(f"<h3>This server</h3>{STARTED}")
    server = _html()
    timer = gr.Timer(POLL_SECONDS, active=False)
    return SettingsTab(made, form, costs, *fields, start, cancel, progress, timer, look, server)


def _html(content: str = "") -> gr.HTML:
    return gr.HTML(content, elem_classes="part")


def _lay_out_fields() -> tuple[gr.Radio, gr.Textbox, gr.Radio, gr.Radio]:
    with gr.Row(equal_height=False):
        with gr.Column(min_width=240):
            reach = gr.Radio(REACHES, value=WINDOW, label="Window", info=REACH_COSTS)
            window = gr.Textbox(label="Tokens of the window", max_lines=1, elem_classes="field")
        with gr.Column(min_width=240):
            precision = gr.Radio(PRECISIONS, value=INT8, label="Precision", info=PRECISION_COSTS)
        with gr.Column(min_width=240):
            memory = gr.Radio(
                MEMORIES, value=OWN_MEMORY, label="Compressed memory", info=MEMORY_COSTS
            )
    return reach, window, precision, memory


class SettingsActions:
    """What the tab shows and does; of a session that is gone it shows none."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def server(self) -> str:
        """What the server was started with."""
        return views.facts_html(server_facts(self._service.settings))

    def opened(self, session: str | None) -> tuple[Any, ...]:
        """State and fields; a re-reading's own where there is one."""
        return *self.state(session), *self._fields(session)

    def state(self, session: str | None) -> tuple[Any, ...]:
        """See `SettingsTab.state`."""
        try:
            row = self._service.sessions.get(session or "")
            anew = self._service.rereads.progress(row.name)
            is_at_work = anew is not None and self._service.rereads.is_running(row.name)
            told, tokens = self._service.sessions.notice(row.name), self._tokens(row.name)
        except NotFound:
            return views.EMPTY, gr.Column(visible=False), "", "", *_buttons(False, False)
        made = SessionConfig.from_row(row)
        costs = (window_bytes(made, 1000), cache_bytes(made, None, tokens), tokens)
        return (
            views.facts_html(views.made_facts(made)),
            gr.Column(visible=True),
            views.costs_html(*costs),
            "" if anew is None else views.progress_html(anew, told, is_at_work),
            *_buttons(anew is not None, is_at_work),
        )

    def _fields(self, session: str | None) -> tuple[Any, ...]:
        """See `SettingsTab.fields`."""
        try:
            made = SessionConfig.from_row(self._service.sessions.get(session or ""))
            anew = self._service.rereads.progress(session or "")
        except NotFound:
            return (gr.skip(),) * 4
        wanted = Wanted.of(made if anew is None else anew.config)
        reach, window, precision, memory = wanted.fields
        others = [] if memory in (OWN_MEMORY, NO_MEMORY) else [(memory, memory)]
        return (
            reach,
            gr.Textbox(value=window, visible=reach == WINDOW),
            precision,
            gr.Radio(choices=[*MEMORIES, *others], value=memory),
        )

    def _tokens(self, session: str) -> int:
        """Of all its documents, as far as they are counted, and what it has read."""
        counts = [s.document.token_count or 0 for s in self._service.documents.list(session)]
        return max(sum(counts), self._service.sessions.report(session).tokens)

    def reread(
        self, session: str | None, reach: str, window: str, precision: str, memory: str
    ) -> Iterator[tuple[Any, Any]]:
        """Begin to read anew, or go on with it.

        Yields: the progress and the button, while the model is being loaded.
        """
        try:
            name = self._service.sessions.get(session or "").name
            changes = self._changes(name, Wanted.given(reach, window, precision, memory))
            yield views.LOADING, gr.Button(interactive=False)
            self._service.rereads.begin(name, changes)
        except KNOWN_ERRORS as error:
            tell(error)
        yield gr.skip(), gr.skip()  # gradio empties what nothing was ever said of

    def _changes(self, session: str, wanted: Wanted) -> dict[str, Any]:
        """What is changed of a session's options.

        Raises:
            ValueError: nothing would be, or this machine cannot do it.
        """
        config = SessionConfig.from_row(self._service.sessions.get(session))
        anew = self._service.rereads.progress(session)
        if anew is not None and wanted == Wanted.of(anew.config):
            return anew.config.options.as_dict()
        changes = wanted.changes(config)
        if not changes and not self._service.rereads.is_offered(session):
            raise ValueError("The session has these settings already; change one of them.")
        check_memory(config, wanted.window, self._tokens(session))
        return changes

    def cancel(self, session: str | None) -> None:
        """Drop the re-reading; the session stays as it is."""
        try:
            self._service.rereads.cancel(session or "")
        except KNOWN_ERRORS as error:
            tell(error)

    def tick(self, session: str | None) -> tuple[Any, ...]:
        """How far the re-reading is; the fields too once it is over."""
        state = self.state(session)
        try:
            is_over = self._service.rereads.progress(session or "") is None
        except NotFound:
            is_over = True
        return *state, *(self._fields(session) if is_over else (gr.skip(),) * 4)


def _buttons(is_there: bool, is_at_work: bool) -> tuple[Any, Any, Any]:
    """The one that begins, the one that cancels, and the timer that looks again."""
    return (
        gr.Button(interactive=not is_at_work),
        gr.Button(visible=is_there),
        gr.Timer(active=is_there),
    )


def show_window(reach: str) -> Any:
    """The number of tokens belongs to a window only."""
    return gr.Textbox(visible=reach == WINDOW)
