"""The colours and fonts of the page, and its style sheet; system fonts, so none is fetched."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

STYLE_SHEET = Path(__file__).with_name("style.css")
ACCENT, ACCENT_HOVER, ACCENT_DARK = "#0f766e", "#115e59", "#2dd4bf"


def theme() -> gr.themes.Base:
    """Gradio's soft theme with Ammon's colours; the accent is dark enough for white letters."""
    base = gr.themes.Soft(
        primary_hue="teal",
        neutral_hue="slate",
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return base.set(
        button_primary_background_fill=ACCENT,
        button_primary_background_fill_hover=ACCENT_HOVER,
        button_primary_background_fill_dark=ACCENT,
        button_primary_background_fill_hover_dark=ACCENT_HOVER,
        checkbox_label_background_fill_selected="#ccfbf1",
        checkbox_label_background_fill_selected_dark="#134e4a",
        checkbox_label_text_color_selected="#134e4a",
        checkbox_label_text_color_selected_dark="#f0fdfa",
        block_label_text_color=ACCENT_HOVER,
        block_label_text_color_dark="#ccfbf1",
        block_title_text_color=ACCENT_HOVER,
        block_title_text_color_dark="#ccfbf1",
        body_background_fill="#f8fafc",
        block_border_width="0px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_shadow="none",
        input_border_width="1px",
        input_border_color="#cbd5e1",
        input_border_color_dark="#475569",
        block_title_background_fill="transparent",
        block_title_background_fill_dark="transparent",
        body_text_color_subdued="#4b5563",
        body_text_color_subdued_dark="#a8b1bf",
        input_placeholder_color="#64748b",
        input_placeholder_color_dark="#a8b1bf",
    )
