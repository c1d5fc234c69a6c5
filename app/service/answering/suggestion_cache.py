"""Keeps the first questions that were made for a session, for each choice of its documents.

A person who ticks documents to and fro, or has two pages open, is shown them at once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Hashable

import storage
from app.service.answering.suggestions import documents_with_text, suggest_questions
from storage import Database, SessionRow

MAX_KEPT = 64


class SuggestionCache:
    """Makes the questions when their documents or notes have changed; for several threads."""

    def __init__(self, db: Database) -> None:
        self._db, self._lock = db, threading.Lock()
        self._kept: OrderedDict[Hashable, list[str]] = OrderedDict()

    def questions(self, row: SessionRow, asked_of: Collection[int] | None) -> list[str]:
        """As `suggest_questions` makes them."""
        key = self._key(row, asked_of)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = suggest_questions(self._db, row, asked_of)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return made

    def _key(self, row: SessionRow, asked_of: Collection[int] | None) -> Hashable:
        """What the questions are made of, without the texts: those of a document only grow."""
        documents = documents_with_text(self._db, row.id, asked_of)
        notes = storage.count_notes(self._db, row.id)
        return (
            (row.id, row.generation, None if asked_of is None else frozenset(asked_of)),
            tuple((d.id, d.title, d.segment_count, notes.get(d.id, 0)) for d in documents),
            storage.lacks_segments(self._db, row.id),
        )
