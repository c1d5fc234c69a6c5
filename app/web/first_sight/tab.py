"""The first sight's component and events, and the script by which files are dropped anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from app.service import SUFFIX
from app.web.events import QUIET, Handler
from app.web.first_sight.actions import FirstSightActions
from app.web.first_sight.html import UNKNOWN
from app.web.notify import SHOWN_SECONDS
from app.web.upload_folder import MAX_UPLOAD_BYTES
from ingest import DEFAULT_LIMITS
from ingest.recognition import KNOWN_SUFFIXES

SCRIPT = Path(__file__).with_name("first_sight.js")
_KEPT = "() => { document.dispatchEvent(new CustomEvent('text-sent', {detail: true})); }"
_SENT = "() => { document.dispatchEvent(new CustomEvent('text-sent')); }"
_ENDED = "() => { document.dispatchEvent(new Event('adding-ended')); }"


@dataclass(frozen=True)
class FirstSight:
    """The components.

    Args:
        zone: the first sight, empty if there is something else to show.
        phase: what it is shown by.
        progress: the same, changed only when the session that is shown has come further.
    """

    zone: gr.HTML
    phase: gr.State
    progress: gr.State

    @property
    def shown(self) -> list[gr.HTML | gr.State]:
        """The outputs of `FirstSightActions.shown`."""
        return [self.zone, self.phase]


def lay_out_first_sight() -> FirstSight:
    """Place the component in the open gradio block, before what it stands for."""
    with gr.Column(elem_id="first-sight", min_width=0):
        zone = gr.HTML(UNKNOWN, js_on_load=_script(), apply_default_css=False)
    return FirstSight(zone, gr.State(), gr.State())


def _script() -> str:
    """The script, with the suffixes of the files taken from a folder, and what it is bound by."""
    suffixes = json.dumps(sorted({*KNOWN_SUFFIXES, SUFFIX}))
    sizes = {"file": DEFAULT_LIMITS.max_bytes, "upload": MAX_UPLOAD_BYTES}
    limits = json.dumps({**sizes, "shown": 1000 * SHOWN_SECONDS})
    given = f"const suffixes = {suffixes}, exported = {SUFFIX!r}, limits = {limits};"
    return f"{given}\n{SCRIPT.read_text(encoding='utf-8')}"


def wire_first_sight(
    first: FirstSight, act: FirstSightActions, session: gr.Radio, model: gr.Radio, show: Handler
) -> None:
    """Connect the events.

    Args:
        session: the list of sessions; adding without a selected one makes and selects a session.
        model: the choice of the model for new sessions.
        show: shows the selected session in all tabs, and with it the first sight.
    """
    inputs = [session, model]
    for event, add in ((first.zone.click, act.add_sample), (first.zone.apply, act.add_url)):
        added = event(add, inputs, session, **QUIET)
        added.then(None, js=_ENDED)
        added.success(*show)
    sent = first.zone.submit(act.add_text, inputs, session, **QUIET)
    sent.then(None, js=_SENT)
    sent.success(None, js=_KEPT).then(*show)
