"""Makes a session under the first of some names that is free when it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from storage import AlreadyExists, SessionRow


def under_free_name(names: Iterable[str], make: Callable[[str], SessionRow]) -> SessionRow:
    """Return what `make` makes with the first name that it does not refuse as taken.

    Raises:
        AlreadyExists: all names are taken.
        Exception: what else `make` raises.
    """
    taken: AlreadyExists | None = None
    for name in names:
        try:
            return make(name)
        except AlreadyExists as error:
            taken = error
    raise taken or AssertionError("there is no name")
