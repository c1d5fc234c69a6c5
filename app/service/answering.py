"""A question to its answer: recall, prompt, a fork of the session, streamed text, sources."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import storage
from ahn_runtime import Runtime
from app.errors import BadQuestion
from app.service.live import LiveSession
from app.service.newest import search_newest
from app.service.prompt import Turn
from app.service.recall import (
    SEARCHED_PASSAGES,
    Citation,
    budget_tokens,
    build_prompt,
    follows_up,
    mark_cited,
)
from app.settings import Settings
from storage import Database


@dataclass
class Answer:
    """An answer as far as it has come; `done` once it is whole and stored.

    Args:
        passages: read again before the answer; those it rests on are marked `cited`.
        position: tokens the session had read when it was asked.
        first_word_s, seconds: from the question to the first text, and to the end.
        as_of: how an earlier position was named, empty for where the session stands.
    """

    question: str
    position: int
    memory_status: str
    text: str = ""
    passages: list[Citation] = field(default_factory=list)
    prompt_tokens: int = 0
    answer_tokens: int = 0
    first_word_s: float = 0.0
    seconds: float = 0.0
    as_of: str = ""
    done: bool = False

    @property
    def citations(self) -> list[Citation]:
        return [p for p in self.passages if p.cited]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what the command line promises, and the rest of the record."""
        record = {k: v for k, v in asdict(self).items() if k not in ("text", "passages", "done")}
        return {"answer": self.text, "citations": [asdict(c) for c in self.citations], **record}


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
    live: LiveSession,
    question: str,
    as_of: str = "",
) -> Iterator[Answer]:
    """Answer in a fork of the session; the reading never notices.

    Yields the same `Answer`, growing: first with its passages, then with every piece of text.

    Args:
        as_of: how the person named the position of `live`, if it is an earlier one: then nothing
            behind it is looked at, neither passages nor messages.
    """
    began = time.monotonic()
    bound = live.position if as_of else None
    prompt_budget, answer_tokens = budget_tokens(runtime.stream.window, settings.max_answer_tokens)
    history = _history(db, live.row.id, live.position) if follows_up(question) else []
    wanted = " ".join([*(turn.question for turn in history[-1:]), question])
    found = search_newest(db, live.row.id, wanted, SEARCHED_PASSAGES, bound)
    prompt = build_prompt(runtime.tokenizer, question, found, history, prompt_budget, live.position)
    answer = Answer(question, live.position, runtime.memory_status, passages=prompt.passages)
    answer.prompt_tokens, answer.as_of = len(prompt.ids), as_of
    yield answer
    fork = live.session.fork()
    fork.feed(prompt.ids, logits=None)

    def counted() -> Iterator[int]:
        for token_id in fork.generate(max_new_tokens=answer_tokens, lookup=prompt.ids):
            answer.answer_tokens += 1
            yield token_id

    for piece in runtime.tokenizer.decode_stream(counted()):
        answer.first_word_s = answer.first_word_s or time.monotonic() - began
        answer.text += piece
        yield answer
    answer.text = answer.text.strip()
    answer.passages = mark_cited(answer.text, answer.passages)
    answer.seconds = time.monotonic() - began
    answer.done = True
    _store(db, live.row.id, answer)
    yield answer


def _history(db: Database, session_id: int, position: int) -> list[Turn]:
    """Earlier turns; none from further on, after the session has gone back."""
    messages = storage.list_messages(db, session_id, limit=8, before_position=position)
    pairs = zip(messages, messages[1:], strict=False)
    return [Turn(q.text, a.text) for q, a in pairs if (q.role, a.role) == ("user", "assistant")]


def _store(db: Database, session_id: int, answer: Answer) -> None:
    with db.transaction():
        storage.add_message(
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
