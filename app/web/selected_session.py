"""The session selected on a page, which another page may have deleted in the meantime."""

from __future__ import annotations

from app.service import Service


def selected_session(service: Service, name: str | None) -> str | None:
    """The name of the selected session; None if none is selected or it no longer exists."""
    found = service.sessions.find(name) if name else None
    return found.name if found else None
