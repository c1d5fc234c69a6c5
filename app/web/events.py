"""What the wiring of all tabs has in common: handlers of events, and files for the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import gradio as gr

from app.web import javascript

QUIET: dict[str, Any] = {"show_progress": "hidden"}
"""Options of an event that draws no spinner over what it fills."""
IN_TURN: dict[str, Any] = {**QUIET, "trigger_mode": "multiple", "concurrency_limit": 1}
"""Options of a quick event of which none is to be lost: each runs after the one before."""
AT_ONCE: dict[str, Any] = {**QUIET, "trigger_mode": "multiple"}
"""Options of an event that goes through `Latest`: it runs although the one before is under way."""
MAX_NUMBER = 2**53 - 1
"""Larger numbers are not exact in a browser."""


class Handler(NamedTuple):
    """What an event calls, in the order in which gradio's listeners take it.

    Args:
        function: receives the values of `inputs` and returns those of `outputs`.
    """

    function: Callable[..., Any]
    inputs: Sequence[Any]
    outputs: Sequence[Any]


def sent(event: gr.EventData) -> Mapping[str, Any]:
    """What the page's script sent with an event; any browser may send anything, or nothing."""
    return event._data if isinstance(event._data, Mapping) else {}


def row_number(value: Any) -> int | None:
    """The number of a row that a browser sent; None if it is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= MAX_NUMBER else None


def save_on_click(
    button: gr.Button,
    write: Callable[..., tuple[str, str]],
    inputs: Sequence[Any],
    file: Sequence[gr.Textbox],
) -> None:
    """Let a button hand the browser a file.

    Args:
        write: returns the file's name and its content, from the values of `inputs`; pictures
            (names ending in .png) in base64. An empty name saves nothing.
        file: two hidden text boxes, which pass the name and the content to the browser.
    """
    made = button.click(write, inputs, file, **QUIET)
    made.then(None, file, None, js=javascript.SAVE_FILE)
