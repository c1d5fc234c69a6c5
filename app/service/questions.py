"""Questions: from the queue to the answer's events, and the conversation so far."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import storage
from ahn_runtime import Runtime, Session
from app.errors import BadQuestion, NoSuchPlace, NothingRead
from app.service.answering.answer import Question, check_question
from app.service.answering.as_of import AsOfChoice, list_as_of_choices
from app.service.answering.citations import Citation
from app.service.answering.direct import answer_directly
from app.service.answering.events import Event, Indexing, Prefilled, Queued
from app.service.answering.first_or_last import find_first_or_last
from app.service.answering.passage_search import place_lookup
from app.service.answering.prompt_start import PromptStart
from app.service.answering.stream import prompt_for, stream_answer
from app.service.answering.suggestion_cache import SuggestionCache
from app.service.answering.transcript import render_transcript
from app.service.context import Context, SessionRef
from app.service.kept_notes import as_shown
from app.service.reading.model_queue import Ticket
from app.service.reading.open_session import OpenSession, restore_session
from app.service.reading.positions import name_position
from app.service.reading.replay import feed_up_to
from storage import MessageRow, SessionRow

REPLAY_CHUNKS = 4
"""Chunks that are read again before others who read get the model; questions wait for one."""
_END = object()
QUEUE_POLL_S = 0.5
"""How often a waiting question reports its position in the queue, and can be withdrawn."""
INDEXING_POLL_S = 1.0
"""How often a question reports how far the search index is that it waits for."""


class Questions:
    """The use cases around questions."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db
        self._suggestions, self._start = SuggestionCache(context.db), PromptStart()

    def ask(
        self,
        session: SessionRef,
        question: str,
        at: str = "",
        replaces: int | None = None,
        is_alone: bool = False,
        documents: Collection[int] | None = None,
    ) -> Generator[Event, None, None]:
        """Answer a question from all that the session has read, or as of an earlier position.

        Yields `Indexing` while the search index lacks texts of the session, which is rare. What
        code can answer is answered at once; see `answer_directly`. Else it yields `Scanned` while
        the first or last of many is looked for,
        `Queued` while other questions are answered, then what `stream_answer` yields; as of
        an earlier position, the documents up to there are read again first (`Prefilled`), in slices
        between which others use the model. Closing
        the generator, at any event, leaves the queue or releases the model; before `Done`, nothing
        is stored.

        Args:
            at: an earlier position, as `name_position` takes it; empty: none.
            replaces: number of the last question or its answer; both are replaced by the new ones.
                The same question is then answered in other words.
            is_alone: answer as if nothing had been asked before, and store nothing.
            documents: ids of the session's documents that are asked; None: all. No passage of
                another one is used. What the model itself has read is not undone.

        Raises:
            BadQuestion: the question is empty or too long, `replaces` is not the last, or no
                document is asked.
            NothingRead: the session has no documents.
            NoSuchPlace: `at` names no position that was read.
            TooManyQuestions: the queue is full.
        """
        asked_at, context = time.monotonic(), self._context
        row = context.session(session)
        text = check_question(question, context.settings.max_question_chars)
        if not storage.has_documents(self._db, row.id):
            raise NothingRead(
                f"The session {row.name!r} has no documents yet; add one, then ask about it."
            )
        last_asked = None if replaces is None else self._last_asked(row, replaces)
        position, as_of = name_position(self._db, row, at) if at else (None, "")
        asked_of, of_documents = self._asked_of(row, documents)
        asked = Question(text, as_of, last_asked, is_alone, asked_of, of_documents)
        yield from self.complete_index(row.id)  # not in the model's turn
        lookup = place_lookup(self._db, row.id, asked_of)
        if (yield from answer_directly(self._db, row, asked, position, asked_at, lookup)):
            return
        picked = yield from find_first_or_last(self._db, row.id, text, position, lookup, asked_of)
        runtime = context.runtime(row)
        with ExitStack() as held:
            earlier: OpenSession | None = None
            if position is not None:
                slot = held.enter_context(context.replays.answering())
                yield from _wait_for_model(slot)
                earlier = yield from self._replay(row, runtime, position)
            ticket = held.enter_context(context.queue.answering())
            yield from _wait_for_model(ticket)
            opened = earlier or context.cache.get(row.id)
            yield from stream_answer(
                self._db, context.settings, opened, asked, asked_at, lookup, self._start, picked
            )

    @contextmanager
    def before_answer(
        self, session: SessionRef, question: str
    ) -> Iterator[tuple[Session, tuple[Citation, ...]]]:
        """What `ask` has before it when it would give its first word to a question asked alone.

        It lacks the worked examples: after these, whole sentences are less likely than a few words,
        whatever they say. The model is held until the end of the block. Nothing is stored.

        Yields:
            A fork of the session that has read the prompt, and the passages in it.

        Raises:
            BadQuestion: the question is empty or too long.
            TooManyQuestions: the queue is full.
        """
        context, row = self._context, self._context.session(session)
        text = check_question(question, context.settings.max_question_chars)
        context.runtime(row)
        for _ in self.complete_index(row.id):
            pass
        with context.queue.answering() as ticket:
            for _ in _wait_for_model(ticket):
                pass
            opened = context.cache.get(row.id)
            asked = Question(text, is_alone=True)
            prompt, _, _ = prompt_for(
                self._db, context.settings, opened, asked, with_examples=False
            )
            fork = opened.session.fork()
            fork.feed(prompt.ids, logits=None)
            yield fork, prompt.passages

    def messages(self, session: SessionRef) -> list[MessageRow]:
        """The conversation of a session, the oldest message first."""
        return storage.list_messages(self._db, self._context.session(session).id)

    def last_message_id(self, session: SessionRef) -> int | None:
        """The number of the last message; it changes whenever the conversation does."""
        return storage.last_message_id(self._db, self._context.session(session).id)

    def last_messages(self, session: SessionRef, count: int) -> list[MessageRow]:
        """The last messages of a session, `count` at most, the oldest first."""
        return storage.list_messages(self._db, self._context.session(session).id, count)

    def messages_at(self, session: SessionRef, offset: int, count: int) -> list[MessageRow]:
        """Messages of a session, the oldest first.

        Args:
            offset: number of the first one, counted from 0.
            count: how many at most.
        """
        return storage.messages_at(self._db, self._context.session(session).id, offset, count)

    def count_messages(self, session: SessionRef, before_id: int | None = None) -> int:
        """How many messages a session has, in all or before one of them."""
        return storage.count_messages(self._db, self._context.session(session).id, before_id)

    def find_message(
        self, session: SessionRef, text: str, before_id: int | None = None
    ) -> int | None:
        """The number of the last message that contains a text; None if there is none.

        Args:
            before_id: only messages before this one.
        """
        session_id = self._context.session(session).id
        return storage.find_message(self._db, session_id, text, before_id)

    def has_history(self, session: SessionRef) -> bool:
        """Whether anything was asked or noted, so that there is something to save."""
        session_id = self._context.session(session).id
        is_asked = storage.last_message_id(self._db, session_id) is not None
        return is_asked or storage.count_kept_notes(self._db, session_id) > 0

    def history(self, session: SessionRef, format: str = "md") -> str:
        """The conversation and the kept notes as a file; see `render_transcript`.

        Args:
            format: Markdown ('md'), JSON ('json') or HTML ('html').
        """
        row = self._context.session(session)
        kept = storage.list_kept_notes(self._db, row.id)
        notes = as_shown(self._db, row.id, kept[::-1])  # the oldest first, as the messages
        return render_transcript(row, storage.list_messages(self._db, row.id), format, notes)

    def places(self, session: SessionRef, search: str = "") -> list[AsOfChoice]:
        """The positions that the session can be asked as of; see `list_as_of_choices`."""
        return list_as_of_choices(self._db, self._context.session(session), search)

    def suggested(self, session: SessionRef, documents: Collection[int] | None = None) -> list[str]:
        """First questions for a session that was not asked anything yet.

        Args:
            documents: ids of those that are asked; None: all.
        """
        return self._suggestions.questions(self._context.session(session), documents)

    def complete_index(self, session: SessionRef) -> Iterator[Indexing]:
        """Index what the search index lacks of a session, and report how far that is.

        An older version stored it, or it was copied or imported; it can take minutes.
        """
        session_id = self._context.session(session).id
        while storage.lacks_segments(self._db, session_id):
            yield Indexing(storage.index_state(self._db, session_id))
            is_due = partial(_is_past, time.monotonic() + INDEXING_POLL_S)
            storage.index_segments(self._db, session_id, is_due)

    def _replay(
        self, row: SessionRow, runtime: Runtime, position: int
    ) -> Generator[Queued | Prefilled, None, OpenSession]:
        """Make the state at a position, in slices between which others use the model.

        Yields how far it is, after each chunk and while it waits.

        Raises:
            NoSuchPlace: too much would have to be read again.
        """
        queue, began_at = self._context.queue, time.monotonic()
        with queue.reading_ticket() as ticket:
            yield from _wait_for_model(ticket)
            opened = restore_session(self._db, row, runtime, max_position=position)
        self._check_distance(row, opened, position)
        start = opened.position

        def progress() -> Prefilled:
            done = opened.position - start
            per_token = (time.monotonic() - began_at) / done if done else None
            left = None if per_token is None else per_token * (position - opened.position)
            return Prefilled(opened.position, position, left)

        chunks = feed_up_to(self._db, self._context.settings, opened, position)
        is_done = False
        while not is_done:
            with queue.reading_ticket() as ticket:
                while ticket.wait(QUEUE_POLL_S):
                    yield progress()
                for _ in range(REPLAY_CHUNKS):
                    is_done = next(chunks, _END) is _END
                    if is_done:
                        break
                    yield progress()
                    if queue.waiting:
                        break
        return opened

    def _check_distance(self, row: SessionRow, opened: OpenSession, position: int) -> None:
        distance, most = position - opened.position, self._context.settings.max_replay_tokens
        if distance <= most:
            return
        nearest = f"checkpoint {opened.checkpoint_id}" if opened.checkpoint_id else "the beginning"
        raise NoSuchPlace(
            f"To answer as of there, {distance:,} tokens of {row.name!r} would be read again, from "
            f"{nearest} on; the limit is {most:,}. Ask as of a checkpoint (see checkpoints NAME), "
            "and let later readings keep more of them (--keep-every, --checkpoint-budget)."
        )

    def _asked_of(
        self, row: SessionRow, documents: Collection[int] | None
    ) -> tuple[frozenset[int] | None, int]:
        """The ids of the documents that are asked, and how many there are; (None, 0) for all.

        Raises:
            BadQuestion: none is asked.
        """
        if documents is None:
            return None, 0
        there = {key.id for key in storage.list_keys(self._db, row.id)}
        asked_of = there & set(documents)
        if not asked_of:
            raise BadQuestion(
                f"No source of {row.name!r} is ticked; tick one to ask in the list of sources."
            )
        return (None, 0) if asked_of == there else (frozenset(asked_of), len(there))

    def _last_asked(self, row: SessionRow, message_id: int) -> MessageRow:
        """The last question, by its number or its answer's.

        Raises:
            BadQuestion: it is not the last one; later answers may depend on it.
        """
        last = storage.list_messages(self._db, row.id, limit=2)
        if [m.role for m in last] != ["user", "assistant"] or message_id not in [
            m.id for m in last
        ]:
            raise BadQuestion(
                "Only the last question can be edited or answered again, for what was said after "
                "an earlier one may rest on it."
            )
        return last[0]


def _is_past(moment: float) -> bool:
    return time.monotonic() > moment


def _wait_for_model(ticket: Ticket) -> Iterator[Queued]:
    """Report the position in the queue until it is this question's turn."""
    while position := ticket.wait(QUEUE_POLL_S):
        yield Queued(position)
