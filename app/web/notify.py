"""Telling a person at the page's edge what was refused or went wrong."""

from __future__ import annotations

from html import escape

import gradio as gr

from app.messages import sentence

SHOWN_SECONDS = 12


def tell(error: BaseException) -> None:
    """One sentence about an error; the page stays as it was."""
    tell_text(sentence(error))


def tell_text(text: str) -> None:
    """A sentence of our own; names in it are text, though gradio would take HTML."""
    gr.Warning(escape(text), duration=SHOWN_SECONDS)
