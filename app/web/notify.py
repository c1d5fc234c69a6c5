"""Notifications at the page's edge: one sentence about what was refused or went wrong."""

from __future__ import annotations

from html import escape

import gradio as gr

from app.messages import sentence

SHOWN_SECONDS = 12


def notify(error: BaseException) -> None:
    """Show one sentence about an error; the rest of the page does not change."""
    notify_text(sentence(error))


def notify_text(text: str) -> None:
    """Show a sentence as plain text: names in it are escaped, since gradio would render HTML."""
    gr.Warning(escape(text), duration=SHOWN_SECONDS)
