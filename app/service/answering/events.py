"""An answer as a stream of events, and what they add up to.

    Indexing*  Scanned*  Queued*  Prefilled*  Queued*  Retrieved  Prefilled*  Delta*
    Revising*  Revised?  Done

An answer that is made without the model has instead: Indexing*  Scanned*  Retrieved  Delta  Done.
One about the whole of long documents has Condensed* before Retrieved.

Events are immutable. Who wants only the end takes `final_answer`; who shows an answer while it is
made folds the events into an `AnswerView`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.service.answering.answer import Answer, ContextUsage
from app.service.answering.citations import Citation
from storage import IndexState


@dataclass(frozen=True)
class Indexing:
    """What an older version stored, or what was copied or imported, is made searchable first.

    Args:
        state: how far that is.
    """

    state: IndexState


@dataclass(frozen=True)
class Queued:
    """The question waits for the model; `position` in the queue counts from 1."""

    position: int


@dataclass(frozen=True)
class Prefilled:
    """The model has read another chunk of what comes before the answer.

    Before `Retrieved` these are chunks of the documents, up to the position that is asked as of;
    after it, chunks of the prompt.

    Args:
        tokens_seen: by the fork that answers.
        until: how many it has seen when the documents are read; None: these are of the prompt.
        seconds_left: until then, as it went so far; None while that is unknown.
    """

    tokens_seen: int
    until: int | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Scanned:
    """More of the passages that match were gone through, to list or count what they have.

    Or to find the first or last of them.
    """

    done: int
    total: int


@dataclass(frozen=True)
class Condensed:
    """Groups of parts were condensed by the model, for an answer about the whole.

    It comes more than once for each group, while the model reads and says what is in it.

    Args:
        done, total: groups.
    """

    done: int
    total: int


@dataclass(frozen=True)
class Retrieved:
    """The passages for the answer were found.

    Args:
        position: tokens the session had read when the question was asked.
        passages: as numbered in the prompt; none is marked as cited yet.
        context: what the model has before it when it begins to answer.
        found_nothing: no passage speaks of what was asked.
    """

    position: int
    passages: tuple[Citation, ...]
    context: ContextUsage
    found_nothing: bool


@dataclass(frozen=True)
class Delta:
    """More text of the answer; `seconds` since the question was asked."""

    text: str
    seconds: float


@dataclass(frozen=True)
class Revising:
    """The answer is made once more, and another token of it was generated.

    Args:
        unknown: numbers and names of the first answer that neither a passage nor the question has;
            none if it had no words, or only those of the question.
    """

    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Revised:
    """The answer that was made once more is better: it takes the place of the text so far.

    Args:
        text: the whole answer.
        unknown: as in `Revising`.
    """

    text: str
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """The answer is complete; `question_id`: number of the stored question, None if it is not."""

    answer: Answer
    question_id: int | None


Event = (
    Indexing
    | Queued
    | Prefilled
    | Scanned
    | Condensed
    | Retrieved
    | Delta
    | Revising
    | Revised
    | Done
)


@dataclass(frozen=True)
class AnswerView:
    """What is known of an answer at one moment.

    Args:
        queue_position: while the question waits, from 1 on; 0 once it has the model.
        indexing: how far the search index is, while the question waits for it.
        replayed: how far the documents are read again, while they are.
        scanned: how many passages were gone through, while they are.
        condensed: how many groups of parts were condensed, while they are.
        retrieved: the passages, once they were found.
        text: the answer as far as it was generated.
        first_word_s: from the question to the first word; 0 before it.
        revising: numbers and names for which the answer is made once more, while it is; see
            `Revising`.
        answer: once it is complete.
    """

    question: str
    as_of: str = ""
    queue_position: int = 0
    indexing: IndexState | None = None
    replayed: Prefilled | None = None
    scanned: Scanned | None = None
    condensed: Condensed | None = None
    retrieved: Retrieved | None = None
    text: str = ""
    first_word_s: float = 0.0
    revising: tuple[str, ...] | None = None
    answer: Answer | None = None

    @property
    def is_done(self) -> bool:
        """True once the answer is complete."""
        return self.answer is not None

    def as_dict(self) -> dict[str, Any]:
        """What is known of the record by now, under the keys of `Answer.as_dict`."""
        if self.answer is not None:
            return self.answer.as_dict()
        known: dict[str, Any] = {"as_of": self.as_of, "first_word_s": self.first_word_s}
        if self.retrieved is not None:
            known["rests_on"] = asdict(self.retrieved.context)
        return known


def replay_text(event: Prefilled) -> str:
    """A sentence about how far the documents are read again up to an earlier position."""
    left = "" if event.seconds_left is None else f", about {max(1, round(event.seconds_left)):,} s"
    missing = (event.until or 0) - event.tokens_seen
    return (
        f"Reading again up to there: {missing:,} tokens left{left}. Others are answered meanwhile."
    )


def scan_text(event: Scanned) -> str:
    """A sentence about how many passages were gone through."""
    return f"Going through every passage that matches: {event.done:,} of {event.total:,}."


def condensing_text(event: Condensed) -> str:
    """A sentence about how much of the documents was condensed."""
    return f"Condensing what was read: {event.done:,} of {event.total:,} groups of parts."


def revising_text(unknown: Sequence[str]) -> str:
    """A sentence about why the answer is made once more."""
    if not unknown:
        return "The answer said nothing new: it is made once more."
    return f"No passage has {', '.join(unknown)}: the answer is made once more."


def fold(view: AnswerView, event: Event) -> AnswerView:
    """The view after one more event."""
    queue_position = event.position if isinstance(event, Queued) else 0
    indexing = event.state if isinstance(event, Indexing) else None
    scanned = event if isinstance(event, Scanned) else None
    condensed = event if isinstance(event, Condensed) else None
    view = replace(
        view,
        queue_position=queue_position,
        indexing=indexing,
        replayed=None,
        scanned=scanned,
        condensed=condensed,
        revising=None,
    )
    match event:
        case Prefilled(until=int()):
            return replace(view, replayed=event)
        case Retrieved():
            return replace(view, retrieved=event)
        case Delta(text, seconds):
            first_word_s = view.first_word_s or seconds
            return replace(view, text=view.text + text, first_word_s=first_word_s)
        case Revising(unknown):
            return replace(view, revising=unknown)
        case Revised(text):
            return replace(view, text=text)
        case Done(answer):
            return replace(view, text=answer.text, answer=answer)
    return view


def final_answer(events: Iterable[Event]) -> Answer:
    """Run an answer to its end.

    Raises:
        ValueError: the events end before it is complete.
    """
    *_, last = events  # to the very end, where the model is released
    if not isinstance(last, Done):
        raise ValueError(f"The events end without an answer; the last is {last!r}.")
    return last.answer
