"""Several handlers of one event as one, so that a page sends one request for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.web.events import Handler


def combined(handlers: Sequence[Handler], first: Any, read: Callable[[Any], Any]) -> Handler:
    """A handler that calls others in their order.

    Args:
        handlers: each receives what was read, then the values of its inputs.
        first: the component that says what is read, such as the list of sessions.
        read: reads, from the value of `first`, what all handlers need; it is called once.
    """
    inputs = [first, *(component for handler in handlers for component in handler.inputs)]
    outputs = [component for handler in handlers for component in handler.outputs]

    def call(value: Any, *values: Any) -> tuple[Any, ...]:
        results: list[Any] = []
        found = read(value)
        at = 0
        for handler in handlers:
            count = len(handler.inputs)
            results += handler.function(found, *values[at : at + count])
            at += count
        return tuple(results)

    return Handler(call, inputs, outputs)
