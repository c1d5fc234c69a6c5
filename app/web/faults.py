"""Whatever goes wrong in a handler of the page is shown as a sentence, at this one place.

Handlers report the errors that they expect themselves. What they do not expect, such as a value
that no component of the page sends, would otherwise be shown as Python words it, or end the event
without a word.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import gradio as gr

from app.messages import known_error, sentence
from app.web.notify import SHOWN_SECONDS


def say_all_faults(blocks: gr.Blocks) -> None:
    """Let every handler of a page report its errors as sentences; call this when all are wired."""
    for event in blocks.fns.values():
        if event.fn is not None:
            event.fn = saying_faults(event.fn)


def saying_faults(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler that raises only errors which gradio shows as a sentence, as plain text."""
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def stream(*values: Any, **more: Any) -> Iterator[Any]:
            try:
                yield from handler(*values, **more)
            except Exception as error:
                raise _shown(error) from error

        return stream

    @functools.wraps(handler)
    def call(*values: Any, **more: Any) -> Any:
        try:
            return handler(*values, **more)
        except Exception as error:
            raise _shown(error) from error

    return call


def _shown(error: Exception) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    text = escape(sentence(known_error(error)))
    return gr.Error(text, duration=SHOWN_SECONDS, print_exception=False)
