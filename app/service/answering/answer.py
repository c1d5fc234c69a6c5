"""A question to its answer: recall, prompt, a fork of the session, streamed text, sources."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import storage
from ahn_runtime import Runtime, Session
from app.errors import BadQuestion
from app.service.answering.newest import retrieve
from app.service.answering.prompt import Turn
from app.service.answering.retrieval import (
    SEARCHED_PASSAGES,
    Citation,
    Prompt,
    budget_tokens,
    build_prompt,
    follows_up,
    mark_cited,
)
from app.service.reading.open_session import OpenSession
from app.settings import Settings
from storage import Database, MessageRow

FOUND_NOTHING = (
    "I could not find a passage about this; what follows comes from memory alone and may be a "
    "guess."
)
AGAIN_TEMPERATURE = 0.7
"""Greedy answers are the same each time: who asks again wants another."""


@dataclass(frozen=True)
class ContextUsage:
    """What an answer had before it, in tokens.

    Args:
        passages, passage_tokens: read again, verbatim, for this answer.
        window_tokens: of the reading, held exactly.
        memory_tokens: of the reading, only as gist; 0 where there is no memory: those are gone.
    """

    passages: int
    passage_tokens: int
    window_tokens: int
    memory_tokens: int


@dataclass
class Answer:
    """An answer as far as it has come; `done` once it is whole and stored.

    Args:
        place: in the line of those who wait for an answer, from 1 on; 0 once it is being made.
        passages: read again before the answer; those it rests on are marked `cited`.
        found_nothing: no passage speaks of what was asked; the text begins by saying so.
        position: tokens the session had read when it was asked.
        waited_s, first_word_s, seconds: from the question to its turn, to the first text, and to
            the end.
        as_of: how an earlier position was named, empty for where the session stands.
        message_id: of the question as it is stored, once it is.
    """

    question: str
    position: int
    memory_status: str
    text: str = ""
    passages: list[Citation] = field(default_factory=list)
    prompt_tokens: int = 0
    answer_tokens: int = 0
    waited_s: float = 0.0
    first_word_s: float = 0.0
    seconds: float = 0.0
    as_of: str = ""
    found_nothing: bool = False
    rests_on: ContextUsage | None = None
    place: int = 0
    message_id: int | None = None
    done: bool = False

    @property
    def citations(self) -> list[Citation]:
        return [p for p in self.passages if p.cited]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what the command line promises, and the rest of the record."""
        left_out = ("text", "passages", "done", "place", "message_id")
        record = {k: v for k, v in asdict(self).items() if k not in left_out}
        return {"answer": self.text, "citations": [asdict(c) for c in self.citations], **record}


@dataclass(frozen=True)
class Question:
    """What is asked.

    Args:
        as_of: how the person named an earlier position, empty for where the session stands: then
            nothing behind it is looked at, neither passages nor messages.
        replaces: the stored question that this one stands for from now on, with its answer.
    """

    text: str
    as_of: str = ""
    replaces: MessageRow | None = None

    @property
    def is_asked_again(self) -> bool:
        """Whether the very same question is to be answered in another way."""
        return self.replaces is not None and self.replaces.text == self.text


def check_question(question: str, max_chars: int) -> str:
    """The question without white space around it.

    Raises:
        BadQuestion: it is empty or too long.
    """
    question = question.strip()
    if not question:
        raise BadQuestion("The question is empty; type one.")
    if len(question) > max_chars:
        raise BadQuestion(
            f"The question has {len(question):,} characters, at most {max_chars:,} are taken; "
            "long texts belong into the session as documents."
        )
    return question


def stream_answer(
    db: Database,
    settings: Settings,
    runtime: Runtime,
    live: OpenSession,
    question: Question,
    answer: Answer,
    began: float,
) -> Iterator[Answer]:
    """Answer in a fork of the session; the reading never notices.

    Yields the answer that was given, growing: first with its passages, after each chunk of the
    prompt, then with every piece of text. Left at any of these, nothing of it is stored.

    Args:
        began: when it was asked, by the monotonic clock.
    """
    answer.position, answer.waited_s = live.position, time.monotonic() - began
    prompt = _prompt(db, settings, runtime, live, question)
    answer.passages, answer.prompt_tokens = prompt.passages, len(prompt.ids)
    answer.found_nothing = prompt.found_nothing
    answer.rests_on = _rests_on(live, prompt)
    yield answer
    fork = live.session.fork()
    for start in range(0, len(prompt.ids), runtime.block_tokens):
        fork.feed(prompt.ids[start : start + runtime.block_tokens], logits=None)
        yield answer
    if answer.found_nothing:
        answer.text = f"{FOUND_NOTHING}\n\n"
    for piece in _pieces(runtime, settings, fork, prompt, question, answer):
        answer.first_word_s = answer.first_word_s or time.monotonic() - began
        answer.text += piece
        yield answer
    answer.text = answer.text.strip()
    answer.passages = mark_cited(answer.text, answer.passages)
    answer.seconds = time.monotonic() - began
    answer.message_id = _store(db, live.row.id, question, answer)
    answer.done = True
    yield answer


def _prompt(
    db: Database, settings: Settings, runtime: Runtime, live: OpenSession, question: Question
) -> Prompt:
    """The passages, earlier turns and the question itself, as they are fed."""
    bound = live.position if question.as_of else None
    budget, _ = budget_tokens(runtime.stream.window, settings.max_answer_tokens)
    history = _history(db, live, question) if follows_up(question.text) else []
    wanted = " ".join([*(turn.question for turn in history[-1:]), question.text])
    found = retrieve(db, live.row.id, wanted, SEARCHED_PASSAGES, bound)
    tokens = runtime.tokenizer
    return build_prompt(tokens, question.text, found, history, budget, live.position)


def _pieces(
    runtime: Runtime,
    settings: Settings,
    fork: Session,
    prompt: Prompt,
    question: Question,
    answer: Answer,
) -> Iterator[str]:
    """The text as it comes; another wording where the same question is answered again."""
    _, most = budget_tokens(runtime.stream.window, settings.max_answer_tokens)
    if question.is_asked_again and question.replaces is not None:
        seed = question.replaces.id
        ids = fork.generate(max_new_tokens=most, temperature=AGAIN_TEMPERATURE, seed=seed)
    else:
        ids = fork.generate(max_new_tokens=most, lookup=prompt.ids)

    def counted() -> Iterator[int]:
        for token_id in ids:
            answer.answer_tokens += 1
            yield token_id

    yield from runtime.tokenizer.decode_stream(counted())


def _rests_on(live: OpenSession, prompt: Prompt) -> ContextUsage:
    """What is there when the first word is chosen, the prompt fed behind what was read."""
    stream = live.session.runtime.stream
    held = stream.cached_tokens(live.position + len(prompt.ids))
    window = max(0, min(live.position, held - len(prompt.ids)))
    gist = live.position - window if stream.cell else 0
    return ContextUsage(len(prompt.passages), prompt.passage_tokens, window, gist)


def _history(db: Database, live: OpenSession, question: Question) -> list[Turn]:
    """Earlier turns; none from further on, after the session has gone back."""
    messages = storage.list_messages(db, live.row.id, limit=8, before_position=live.position)
    if question.replaces is not None:
        messages = [m for m in messages if m.id < question.replaces.id]
    pairs = zip(messages, messages[1:], strict=False)
    return [Turn(q.text, a.text) for q, a in pairs if (q.role, a.role) == ("user", "assistant")]


def _store(db: Database, session_id: int, question: Question, answer: Answer) -> int:
    """Store question and answer, in the place of those they replace; returns the question's id."""
    with db.transaction():
        if question.replaces is not None:
            storage.delete_messages_from(db, session_id, question.replaces.id)
        asked = storage.add_message(
            db, session_id, role="user", text=answer.question, position=answer.position
        )
        details = answer.as_dict()
        citations = details.pop("citations")
        details["passages"] = [asdict(p) for p in answer.passages]
        storage.add_message(
            db,
            session_id,
            role="assistant",
            text=answer.text,
            position=answer.position,
            citations=citations,
            details=details,
        )
        return asked.id
