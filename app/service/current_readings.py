"""What a session is at: the document that is being read, how fast, and what reading waits for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import storage
from app.service.context import Context
from app.service.reading.work_step import WorkStep
from storage import CurrentDocument, DocumentState


class Stage(Enum):
    """What happens to a document at the moment."""

    READING = auto()
    NOTING = auto()
    """The model makes a note on the part that it has just read."""
    ANSWERING = auto()
    """Reading waits until a question is answered."""
    LOADING = auto()
    """Reading, or indexing, waits until the model is loaded."""
    INDEXING = auto()
    """Its text is taken out of the file, so that it can be found and read."""
    WAITING = auto()
    """Other documents, or other sessions, come first."""
    HELD = auto()
    """Something else keeps it from being read; a notice says what."""
    PAUSED = auto()
    """A person has paused it."""
    STOPPED = auto()
    """It could not be read further; its error says why."""


@dataclass(frozen=True)
class CurrentReading:
    """A document that is being worked on.

    Args:
        document: with the text at the position of the reading.
        tokens_per_second: over the last chunks; 0 before it is known, and while reading waits.
        notice: why it is held; empty otherwise.
        step: how far its indexing is, while this process indexes it.
    """

    document: CurrentDocument
    stage: Stage
    tokens_per_second: float = 0.0
    notice: str = ""
    step: WorkStep | None = None

    @property
    def share(self) -> float:
        """The share of its tokens that is read, from 0 to 1; 0 before they are counted.

        While it is indexed: the share of that, if it is known.
        """
        if self.step is not None:
            return self.step.share or 0.0
        total = self.document.token_count
        return min(1.0, self.document.tokens_read / total) if total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until it is read, at the speed of the last chunks; None while that is unknown."""
        if not self.tokens_per_second or self.document.token_count is None:
            return None
        left = self.document.token_count - self.document.tokens_read
        return max(0, left) / self.tokens_per_second

    @property
    def page_index(self) -> int | None:
        """The page that is being read, from 0 on; None if there is none to draw."""
        text = self.document.text
        if text is None or self.document.kind != "pdf" or text.locator_kind != "page":
            return None
        return text.locator_start - 1


class CurrentReadings:
    """Use cases of what is being read."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def of(self, session: str) -> CurrentReading | None:
        """What a session is at; None if it has nothing to read, or does not exist.

        It costs one statement; the position and the speed come from the reading worker's memory.

        Args:
            session: its name.
        """
        jobs = self._context.jobs
        document = storage.find_current_document(self._db, session, jobs.positions())
        if document is None:
            return None
        stage, notice = self._stage(document)
        if stage is None:
            return None
        is_read = stage in (Stage.READING, Stage.NOTING)
        speed = jobs.speed_of(document.session_id, document.id) if is_read else 0.0
        step = jobs.indexing_steps().get(document.id) if stage is Stage.INDEXING else None
        return CurrentReading(document, stage, speed, notice, step)

    def _stage(self, document: CurrentDocument) -> tuple[Stage | None, str]:
        """What happens to a document, and why it is held; None if a log waits until it grows."""
        context, state = self._context, document.state
        if state is DocumentState.FAILED:
            return Stage.STOPPED, ""
        if state is DocumentState.PAUSED:
            waits = document.is_followed and context.locks.seems_held(document.session_id)
            return (None if waits else Stage.PAUSED), ""
        if notice := context.jobs.notice_of(document.session_id):
            return Stage.HELD, notice
        if state is DocumentState.INDEXING:
            return self._stage_of_indexing(document), ""
        return self._stage_of_reading(document), ""

    def _stage_of_indexing(self, document: CurrentDocument) -> Stage:
        if document.text is None and self._context.models.is_loading:
            return Stage.LOADING
        is_at_it = self._context.jobs.is_being_indexed(document.id)
        return Stage.INDEXING if is_at_it else Stage.WAITING

    def _stage_of_reading(self, document: CurrentDocument) -> Stage:
        context = self._context
        if context.notes is not None and context.notes.document_id == document.id:
            return Stage.NOTING
        if context.queue.is_answering:
            return Stage.ANSWERING
        being_read = context.jobs.session_being_read
        if document.state is DocumentState.READING or being_read == document.session_id:
            is_loading = being_read is not None and context.models.is_loading
            return Stage.LOADING if is_loading else Stage.READING
        return Stage.LOADING if context.models.is_loading else Stage.WAITING
