"""The stored conversation: earlier turns for the prompt, and the new turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import storage
from app.service.answering.answer import Answer, Question
from app.service.answering.followup import follows_up
from app.service.answering.prompt import Turn
from storage import Database

RECENT_MESSAGES = 8


def recent_turns(db: Database, session_id: int, question: Question, position: int) -> list[Turn]:
    """The last turns before a question, the oldest first.

    Turns that were asked behind the position are left out, so that going back forgets them. A
    question that is replaced is left out too.
    """
    messages = storage.list_messages(
        db, session_id, limit=RECENT_MESSAGES, before_position=position
    )
    if question.replaces is not None:
        messages = [m for m in messages if m.id < question.replaces.id]
    pairs = zip(messages, messages[1:], strict=False)
    return [Turn(q.text, a.text) for q, a in pairs if (q.role, a.role) == ("user", "assistant")]


def referred_turns(db: Database, session_id: int, question: Question, position: int) -> list[Turn]:
    """The turns that a question may refer to, the oldest first; none unless it is a follow-up."""
    if question.is_alone or not follows_up(question.text):
        return []
    return recent_turns(db, session_id, question, position)


def with_referred(question: Question, turns: Sequence[Turn]) -> str:
    """What is asked, after the question that it refers to, if there is one.

    Args:
        turns: from `referred_turns`.
    """
    return " ".join([*(turn.question for turn in turns[-1:]), question.text])


def store_answer(db: Database, session_id: int, question: Question, answer: Answer) -> int:
    """Store a question and its answer, instead of those that it replaces, in one transaction.

    Returns:
        The number of the stored question.
    """
    details = answer.as_dict()
    citations = details.pop("citations")
    details["passages"] = [asdict(passage) for passage in answer.passages]
    with db.transaction():
        if question.replaces is not None:
            storage.delete_messages_from(db, session_id, question.replaces.id)
        asked = storage.add_message(
            db, session_id, role="user", text=answer.question, position=answer.position
        )
        storage.add_message(
            db,
            session_id,
            role="assistant",
            text=answer.text,
            position=answer.position,
            citations=citations,
            details=details,
        )
    if question.replaces is not None:
        storage.erase_deleted(db)
    return asked.id
