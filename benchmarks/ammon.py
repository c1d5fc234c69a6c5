"""Ammon's own ways to read: window with memory, window alone, full attention."""

from __future__ import annotations

from typing import Any

from ahn_runtime import Runtime, Session
from benchmarks.engine import Contestant


class Ours(Contestant):
    """A session of the runtime.

    Args:
        lookup: whether answers draft from what was read last.
    """

    def __init__(self, session: Session, lookup: bool = False) -> None:
        self._session = session
        self._lookup: list[int] | None = [] if lookup else None

    def read(self, ids: list[int]) -> None:
        self._session.feed(ids, logits=None)
        if self._lookup is not None:
            self._lookup = ids[-512:]

    def answer(self, count: int) -> None:
        answering = self._session.fork()
        for _ in answering.generate(count, stop_ids=(), lookup=self._lookup):
            pass

    def cache_bytes(self) -> int:
        return self._session.cache_bytes


def make_ours(options: dict[str, Any]) -> Ours:
    """For `Worker`; "lookup" apart, options are those of `Runtime.load`."""
    loading = dict(options)
    lookup = bool(loading.pop("lookup", False))
    return Ours(Runtime.load(**loading).session(), lookup)
