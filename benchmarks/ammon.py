"""Ammon as a benchmark engine: with window and memory, with the window alone, or in full."""

from __future__ import annotations

from typing import Any

from ahn_runtime import Runtime, Session
from benchmarks.engine import Engine


class AmmonEngine(Engine):
    """A session of `ahn_runtime`.

    Args:
        session: an empty session.
        lookup: whether answers are drafted from the last 512 tokens of the last read.
    """

    def __init__(self, session: Session, lookup: bool = False) -> None:
        self._session = session
        self._lookup: list[int] | None = [] if lookup else None

    def read(self, ids: list[int]) -> None:
        """Feed token ids."""
        self._session.feed(ids, logits=None)
        if self._lookup is not None:
            self._lookup = ids[-512:]

    def answer(self, count: int) -> None:
        """Generate `count` tokens in a fork."""
        fork = self._session.fork()
        for _ in fork.generate(count, stop_ids=(), lookup=self._lookup):
            pass

    def cache_bytes(self) -> int:
        """Bytes of keys, values, gates and memories."""
        return self._session.cache_bytes


def make_ammon(options: dict[str, Any]) -> AmmonEngine:
    """Make the engine in a worker's process.

    Args:
        options: those of `Runtime.load`, and "lookup", as `AmmonEngine` takes it.

    Raises:
        AhnError: the model cannot be loaded.
    """
    loading = dict(options)
    lookup = bool(loading.pop("lookup", False))
    return AmmonEngine(Runtime.load(**loading).session(), lookup)
