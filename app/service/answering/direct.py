"""Answers by code, without the model: lists, counts, contents, quoted places, missing places."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import storage
from app.service.answering.answer import Answer, ContextUsage, Question
from app.service.answering.citations import Citation
from app.service.answering.contents import contents_of
from app.service.answering.conversation import store_answer
from app.service.answering.events import Delta, Done, Event, Retrieved
from app.service.answering.named_places import PlaceLookup, missing_place, place_to_quote
from app.service.answering.place_search import NamedPlace
from app.service.answering.places_in_question import asked_among
from app.service.answering.question_kinds import Kind, recognise
from app.service.answering.quoting import quote
from app.service.answering.scan import (
    cited_passages,
    holds_records,
    left_out,
    scan,
    scan_answer,
)
from app.service.reading.titles import list_shown_keys, with_shown_titles
from storage import Database, SessionRow

NO_USAGE = ContextUsage(0, 0, 0, 0)
"""The model had nothing before it."""


@dataclass(frozen=True)
class _Made:
    """An answer before it is stored; see `Answer`."""

    kind: Kind
    text: str
    looked_at: str
    passages: tuple[Citation, ...] = ()
    left_out: tuple[str, ...] = ()
    declined: bool = False


def answer_directly(
    db: Database,
    row: SessionRow,
    question: Question,
    position: int | None,
    asked_at: float,
    lookup: PlaceLookup,
) -> Generator[Event, None, bool]:
    """Answer a question by code, if it is one of those kinds.

    Yields `Scanned` while passages are gone through, then `Retrieved`, a `Delta` with all of the
    text, and `Done` when the answer is stored. Closed before that, nothing is stored; nor is a
    question asked alone.

    Args:
        position: the earlier position that is asked as of; None: everything read so far.
        asked_at: time of the question, in seconds of the monotonic clock.
        lookup: keeps the place that the question names, for `stream_answer`.

    Returns:
        Whether it was answered; if not, nothing but `Scanned` was yielded.
    """
    asked_of = question.asked_of
    titles = [document.title for document in asked_among(list_shown_keys(db, row.id), asked_of)]
    asked = recognise(question.text, holds_records(db, row.id, asked_of), titles)
    read = position if position is not None else _tokens_read(db, row.id)
    made: _Made | None = None
    if asked.kind == "contents":
        contents = contents_of(db, row.id, question.text, position, asked_of)
        made = _Made("contents", contents.text, contents.looked_at, left_out=contents.left_out)
    elif asked.kind in ("list", "count"):
        found = yield from scan(db, row.id, asked.subject, position, asked_of=asked_of)
        # No passage has all of many words: then the best of them may still answer.
        if found.items or len(found.matches.terms) == 1:
            cited = tuple(
                replace(Citation.from_passage(number, passage, read), cited=True)
                for number, passage in enumerate(cited_passages(found, asked), 1)
            )
            numbers = {citation.segment_id: citation.number for citation in cited}
            documents = "1 document" if found.documents == 1 else f"{found.documents:,} documents"
            made = _Made(
                asked.kind,
                scan_answer(found, asked, numbers),
                f"every passage of {documents} that has the words",
                cited,
                tuple(left_out(found, asked)),
                declined=not found.items,
            )
    else:
        missing = missing_place(db, row.id, question.text, position, lookup)
        if missing:
            made = _Made("place", missing, "the pages and chapters there are", declined=True)
        elif place := place_to_quote(db, row.id, question.text, position, lookup):
            made = _quoted(db, row.id, place, read)
    if made is None:
        return False
    yield Retrieved(read, made.passages, NO_USAGE, made.declined)
    seconds = time.monotonic() - asked_at
    yield Delta(made.text, seconds)
    answer = Answer(
        question=question.text,
        position=read,
        memory_status="",
        text=made.text,
        passages=made.passages,
        prompt_tokens=0,
        answer_tokens=0,
        waited_s=0.0,
        first_word_s=seconds,
        seconds=time.monotonic() - asked_at,
        as_of=question.as_of,
        found_nothing=made.declined,
        rests_on=NO_USAGE,
        kind=made.kind,
        looked_at=made.looked_at,
        left_out=made.left_out,
        declined=made.declined,
        documents_asked=len(asked_of or ()),
        of_documents=question.of_documents,
    )
    yield Done(answer, None if question.is_alone else store_answer(db, row.id, question, answer))
    return True


def _quoted(db: Database, session_id: int, place: NamedPlace, read: int) -> _Made:
    """A place word for word.

    Args:
        read: tokens that the session has read.
    """
    quoted = quote(with_shown_titles(db, session_id, place.text), place.looked_at)
    cited = tuple(
        replace(Citation.from_passage(number, passage, read), cited=True)
        for number, passage in enumerate(quoted.passages, 1)
    )
    left_out = tuple(filter(None, [quoted.left_out, place.missing]))
    return _Made("place", quoted.text, place.looked_at, cited, left_out)


def _tokens_read(db: Database, session_id: int) -> int:
    newest = storage.list_checkpoints(db, session_id, limit=1)
    return newest[0].position if newest else 0
