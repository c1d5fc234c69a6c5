"""As of where a question is answered: a chip in the question's line, which opens the choice.

The choice is a list in which a place can be typed too, so that each page can be named without a
list of them all. The chip shows what was chosen, and a button beside it clears that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from app.web.chat.conversation import NOW
from app.web.events import QUIET

SCRIPT = Path(__file__).with_name("as_of.js")
CHIP = (
    '<button type="button" class="as-of-chip" aria-haspopup="true" aria-expanded="false" '
    'aria-controls="as-of-choice">as of <b>now</b></button>'
    '<button type="button" class="as-of-clear" hidden aria-label="Clear the place, and answer '
    'from everything read so far" title="Answer from everything read so far">×</button>'
)
TELL_CHIP = "(at) => { document.dispatchEvent(new CustomEvent('as-of', {detail: at ?? ''})); }"


@dataclass(frozen=True)
class AsOf:
    """The chip and the choice; the value of `at` is the place, empty for everything read so far.

    `offered` is what the list `at` offers.
    """

    chip: gr.HTML
    at: gr.Dropdown
    offered: gr.State


def lay_out_as_of() -> AsOf:
    """Place the chip, and the choice that it opens, in the open gradio block."""
    chip = gr.HTML(
        CHIP,
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="as-of",
    )
    with gr.Column(elem_id="as-of-choice", min_width=0):
        at = gr.Dropdown(
            label="Answer as of",
            info="No spoilers: choose a place, or type one, such as “page 120”",
            choices=[NOW],
            value="",
            allow_custom_value=True,
        )
    return AsOf(chip, at, gr.State())


def wire_as_of(as_of: AsOf) -> None:
    """Let the chip show what is chosen, and clear it; all of that happens in the browser."""
    as_of.at.change(None, as_of.at, None, js=TELL_CHIP)
    as_of.chip.clear(None, None, as_of.at, js="() => ''", **QUIET)
