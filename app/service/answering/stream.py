"""A question to its events: retrieval, prompt, a fork of the session, generated text, storing."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import storage
from ahn_runtime import Session
from app.service.answering.answer import Answer, ContextUsage, Question
from app.service.answering.citations import Citation
from app.service.answering.condensing import NO_COST, Cost
from app.service.answering.conversation import referred_turns, store_answer, with_referred
from app.service.answering.declining import says_not_found
from app.service.answering.document_ends import make_end
from app.service.answering.events import (
    Delta,
    Done,
    Event,
    Prefilled,
    Retrieved,
    Revised,
    Revising,
)
from app.service.answering.evidence import mark_cited
from app.service.answering.first_or_last import Picked
from app.service.answering.fresh_sentences import FreshSentences
from app.service.answering.introductions import name_asked_about
from app.service.answering.named_places import PlaceLookup
from app.service.answering.overview import (
    KEY_SENTENCES,
    Overview,
    cite_supporting,
    make_overview,
)
from app.service.answering.passage_search import Found, find_passages
from app.service.answering.prompt import Prompt, budget_tokens, build_prompt
from app.service.answering.prompt_start import PromptStart
from app.service.answering.question_kinds import Kind
from app.service.answering.revision import Checker, Draft, Resumable, recorded, revise
from app.service.answering.support import has_support, with_marks
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
    db: Database,
    settings: Settings,
    opened: OpenSession,
    question: Question,
    asked_at: float,
    lookup: PlaceLookup,
    start: PromptStart,
    picked: Picked | None = None,
) -> Iterator[Event]:
    """Answer a question in a fork of the session, so that its reading is not affected.

    Yields `Condensed` for a question about the whole of long documents; then `Retrieved`, a
    `Prefilled` for each chunk of the prompt, `Delta`s, what `revise` yields,
    and `Done` when the answer is stored. Closed before that, nothing is stored; nor is a question
    asked alone.

    Args:
        opened: at the position to answer from. The caller holds the model's turn.
        asked_at: time of the question, in seconds of the monotonic clock.
        lookup: keeps the place that the question names, if `answer_directly` has looked it up.
        start: keeps the state after the beginning of the prompt for the next question.
        picked: what `find_first_or_last` found for the question.
    """
    waited_s = time.monotonic() - asked_at
    position, runtime = opened.position, opened.session.runtime
    _, max_tokens = budget_tokens(runtime.stream, settings.max_answer_tokens)
    overview = make_end(db, settings, opened, question)
    if overview is None:
        overview = yield from make_overview(db, settings, opened, question, lookup)
    if overview is None:
        basis = _of_passages(db, settings, opened, question, lookup, picked)
    else:
        basis = _of(overview)
    prompt = basis.prompt
    languages = tuple(storage.session_languages(db, opened.row.id))
    checker = Checker(prompt.passages, question.text, basis.known, languages)
    context = context_usage(opened, prompt, basis.matching)
    yield Retrieved(position, prompt.passages, context, prompt.found_nothing)
    write = _write_from_passages if overview is None else _write_overview
    fork, flops_before = start.fork(opened.session, prompt.ids[: prompt.start_tokens])
    written = yield from write(fork, basis, question, checker, max_tokens, asked_at)
    final, session = written.final, written.session
    passages = basis.cite(final)
    answer = Answer(
        question=question.text,
        position=position,
        memory_status=runtime.memory_status,
        text=final.text,
        passages=passages,
        prompt_tokens=len(prompt.ids) + basis.cost.tokens,
        answer_tokens=len(written.ids),
        waited_s=waited_s,
        first_word_s=written.first_word_s,
        seconds=time.monotonic() - asked_at,
        as_of=question.as_of,
        found_nothing=prompt.found_nothing,
        rests_on=context,
        kind=basis.kind,
        looked_at=basis.looked_at,
        left_out=basis.left_out,
        declined=prompt.found_nothing or says_not_found(final.text),
        sentences=with_marks(final.sentences, passages),
        was_revised=written.was_revised,
        repeats_question=final.repeats_question,
        documents_asked=len(question.asked_of or ()),
        of_documents=question.of_documents,
        flops=session.state.flops - flops_before + written.flops + basis.cost.flops,
        bytes_held=session.cache_bytes,
    )
    stored = None if question.is_alone else store_answer(db, opened.row.id, question, answer)
    yield Done(answer, stored)


@dataclass(frozen=True)
class _Basis:
    """What an answer is made from; see `Answer` and `Overview`.

    Args:
        matching: how many passages match the question; None: none was searched for.
        cite: the passages of a draft, those it is based on marked as cited.
        without_words: the answer if the model says nothing; empty if it is asked once more then.
    """

    prompt: Prompt
    known: str
    kind: Kind
    looked_at: str
    left_out: tuple[str, ...]
    matching: int | None
    cite: Callable[[Draft], tuple[Citation, ...]]
    cost: Cost = NO_COST
    without_words: str = ""


@dataclass(frozen=True)
class _Written:
    """What the model wrote.

    Args:
        ids: the generated tokens.
        session: that wrote it, with what it has read.
        first_word_s: seconds from the question to the first word.
        flops: that `session` does not count.
    """

    final: Draft
    ids: list[int]
    session: Session
    first_word_s: float
    was_revised: bool = False
    flops: int = 0


def _write_from_passages(
    fork: Session,
    basis: _Basis,
    question: Question,
    checker: Checker,
    max_tokens: int,
    asked_at: float,
) -> Generator[Prefilled | Delta | Revising | Revised, None, _Written]:
    """Answer, and once more if the answer has what no passage has."""
    prompt = basis.prompt
    before_question = yield from _prefill(fork, prompt)
    ids: list[int] = []
    generated = recorded(_generate(fork, prompt, question, max_tokens), ids)
    pieces = _begun(fork.runtime.tokenizer.decode_stream(generated), prompt.begun)
    text, first_word_s = yield from _said(_with_notice(pieces, prompt.found_nothing), asked_at)
    draft = checker.check(text, FOUND_NOTHING if prompt.found_nothing else "")
    final = yield from revise(before_question, prompt, checker, draft, max_tokens, ids)
    return _Written(final, ids, fork, first_word_s, was_revised=final is not draft)


def _write_overview(
    fork: Session,
    basis: _Basis,
    question: Question,
    checker: Checker,
    max_tokens: int,
    asked_at: float,
) -> Generator[Prefilled | Delta, None, _Written]:
    """Answer in several sentences, none of which says what another has said."""
    yield from _prefill(fork, basis.prompt)
    fresh = FreshSentences(fork, max_tokens, basis.prompt.ids, *_sampling(question))
    pieces = _or_else(iter(fresh), basis.without_words)
    text, first_word_s = yield from _said(pieces, asked_at)
    final = checker.check(text, "" if fresh.ids else KEY_SENTENCES)
    return _Written(final, fresh.ids, fresh.session, first_word_s, flops=fresh.flops_taken_back)


def _said(pieces: Iterator[str], asked_at: float) -> Generator[Delta, None, tuple[str, float]]:
    """Yield text as it is generated; return all of it, and the seconds to its first word."""
    text, first_word_s = "", 0.0
    for piece in pieces:
        seconds = time.monotonic() - asked_at
        text, first_word_s = text + piece, first_word_s or seconds
        yield Delta(piece, seconds)
    return text, first_word_s


def _or_else(pieces: Iterator[str], other: str) -> Iterator[str]:
    """The pieces of a text; another text if there are none."""
    is_empty = True
    for piece in pieces:
        is_empty = False
        yield piece
    if is_empty:
        yield other


def _of_passages(
    db: Database,
    settings: Settings,
    opened: OpenSession,
    question: Question,
    lookup: PlaceLookup,
    picked: Picked | None,
) -> _Basis:
    prompt, found, known = prompt_for(db, settings, opened, question, lookup, picked)
    kind: Kind = "place" if found.at_place else "passages"
    looked_at, left_out = found.looked_at, tuple(filter(None, [found.missing]))
    if found.picked is not None:
        kind, looked_at = found.picked.which, found.picked.looked_at
        left_out = found.picked.left_out
    return _Basis(
        prompt,
        known,
        kind,
        looked_at,
        left_out,
        max(found.matching, len(prompt.passages)),
        lambda draft: mark_cited(
            draft.text,
            prompt.passages,
            question.text if kind == "passages" else "",
            tuple(storage.session_languages(db, opened.row.id)),
            has_support(draft.sentences) and not draft.repeats_question,
        ),
    )


def _of(overview: Overview) -> _Basis:
    passages = overview.prompt.passages
    return _Basis(
        overview.prompt,
        overview.known,
        overview.kind,
        overview.looked_at,
        overview.left_out,
        None,
        lambda draft: cite_supporting(draft.text, passages, draft.sentences),
        overview.cost,
        overview.in_sentences_of_the_text,
    )


def context_usage(opened: OpenSession, prompt: Prompt, matching: int | None = 0) -> ContextUsage:
    """What the window and the memory hold once the prompt is fed after the documents.

    Args:
        matching: how many passages match the question. None: the prompt has no whole passages.
    """
    stream = opened.session.runtime.stream
    cached = stream.cached_tokens(opened.position + len(prompt.ids))
    window = max(0, min(opened.position, cached - len(prompt.ids)))
    gist = opened.position - window if stream.cell else 0
    if matching is None:
        return ContextUsage(0, 0, window, gist)
    return ContextUsage(len(prompt.passages), prompt.passage_tokens, window, gist, matching)


def prompt_for(
    db: Database,
    settings: Settings,
    opened: OpenSession,
    question: Question,
    lookup: PlaceLookup | None = None,
    picked: Picked | None = None,
    with_examples: bool = True,
) -> tuple[Prompt, Found, str]:
    """The passages, the earlier turns and the question as tokens, and what they were made of.

    Args:
        picked: what `find_first_or_last` found for the question.
        with_examples: see `build_prompt`; without them the answer is not begun either.

    Returns:
        The prompt; what was found; and the text of the question and the earlier turns.
    """
    runtime, position = opened.session.runtime, opened.position
    budget, _ = budget_tokens(runtime.stream, settings.max_answer_tokens)
    who = name_asked_about(question.text)
    # A question that names somebody is understood without the one before it.
    turns = [] if who else referred_turns(db, opened.row.id, question, position)
    query = with_referred(question, turns)
    before_position = position if question.as_of else None
    found = find_passages(
        db, opened.row.id, query, before_position, lookup, picked, question.asked_of, who
    )
    prompt = build_prompt(
        runtime.tokenizer,
        question.text,
        found.passages,
        turns,
        budget,
        position,
        at_place=found.at_place,
        with_examples=with_examples,
        is_picked=found.picked is not None,
        who=who if with_examples and not found.at_place else None,
    )
    fitted = turns[len(turns) - prompt.history_turns :]
    known = "\n".join([question.text, *(f"{turn.question}\n{turn.answer}" for turn in fitted)])
    return prompt, found, known


def _prefill(fork: Session, prompt: Prompt) -> Generator[Prefilled, None, Resumable]:
    """Feed a prompt in chunks, with an event after each.

    Args:
        fork: has read the beginning of the prompt.

    Returns:
        The state before the last chunk that begins before the question, to answer it once more.
    """
    ids, chunk_tokens = prompt.ids, fork.runtime.block_tokens
    begun = prompt.start_tokens
    question_at = len(ids) - prompt.tail_tokens
    kept_at = begun + (question_at - begun) // chunk_tokens * chunk_tokens
    kept = fork
    for start in range(begun, len(ids), chunk_tokens):
        if start == kept_at:
            kept = fork.fork()
        fork.feed(ids[start : start + chunk_tokens], logits=None)
        yield Prefilled(fork.tokens_seen)
    return Resumable(kept, ids[kept_at:question_at])


def _generate(fork: Session, prompt: Prompt, question: Question, max_tokens: int) -> Iterator[int]:
    """The answer's token ids: greedy, or sampled if the same question was answered before."""
    temperature, seed = _sampling(question)
    if temperature:
        return fork.generate(max_new_tokens=max_tokens, temperature=temperature, seed=seed)
    return fork.generate(max_new_tokens=max_tokens, lookup=prompt.ids)


def _sampling(question: Question) -> tuple[float, int | None]:
    """The temperature and the seed of an answer: greedy unless the question was answered before."""
    if question.is_asked_again and question.replaces is not None:
        return AGAIN_TEMPERATURE, question.replaces.id
    return 0.0, None


def _begun(pieces: Iterator[str], beginning: str) -> Iterator[str]:
    """The generated text behind the beginning that it goes on from; nothing if there is none."""
    if beginning and (first := next(pieces, "")):
        yield f"{beginning}{first}"
    yield from pieces


def _with_notice(pieces: Iterator[str], found_nothing: bool) -> Iterator[str]:
    """The generated text, with a notice before its first word if nothing was found."""
    if found_nothing:
        first = next(pieces, "")
        yield f"{FOUND_NOTHING}\n\n{first}" if first else FOUND_NOTHING
    yield from pieces
