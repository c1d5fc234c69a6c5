"""A question to its events: retrieval, prompt, a fork of the session, generated text, storing."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import storage
from ahn_runtime import Session
from app.service.answering.answer import Answer, ContextUsage, Question
from app.service.answering.citations import mark_cited
from app.service.answering.conversation import recent_turns, store_answer
from app.service.answering.declining import says_not_found
from app.service.answering.events import Delta, Done, Event, Prefilled, Retrieved
from app.service.answering.followup import follows_up
from app.service.answering.passage_search import Found, find_passages
from app.service.answering.prompt import Prompt, budget_tokens, build_prompt
from app.service.answering.revision import Checker, Resumable, recorded, revise
from app.service.reading.open_session import OpenSession
from app.settings import Settings
from storage import Database

FOUND_NOTHING = (
    "I could not find a passage about this; what follows comes from memory alone and may be a "
    "guess."
)
AGAIN_TEMPERATURE = 0.7
"""Greedy answers are the same each time; asked again, the answer shall differ."""


def stream_answer(
    db: Database, settings: Settings, opened: OpenSession, question: Question, asked_at: float
) -> Iterator[Event]:
    """Answer a question in a fork of the session, so that its reading is not affected.

    Yields `Retrieved`, a `Prefilled` for each chunk of the prompt, `Delta`s, what `revise` yields,
    and `Done` when the answer is stored. Closed before that, nothing is stored; nor is a question
    asked alone.

    Args:
        opened: at the position to answer from. The caller holds the model's turn.
        asked_at: time of the question, in seconds of the monotonic clock.
    """
    waited_s = time.monotonic() - asked_at
    position, runtime = opened.position, opened.session.runtime
    _, max_tokens = budget_tokens(runtime.stream.window, settings.max_answer_tokens)
    prompt, found, known = prompt_for(db, settings, opened, question)
    languages = tuple(storage.session_languages(db, opened.row.id))
    checker = Checker(prompt.passages, known, languages)
    context = context_usage(opened, prompt, max(found.matching, len(prompt.passages)))
    yield Retrieved(position, prompt.passages, context, prompt.found_nothing)
    fork = opened.session.fork()
    before_question = yield from _prefill(fork, prompt)
    text, first_word_s = "", 0.0
    answer_ids: list[int] = []
    pieces = runtime.tokenizer.decode_stream(
        recorded(_generate(fork, prompt, question, max_tokens), answer_ids)
    )
    for piece in _with_notice(pieces, prompt.found_nothing):
        seconds = time.monotonic() - asked_at
        text, first_word_s = text + piece, first_word_s or seconds
        yield Delta(piece, seconds)
    draft = checker.check(text, FOUND_NOTHING if prompt.found_nothing else "")
    final = yield from revise(
        before_question, prompt, question.text, checker, draft, max_tokens, answer_ids
    )
    answer = Answer(
        question=question.text,
        position=position,
        memory_status=runtime.memory_status,
        text=final.text,
        passages=mark_cited(final.text, prompt.passages),
        prompt_tokens=len(prompt.ids),
        answer_tokens=len(answer_ids),
        waited_s=waited_s,
        first_word_s=first_word_s,
        seconds=time.monotonic() - asked_at,
        as_of=question.as_of,
        found_nothing=prompt.found_nothing,
        rests_on=context,
        kind="place" if found.at_place else "passages",
        looked_at=found.looked_at,
        left_out=(found.missing,) if found.missing else (),
        declined=prompt.found_nothing or says_not_found(final.text),
        sentences=final.sentences,
        was_revised=final is not draft,
        flops=fork.state.flops - opened.session.state.flops,
        bytes_held=fork.cache_bytes,
    )
    stored = None if question.is_alone else store_answer(db, opened.row.id, question, answer)
    yield Done(answer, stored)


def context_usage(opened: OpenSession, prompt: Prompt, matching: int = 0) -> ContextUsage:
    """What the window and the memory hold once the prompt is fed after the documents.

    Args:
        matching: how many passages match the question.
    """
    stream = opened.session.runtime.stream
    cached = stream.cached_tokens(opened.position + len(prompt.ids))
    window = max(0, min(opened.position, cached - len(prompt.ids)))
    gist = opened.position - window if stream.cell else 0
    return ContextUsage(len(prompt.passages), prompt.passage_tokens, window, gist, matching)


def prompt_for(
    db: Database, settings: Settings, opened: OpenSession, question: Question
) -> tuple[Prompt, Found, str]:
    """The passages, the earlier turns and the question as tokens, and what they were made of.

    Returns:
        The prompt; what was found; and the text of the question and the earlier turns.
    """
    runtime, position = opened.session.runtime, opened.position
    budget, _ = budget_tokens(runtime.stream.window, settings.max_answer_tokens)
    is_follow_up = not question.is_alone and follows_up(question.text)
    turns = recent_turns(db, opened.row.id, question, position) if is_follow_up else []
    query = " ".join([*(turn.question for turn in turns[-1:]), question.text])
    before_position = position if question.as_of else None
    found = find_passages(db, opened.row.id, query, before_position)
    prompt = build_prompt(
        runtime.tokenizer,
        question.text,
        found.passages,
        turns,
        budget,
        position,
        at_place=found.at_place,
    )
    fitted = turns[len(turns) - prompt.history_turns :]
    known = "\n".join([question.text, *(f"{turn.question}\n{turn.answer}" for turn in fitted)])
    return prompt, found, known


def _prefill(fork: Session, prompt: Prompt) -> Generator[Prefilled, None, Resumable]:
    """Feed a prompt in chunks, with an event after each.

    Returns:
        The state before the last chunk that begins before the question, to answer it once more.
    """
    ids, chunk_tokens = prompt.ids, fork.runtime.block_tokens
    question_at = len(ids) - prompt.tail_tokens
    kept_at = question_at // chunk_tokens * chunk_tokens
    kept = fork
    for start in range(0, len(ids), chunk_tokens):
        if start == kept_at:
            kept = fork.fork()
        fork.feed(ids[start : start + chunk_tokens], logits=None)
        yield Prefilled(fork.tokens_seen)
    return Resumable(kept, ids[kept_at:question_at])


def _generate(fork: Session, prompt: Prompt, question: Question, max_tokens: int) -> Iterator[int]:
    """The answer's token ids: greedy, or sampled if the same question was answered before."""
    if question.is_asked_again and question.replaces is not None:
        seed = question.replaces.id
        return fork.generate(max_new_tokens=max_tokens, temperature=AGAIN_TEMPERATURE, seed=seed)
    return fork.generate(max_new_tokens=max_tokens, lookup=prompt.ids)


def _with_notice(pieces: Iterator[str], found_nothing: bool) -> Iterator[str]:
    """The generated text, with a notice before its first word if nothing was found."""
    if found_nothing:
        first = next(pieces, "")
        yield f"{FOUND_NOTHING}\n\n{first}" if first else FOUND_NOTHING
    yield from pieces
