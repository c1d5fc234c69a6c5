"""Recall: which passages are read again before the answer, and which of them it rests on.

Facts come from here: the memory past the window carries gist only. The budget keeps half of the
window for the reading: passages + history + question + answer <= W/2, dropping the oldest history
first, then the weakest passages. A small model is easily led astray: passages far weaker than the
best are left out, and the best one stands last, next to the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import BadQuestion
from app.service.answering.prompt import (
    SEPARATOR,
    Encoder,
    Turn,
    history_text,
    join,
    passage_text,
    question_head,
    question_tail,
)
from storage import STOP_WORDS, Passage

SEARCHED_PASSAGES = 6  # the search ranks more closely what it is asked for
MAX_PASSAGES = 3
WEAKEST_SHARE = 0.6
"""A passage below this share of the best one's score is left out."""
MAX_HISTORY_TURNS = 2
MIN_CLIPPED_CHARS = 80
FULL_ATTENTION_BUDGET_TOKENS = 2048
_NOT_FOUND = re.compile(r"could ?n[o']t find|not (?:mentioned|stated|given|found)", re.IGNORECASE)
_REFERS_BACK = re.compile(
    r"\b(he|she|it|they|him|her|his|hers|its|their|them|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(?<=[^.?!:]\s)[^\W\d_a-zß-öø-ÿ]\w+")
FOLLOW_UP_WORDS = 3


def follows_up(question: str) -> bool:
    """True if a question can only be understood with the one before it ("Why did he leave?").

    Anything else is answered without the conversation: a small model repeats what it sees there.
    """
    if len(question.split()) <= FOLLOW_UP_WORDS:
        return True
    return bool(_REFERS_BACK.search(question)) and not _NAMES.search(question)


def lacks_named_entity(question: str, passages: Sequence[Passage]) -> bool:
    """True if no passage speaks of what was asked.

    There is none; or the question names somebody or something, and none of these names is in any of
    them: then they were found by its other words.
    """
    names = {name.casefold().removesuffix("s") for name in _NAMES.findall(question)}
    words = {word for p in passages for word in re.findall(r"\w+", p.text.casefold())}
    is_named = any(word.startswith(name) for name in names for word in words)
    return not passages or (bool(names) and not is_named)


@dataclass(frozen=True)
class Citation:
    """A passage that was read again for an answer.

    `cited` is True where the answer names it, or where its words come from it. `is_replaced`: it
    is of an older version of its document.
    """

    number: int
    document: str
    locator: str
    text: str
    document_id: int
    segment_id: int
    is_read: bool
    cited: bool = False
    is_replaced: bool = False

    @property
    def marks(self) -> list[str]:
        """What must be said beside the document's title."""
        older = ["of an older version"] if self.is_replaced else []
        return older if self.is_read else [*older, "not yet read"]


@dataclass(frozen=True)
class Prompt:
    """What is fed into the fork: ids, and the passages and turns that fitted."""

    ids: list[int]
    passages: list[Citation]
    history_turns: int
    passage_tokens: int
    found_nothing: bool


def budget_tokens(window: int | None, max_answer_tokens: int) -> tuple[int, int]:
    """Tokens for (prompt, answer) within half the window; the answer gets at most a third."""
    half = FULL_ATTENTION_BUDGET_TOKENS if window is None else window // 2
    answer = max(1, min(max_answer_tokens, half // 3))
    return half - answer, answer


def build_prompt(
    tokens: Encoder,
    question: str,
    found: Sequence[Passage],
    history: Sequence[Turn],
    budget: int,
    position: int,
) -> Prompt:
    """Fit passages, history and question into the budget.

    Args:
        found: passages, best first.
        history: earlier turns, oldest first.
        budget: tokens of the whole prompt.
        position: tokens the session has read; what lies behind it is marked as not yet read.

    Raises:
        BadQuestion: the question alone does not fit.
    """
    strong = _strong(found)[:MAX_PASSAGES]
    is_found = not lacks_named_entity(question, strong)
    tail = question_tail(tokens, question, is_found)
    head = question_head(bool(found), is_found)
    left = budget - len(tail) - len(tokens.encode(SEPARATOR)) - len(tokens.encode(head))
    if left < 0:
        raise BadQuestion(
            f"The question is too long: with its frame it has {budget - left} tokens, and half the "
            f"window leaves {budget}; ask it in fewer words."
        )
    kept: list[Citation] = []
    texts: list[str] = []
    for passage in strong:
        citation = _citation(len(kept) + 1, passage, position)
        marks = f" ({', '.join(citation.marks)})" if citation.marks else ""
        title = f"{citation.document}{marks}"
        text = passage_text(citation.number, title, citation.locator, citation.text)
        if not kept:  # the best one is worth reading in part
            text = _clipped(tokens, text, left)
        cost = len(tokens.encode(text))
        if not text or cost > left:
            continue
        left -= cost
        kept.append(citation)
        texts.append(text)
    passage_tokens = sum(len(tokens.encode(text)) for text in texts)
    turns: list[str] = []
    for turn in reversed(history[-MAX_HISTORY_TURNS:]):
        text = history_text(turn)
        cost = len(tokens.encode(text))
        if cost > left:
            break
        left -= cost
        turns.insert(0, text)
    ids = join(tokens, [SEPARATOR, *turns, head, *reversed(texts)], tail)
    return Prompt(ids, kept, len(turns), passage_tokens, found_nothing=not (kept and is_found))


def _strong(found: Sequence[Passage]) -> list[Passage]:
    return [p for p in found if p.score >= WEAKEST_SHARE * found[0].score]


def _clipped(tokens: Encoder, text: str, limit: int) -> str:
    """The beginning of a text that costs at most `limit` tokens; empty if that is next to none."""
    while (cost := len(tokens.encode(text))) > limit:
        keep = int(len(text) * limit / cost * 0.95)
        if keep < MIN_CLIPPED_CHARS:
            return ""
        text = f"{text[:keep].rstrip()}…\n\n"
    return text


def _citation(number: int, passage: Passage, position: int) -> Citation:
    end = None if passage.position is None else passage.position + passage.token_count
    return Citation(
        number=number,
        document=passage.document_title,
        locator=passage.locator,
        text=passage.text.strip(),
        document_id=passage.document_id,
        segment_id=passage.segment_id,
        is_read=end is not None and end <= position,
        is_replaced=passage.is_replaced,
    )


def mark_cited(answer: str, passages: Sequence[Citation]) -> list[Citation]:
    """Mark the passages an answer rests on: those it names, else those that share its words.

    A small model often forgets to name its passage; then the one or two passages that hold most of
    the answer's telling words are marked. An answer that found nothing rests on nothing.
    """
    named = {int(n) for n in re.findall(r"\[(\d{1,2})\]", answer)}
    if not named & {p.number for p in passages}:
        named = set() if _NOT_FOUND.search(answer) else _supporting(answer, passages)
    return [
        Citation(**{**passage.__dict__, "cited": passage.number in named}) for passage in passages
    ]


def _supporting(answer: str, passages: Sequence[Citation]) -> set[int]:
    words = content_words(answer)
    shares = {p.number: len(words & content_words(p.text)) for p in passages}
    best = max(shares.values(), default=0)
    if best == 0:
        return set()
    ranked = sorted(shares, key=lambda number: (-shares[number], number))
    return {number for number in ranked[:2] if shares[number] >= max(1, 0.75 * best)}


def content_words(text: str) -> set[str]:
    return {w for w in re.findall(r"\w+", text.lower()) if w not in STOP_WORDS}
