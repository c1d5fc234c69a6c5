"""Several handlers of one event as one, so that a page sends one request for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.web.events import Handler


def combined(handlers: Sequence[Handler], first: Any) -> Handler:
    """A handler that calls others in their order.

    Args:
        handlers: each receives the value of `first`, then those of its inputs.
        first: the component whose value all of them need, such as the list of sessions.
    """
    inputs = [first, *(component for handler in handlers for component in handler.inputs)]
    outputs = [component for handler in handlers for component in handler.outputs]

    def call(value: Any, *values: Any) -> tuple[Any, ...]:
        results: list[Any] = []
        at = 0
        for handler in handlers:
            count = len(handler.inputs)
            results += handler.function(value, *values[at : at + count])
            at += count
        return tuple(results)

    return Handler(call, inputs, outputs)
