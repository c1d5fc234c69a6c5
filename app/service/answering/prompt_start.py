"""The beginning that prompts share, read once for the questions that follow one another.

Prompts with worked examples begin with the same tokens, a quarter of most prompts. As long as a
session reads nothing more, the state after them is the same for each question, so a fork of it is
kept. What is fed, and in which pieces, does not depend on whether it was kept: answers are the same
bit for bit.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

from ahn_runtime import Session


@dataclass(frozen=True)
class _Kept:
    """The state of a session after the beginning of a prompt.

    Args:
        of: the session that was forked.
        at: its position then.
        ids: the tokens that were fed to the fork.
    """

    of: weakref.ref[Session]
    at: int
    ids: tuple[int, ...]
    session: Session


class PromptStart:
    """Keeps the newest such state; all calls are made by who holds the model's turn."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    def fork(self, session: Session, ids: Sequence[int]) -> tuple[Session, int]:
        """A fork of a session that has read the beginning of a prompt.

        Args:
            ids: of that beginning; without any, it is a mere fork.

        Returns:
            The fork, and the FLOPs that its counter had before anything was computed for it.
        """
        beginning = tuple(ids)
        if not beginning:
            return session.fork(), session.state.flops
        kept = self._kept
        if (
            kept is not None
            and kept.of() is session
            and (kept.at, kept.ids) == (session.tokens_seen, beginning)
        ):
            return kept.session.fork(), kept.session.state.flops
        self._kept = None  # not two at a time
        fork = session.fork()
        fork.feed(beginning, logits=None)
        # A session that is evicted or deleted leaves nothing here.
        of = weakref.ref(session, self._forget)
        self._kept = _Kept(of, session.tokens_seen, beginning, fork.fork())
        return fork, session.state.flops

    def _forget(self, of: weakref.ref[Session]) -> None:
        kept = self._kept
        if kept is not None and kept.of is of:
            self._kept = None
