"""The card's components; the page's refresh fills them."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

import gradio as gr


@dataclass(frozen=True)
class Reading:
    """The components of the card: the page drawn small, the card, and what both show."""

    picture: gr.HTML
    card: gr.HTML
    shown: gr.State

    @property
    def list(self) -> builtins.list[Any]:
        """The outputs of `ReadingActions.tick`."""
        return [self.picture, self.card, self.shown]


def lay_out_reading() -> Reading:
    """Place the components in the open gradio block; the style sheet hides them while empty."""
    with gr.Row(elem_id="now-reading", equal_height=False):
        picture = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="now-picture")
        card = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="now-card")
    return Reading(picture, card, gr.State())
