"""The interface of a variant: it reads an item's library, and answers items about it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from evaluation.answering.reply import Reading, Reply
from evaluation.tasks.item import Item

Progress = Callable[[int, int], None]
"""Told how many tokens were read, and how many there are."""


class Library(Protocol):
    """A library that was read."""

    @property
    def reading(self) -> Reading:
        """What the reading cost."""

    def answer(self, item: Item) -> Reply:
        """Answer an item about this library; nothing of it is left for the next one."""


class AnsweringVariant(Protocol):
    """One of the compared variants."""

    @property
    def name(self) -> str:
        """As it stands in tables and results."""

    def library_key(self, item: Item) -> str:
        """Equal for items that one reading serves."""

    def read(self, item: Item, progress: Progress) -> AbstractContextManager[Library]:
        """Read the library of an item; what was read is freed at the end of the block."""
