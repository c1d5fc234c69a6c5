"""Places the sheet of keys on the page; its script does the rest in the browser."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from app.web.keys.html import keys_html

SCRIPT = Path(__file__).with_name("keys.js")


def lay_out_keys() -> None:
    """Place the button and the sheet in the open gradio block."""
    gr.HTML(
        keys_html(),
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="keys",
    )
