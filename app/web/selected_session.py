"""The session selected on a page, which another page may have deleted in the meantime."""

from __future__ import annotations

from app.service import Service
from storage import NotFound


def selected_session(service: Service, name: str | None) -> str | None:
    """The name of the selected session; None if none is selected or it no longer exists."""
    try:
        return service.sessions.get(name).name if name else None
    except NotFound:
        return None
