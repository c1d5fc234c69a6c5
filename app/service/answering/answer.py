"""What is asked and what is answered: the question, and the record of a complete answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.errors import BadQuestion
from app.service.answering.citations import Citation
from app.service.answering.question_kinds import Kind
from app.service.answering.support import CheckedSentence, support_notes
from storage import MessageRow

MAX_COUNTED = 60
"""Passages that match a question are counted up to this number."""


@dataclass(frozen=True)
class Question:
    """What is asked.

    Args:
        as_of: the earlier position as the person named it, such as "page 120"; passages and
            messages from behind it are not used. Empty: ask about everything read so far.
        replaces: the stored question that this one replaces, together with its answer.
        is_alone: earlier turns are not looked at, and neither question nor answer is stored.
        asked_of: ids of the documents that are asked, as if there were no others; None: all.
        of_documents: how many documents the session has, if not all are asked.
    """

    text: str
    as_of: str = ""
    replaces: MessageRow | None = None
    is_alone: bool = False
    asked_of: frozenset[int] | None = None
    of_documents: int = 0

    @property
    def is_asked_again(self) -> bool:
        """Whether the same question is to be answered in other words."""
        return self.replaces is not None and self.replaces.text == self.text


@dataclass(frozen=True)
class ContextUsage:
    """What the model had in its context when it began to answer, in tokens.

    Args:
        passages, passage_tokens: number and tokens of the passages, re-read word for word.
        window_tokens: tokens of the documents that the window held exactly.
        memory_tokens: tokens of the documents that the memory held as gist; 0 without a memory,
            where tokens behind the window are lost.
        matching_passages: how many passages match the question about as well as the best; large
            numbers are not counted to their end. 0 in answers that were stored before this was.
    """

    passages: int
    passage_tokens: int
    window_tokens: int
    memory_tokens: int
    matching_passages: int = 0


@dataclass(frozen=True)
class Answer:
    """A complete answer.

    Args:
        position: tokens the session had read when the question was asked.
        memory_status: which memory the model has, as `Runtime.memory_status`.
        passages: all that were re-read; those that the answer is based on are `cited`.
        prompt_tokens: tokens fed after the question was asked: passages, history, question.
        answer_tokens: tokens generated.
        waited_s, first_word_s, seconds: from the question to the model's turn, to the first word,
            and to the end; `first_word_s` is 0 if the model said nothing.
        as_of: how an earlier position was named; empty without one.
        found_nothing: no passage speaks of what was asked; the text begins by saying so.
        kind: how it was made: from passages, of which the first or last of many may come first, a
            place or (an overview) all parts of the documents by the model; a list, a count or the
            contents by code, as is a place that is quoted.
        looked_at: what was looked at, in words; empty for passages, of which `rests_on` tells.
        left_out: sentences about what was not looked at, or is not shown.
        declined: what was asked is not in the material: nothing was found, or the answer says so.
        sentences: of the text, each with the passages that support it.
        was_revised: the first answer had numbers or names that are in no passage, or said nothing
            new; this is another.
        repeats_question: it says nothing that the question does not say.
        documents_asked: how many documents were asked; 0: all.
        of_documents: how many the session had then, if not all were asked.
        flops: spent on prompt and answer, as the runtime counts them; a beginning of the prompt
            that was kept from the question before costs nothing.
        bytes_held: by keys, values, gates and memories at the end of the answer. Like `flops` it is
            for measurements: neither stored nor part of `as_dict`.
    """

    question: str
    position: int
    memory_status: str
    text: str
    passages: tuple[Citation, ...]
    prompt_tokens: int
    answer_tokens: int
    waited_s: float
    first_word_s: float
    seconds: float
    as_of: str
    found_nothing: bool
    rests_on: ContextUsage
    kind: Kind = "passages"
    looked_at: str = ""
    left_out: tuple[str, ...] = ()
    declined: bool = False
    sentences: tuple[CheckedSentence, ...] = ()
    was_revised: bool = False
    repeats_question: bool = False
    documents_asked: int = 0
    of_documents: int = 0
    flops: int = 0
    bytes_held: int = 0

    @property
    def citations(self) -> list[Citation]:
        """The passages that the answer is based on."""
        return [passage for passage in self.passages if passage.cited]

    @property
    def notes(self) -> list[str]:
        """Sentences about what the answer leaves out."""
        some = some_of_matching(asdict(self.rests_on))
        return [*([f"Only {some} were looked at."] if some else []), *self.left_out]

    @property
    def support_notes(self) -> list[str]:
        """Sentences about what of the answer no passage supports."""
        return support_notes(asdict(self))

    def as_dict(self) -> dict[str, Any]:
        """The answer for JSON, under the keys that the command line promises."""
        record = asdict(self)
        for name in ("text", "passages", "flops", "bytes_held"):
            del record[name]
        record["notes"] = self.notes
        return {"answer": self.text, "citations": [asdict(c) for c in self.citations], **record}


def asked_of_text(details: Mapping[str, Any]) -> str:
    """Of how many documents a question was asked: "asked of 2 of 5 sources"; empty if of all.

    Args:
        details: of an answer, as it is stored; what is damaged counts as missing.
    """
    asked, total = details.get("documents_asked"), details.get("of_documents")
    if not (isinstance(asked, int) and isinstance(total, int) and 0 < asked < total):
        return ""
    return f"asked of {asked:,} of {total:,} sources"


def some_of_matching(rests_on: Mapping[str, Any]) -> str:
    """Which of the matching passages were re-read; empty if all were, or none.

    Args:
        rests_on: a `ContextUsage` as a dictionary, as it is stored with an answer.
    """
    used, matching = rests_on["passages"], rests_on.get("matching_passages", 0)
    if not used or matching <= used:
        return ""
    more = " or more" if matching == MAX_COUNTED else ""
    return f"the best {used} of {matching}{more} matching passages"


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
            f"The question has {len(question):,} characters, and the most is {max_chars:,}; "
            "shorten it, or add the long text as a document and ask about that."
        )
    return question
