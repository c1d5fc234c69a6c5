"""Counts what an action asks of the database."""

from __future__ import annotations

from collections.abc import Callable

from app.service import Service


def statements(service: Service, act: Callable[[], object]) -> int:
    """How many statements an action sends to the database from this thread."""
    sent: list[str] = []
    connection = service.db.connection.conn
    connection.set_trace_callback(sent.append)
    try:
        act()
    finally:
        connection.set_trace_callback(None)
    return len([text for text in sent if not text.startswith("--")])
