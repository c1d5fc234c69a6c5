"""The session that a page has chosen, which may be gone by the time something is asked of it."""

from __future__ import annotations

from app.service import Service
from storage import NotFound


def chosen_session(service: Service, name: str | None) -> str | None:
    """The session, or None where none is chosen or it was deleted on another page just now."""
    try:
        return service.sessions.get(name).name if name else None
    except NotFound:
        return None
