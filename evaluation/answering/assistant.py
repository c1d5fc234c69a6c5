"""Memory and recall: answers as the assistant gives them, with the passages that it finds.

This package knows no application. The command passes in an `Assistant`, which reads and answers
through the application's service.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from ahn_runtime import Session
from evaluation.answering.likelihood import most_likely
from evaluation.answering.reply import Reading, Reply
from evaluation.answering.variant import Progress
from evaluation.tasks.item import Item


@dataclass(frozen=True)
class PreparedAnswer:
    """The moment before the first word of an answer.

    Args:
        session: has read the passages and the question.
        flops: of reading these.
        passages: their texts.
    """

    session: Session
    flops: int
    passages: tuple[str, ...]


class AssistantLibrary(Protocol):
    """A session of the assistant that has read a library."""

    @property
    def reading(self) -> Reading:
        """What the reading cost."""

    def ask(self, question: str) -> Reply:
        """Ask, as if it were the first question; the reply's text has no words of the program."""

    def prepared(self, question: str) -> AbstractContextManager[PreparedAnswer]:
        """What the assistant reads before it answers."""


class Assistant(Protocol):
    """Reads libraries into sessions of its own."""

    def read(
        self, key: str, documents: tuple[tuple[str, str], ...], progress: Progress
    ) -> AbstractContextManager[AssistantLibrary]:
        """Read a library, or resume its reading; the session is deleted after the block.

        Args:
            key: names the library, so that an interrupted reading is found again.
        """


class RecallLibrary:
    """A library that the assistant has read."""

    def __init__(self, library: AssistantLibrary) -> None:
        self._library = library

    @property
    def reading(self) -> Reading:
        """What the reading cost."""
        return self._library.reading

    def answer(self, item: Item) -> Reply:
        """Ask the item's question; a prescribed prompt is not used.

        Of options, the most likely one is chosen after what the assistant reads for the question.
        """
        if not item.choices:
            return self._library.ask(item.question)
        began = time.monotonic()
        with self._library.prepared(item.question) as prepared:
            text, flops = most_likely(prepared.session, item.choices)
            seconds = time.monotonic() - began
            bytes_held = prepared.session.cache_bytes
        flops += prepared.flops
        return Reply(text, 0, seconds, seconds, flops, bytes_held, passages=prepared.passages)


class Recall:
    """The variant "memory and recall".

    Args:
        options: what a session of the assistant depends on besides the documents; an interrupted
            reading is only resumed with the same.
    """

    def __init__(self, assistant: Assistant, options: str) -> None:
        self.name = "recall"
        self._assistant, self._options = assistant, options

    def library_key(self, item: Item) -> str:
        """Equal for items with the same documents."""
        return hashlib.sha256(repr(item.documents).encode("utf-8", "replace")).hexdigest()

    @contextmanager
    def read(self, item: Item, progress: Progress) -> Iterator[RecallLibrary]:
        """Let the assistant read the documents."""
        key = hashlib.sha256(f"{self._options} {self.library_key(item)}".encode()).hexdigest()
        with self._assistant.read(key, item.documents, progress) as library:
            yield RecallLibrary(library)
