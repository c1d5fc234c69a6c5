"""Takes notes while a document is read: a fork of the session says what a part of it tells.

The fork is dropped, so the session is bit for bit what it is without notes. A note is made at the
grid point where its part ends, before a token more is fed, and stored before the checkpoint that
covers its part; a reading that is interrupted there makes it when it is resumed. A session that
was read without notes gets none afterwards, unless it is read again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple, Protocol

import storage
from app.messages import known_error, sentence
from app.service.reading.model_queue import ModelQueue
from app.service.reading.open_session import OpenSession
from app.service.reading.parts import MIN_PART_TOKENS, Part, document_parts, longest_part
from app.service.reading.stream_text import end_turn
from app.settings import Settings
from storage import Database, DocumentRow

log = logging.getLogger(__name__)

NOTED_KINDS = frozenset(
    "text html epub docx odt slides rtf subtitles fb2 email mailbox mhtml pdf".split()
)
"""Kinds of documents that tell something. What logs and tables hold is counted by code."""
TOKENS_PER_NOTE_TOKEN = 128
"""Tokens of a part for each token of its note: this limits what notes cost."""
STEP_TOKENS = 4
"""Generated before a waiting question is let in."""


class Request(NamedTuple):
    """What the model is asked for.

    Args:
        question: closes the user's turn.
        beginning: of the answer, which the model continues; may be empty.
    """

    question: str
    beginning: str


class Editor(Protocol):
    """Knows texts and their chapters, which the reading does not."""

    def chapter_ends(self, db: Database, document: DocumentRow) -> list[int]:
        """How many tokens of a document precede the end of each of its chapters, in order."""

    def is_prose(self, text: str) -> bool:
        """Whether a text has sentences."""

    def request(self, text: str) -> Request:
        """What the model is asked for about a text that it has just read."""

    def note(self, draft: str, text: str, previous: str) -> str:
        """A note on a text, from what the model wrote; empty if there is nothing to say.

        Args:
            draft: begins as requested; ends with a line break if the model ended it.
            previous: the note before it; empty if there is none.
        """


class NoteTaker:
    """Takes the notes of the reading worker.

    Args:
        queue: hands out the model, a few tokens at a time.
        editor: makes notes from drafts.

    Attributes:
        seconds: that were spent on notes so far, without waiting for the model.
        document_id: of the document that a note is being taken on; None if none is.
    """

    def __init__(self, db: Database, settings: Settings, queue: ModelQueue, editor: Editor) -> None:
        self._db, self._settings, self._queue, self._editor = db, settings, queue, editor
        self._parts: tuple[object, dict[int, Part]] = (None, {})
        self._tried: tuple[int, int, int] | None = None
        self.seconds = 0.0
        self.document_id: int | None = None

    def take(
        self, opened: OpenSession, document: DocumentRow, is_interrupted: Callable[[], bool]
    ) -> bool:
        """Note the part of a document that ends where its reading is, if one does.

        Args:
            is_interrupted: whether to leave it for later.

        Returns:
            False if it was left for later.

        Raises:
            Outdated: another process undid or replaced what the session had read.
        """
        part = self._parts_of(opened, document).get(opened.document_tokens)
        # What was read again from an earlier checkpoint may be noted already.
        if part is None or storage.last_note_end(self._db, document.id) >= part.end:
            return True
        # What was undone is noted again when it is read again.
        tried = document.id, part.end, opened.generation
        if self._tried == tried:
            return True
        self.document_id = document.id
        try:
            note = self._note(opened, document, part, is_interrupted)
        except storage.StorageError:
            raise
        except Exception as error:  # a reading never ends for want of a note
            log.warning("document %d, its note: %s", document.id, sentence(known_error(error)))
            note = ""
        finally:
            self.document_id = None
        if note is None:
            return False
        if note:
            storage.add_note(
                self._db, document.id, part.start, part.end, note, generation=opened.generation
            )
        self._tried = tried
        return True

    def _note(
        self,
        opened: OpenSession,
        document: DocumentRow,
        part: Part,
        is_interrupted: Callable[[], bool],
    ) -> str | None:
        """The note on a part; empty if there is nothing to say, None if it was interrupted."""
        text = self._text(document, part)
        if not self._editor.is_prose(text):
            return ""
        max_tokens = part.tokens // TOKENS_PER_NOTE_TOKEN
        draft = self._draft(opened, text, max_tokens, is_interrupted)
        if draft is None:
            return None
        return self._editor.note(draft, text, storage.last_note_text(self._db, document.id))

    def _parts_of(self, opened: OpenSession, document: DocumentRow) -> dict[int, Part]:
        """The parts of a document by their ends; none of one that gets no notes, or grows."""
        total, is_growing = storage.readable_tokens(self._db, document)
        if is_growing or document.kind not in NOTED_KINDS:
            return {}
        grid = opened.chunk_tokens(self._settings)
        key = (document.id, opened.generation, total, grid)
        if self._parts[0] != key:
            longest = longest_part(opened.session.runtime.stream.window, grid)
            is_noted = longest and total >= MIN_PART_TOKENS
            ends = self._editor.chapter_ends(self._db, document) if is_noted else []
            parts = document_parts(total, ends, grid, longest)
            self._parts = key, {part.end: part for part in parts}
        return self._parts[1]

    def _text(self, document: DocumentRow, part: Part) -> str:
        """The segments that a part has tokens of."""
        texts = []
        for segment in storage.iter_segments(self._db, document.id, from_token=part.start):
            if segment.token_start >= part.end:
                break
            texts.append(segment.text)
        return "".join(texts)

    def _draft(
        self,
        opened: OpenSession,
        text: str,
        max_tokens: int,
        is_interrupted: Callable[[], bool],
    ) -> str | None:
        """What the model says of the part that it has just read; None if it was interrupted.

        Its seconds count as seconds of reading. Questions that wait are answered in between.
        """
        tokenizer = opened.session.runtime.tokenizer
        request = self._editor.request(text)
        prompt = end_turn(tokenizer, request.question, request.beginning)
        ids: list[int] = []
        with self._queue.reading(), self._timed(opened):
            fork = opened.session.fork()
            fork.feed(prompt, logits=None)
            generated = fork.generate(max_tokens, lookup=tokenizer.encode(text) + prompt)
        while not is_interrupted():
            with self._queue.reading(), self._timed(opened):
                new = list(islice(generated, STEP_TOKENS))
            ids += new
            if len(new) < STEP_TOKENS:
                is_whole = len(ids) < max_tokens
                return request.beginning + tokenizer.decode(ids) + ("\n" if is_whole else "")
        return None

    @contextmanager
    def _timed(self, opened: OpenSession) -> Iterator[None]:
        """Count the seconds of a block as seconds of the session's reading."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - begun
            opened.fed_s += seconds
            self.seconds += seconds
