"""What a browser asks for again and again, to learn whether anything has changed."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable, Hashable


class ChangeMark:
    """A short text that differs from an earlier one only if something has changed since.

    It differs after a restart of the server, too. All pages share it; for several threads.

    Args:
        look: returns what equals an earlier value only if nothing that a page may show has changed.
    """

    def __init__(self, look: Callable[[], Hashable]) -> None:
        self._look, self._guard = look, threading.Lock()
        self._server, self._numbers = secrets.token_hex(4), itertools.count()
        self._seen: tuple[Hashable, str] | None = None

    def text(self) -> str:
        """The text as of now; letters, digits and a hyphen.

        Raises:
            StorageError: the database cannot be asked.
        """
        with self._guard:  # else an earlier look could be numbered after a later one
            found = self._look()
            if self._seen is None or self._seen[0] != found:
                self._seen = found, f"{self._server}-{next(self._numbers)}"
            return self._seen[1]
