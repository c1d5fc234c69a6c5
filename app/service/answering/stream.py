"""A question to its events: retrieval, prompt, a fork of the session, generated text, storing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ahn_runtime import Session
from app.service.answering.answer import Answer, ContextUsage, Question
from app.service.answering.citations import mark_cited
from app.service.answering.conversation import recent_turns, store_answer
from app.service.answering.events import Delta, Done, Event, Prefilled, Retrieved
from app.service.answering.followup import follows_up
from app.service.answering.passage_search import find_passages
from app.service.answering.prompt import Prompt, budget_tokens, build_prompt
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

    Yields `Retrieved`, a `Prefilled` for each chunk of the prompt, `Delta`s, and `Done` when the
    answer is stored. Closed before that, nothing is stored; nor is a question asked alone.

    Args:
        opened: at the position to answer from. The caller holds the model's turn.
        asked_at: time of the question, in seconds of the monotonic clock.
    """
    waited_s = time.monotonic() - asked_at
    position, runtime = opened.position, opened.session.runtime
    prompt, matching = prompt_for(db, settings, opened, question)
    context = context_usage(opened, prompt, matching)
    yield Retrieved(position, prompt.passages, context, prompt.found_nothing)
    fork = opened.session.fork()
    yield from _prefill(fork, prompt.ids)
    text, first_word_s = "", 0.0
    answer_ids: list[int] = []
    pieces = runtime.tokenizer.decode_stream(
        _recorded(_generate(settings, fork, prompt, question), answer_ids)
    )
    for piece in _with_notice(pieces, prompt.found_nothing):
        seconds = time.monotonic() - asked_at
        text, first_word_s = text + piece, first_word_s or seconds
        yield Delta(piece, seconds)
    text = text.strip()
    answer = Answer(
        question=question.text,
        position=position,
        memory_status=runtime.memory_status,
        text=text,
        passages=mark_cited(text, prompt.passages),
        prompt_tokens=len(prompt.ids),
        answer_tokens=len(answer_ids),
        waited_s=waited_s,
        first_word_s=first_word_s,
        seconds=time.monotonic() - asked_at,
        as_of=question.as_of,
        found_nothing=prompt.found_nothing,
        rests_on=context,
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
) -> tuple[Prompt, int]:
    """The passages, the earlier turns and the question as tokens, and how many passages match."""
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
    return prompt, max(found.matching, len(prompt.passages))


def _prefill(fork: Session, ids: Sequence[int]) -> Iterator[Prefilled]:
    """Feed a prompt in chunks, with an event after each."""
    chunk_tokens = fork.runtime.block_tokens
    for start in range(0, len(ids), chunk_tokens):
        fork.feed(list(ids[start : start + chunk_tokens]), logits=None)
        yield Prefilled(fork.tokens_seen)


def _generate(
    settings: Settings, fork: Session, prompt: Prompt, question: Question
) -> Iterator[int]:
    """The answer's token ids: greedy, or sampled if the same question was answered before."""
    _, max_tokens = budget_tokens(fork.runtime.stream.window, settings.max_answer_tokens)
    if question.is_asked_again and question.replaces is not None:
        seed = question.replaces.id
        return fork.generate(max_new_tokens=max_tokens, temperature=AGAIN_TEMPERATURE, seed=seed)
    return fork.generate(max_new_tokens=max_tokens, lookup=prompt.ids)


def _recorded(ids: Iterator[int], record: list[int]) -> Iterator[int]:
    """Append each id to a list as it is taken."""
    for token_id in ids:
        record.append(token_id)
        yield token_id


def _with_notice(pieces: Iterator[str], found_nothing: bool) -> Iterator[str]:
    """The generated text, with a notice before its first word if nothing was found."""
    if found_nothing:
        first = next(pieces, "")
        yield f"{FOUND_NOTHING}\n\n{first}" if first else FOUND_NOTHING
    yield from pieces
