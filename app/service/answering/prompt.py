"""The prompt: passages, earlier turns and the question, fitted into the window's budget.

The stream of a session is one long chat turn. The opening begins it and is what the sinks hold;
each document is introduced by its title; a question closes the turn, in a fork. Control tokens are
inserted by id; text from documents and people is encoded as text only, never as control tokens.

Half of the window is left to the documents: passages + history + question + answer <= W/2. If they
do not fit, the oldest history is dropped first, then the weakest passages. A small model is easily
led astray: passages far weaker than the best are left out, and the best one comes last, next to the
question. Worked examples come on top, where they are a small part of that half.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ahn_runtime.config import StreamConfig
from ahn_runtime.tokenizer import Encoder
from app.errors import BadQuestion
from app.service.answering.citations import Citation
from app.service.answering.examples import ASK, PASSAGES, example_ids
from app.service.answering.introductions import NameAsked, around, is_named_in
from app.service.answering.line_wrapping import unwrapped
from app.service.answering.retrieval import is_beside_the_question, lacks_named_entity
from app.service.reading.stream_text import end_turn
from storage import Passage

SEPARATOR = "\n\n---\n"
NO_PASSAGES = "No passage of the documents matches the words of this question.\n\n"
OTHER_PASSAGES = (
    "No passage of the documents names what this question asks about. These come nearest:\n\n"
)

MAX_PASSAGES = 6
WEAKEST_SHARE = 0.6
"""A passage below this share of the best one's score is left out."""
MAX_HISTORY_TURNS = 2
MAX_EXAMPLES_SHARE = 0.4
"""Examples are left out where they would be longer than this share of the room for passages."""
MIN_CLIPPED_CHARS = 80
"""A passage is not clipped to less than this; it is left out."""
FULL_ATTENTION_BUDGET_TOKENS = 2048
"""For prompt and answer, where no window limits them."""
LINED = ("line", "row")
"""Kinds of places in texts whose line breaks mean something: logs, tables, code."""
_PASSAGE_NUMBER = re.compile(r"[\[［](?P<inner>\s*(?P<number>\d{1,9})\s*)[\]］]")


@dataclass(frozen=True)
class Turn:
    """An earlier question with its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Prompt:
    """What is fed after the documents.

    Args:
        ids: the whole prompt, up to the start of the answer.
        passages: those that fitted, the best first.
        history_turns: how many earlier turns fitted.
        passage_tokens: tokens of the passages within `ids`.
        found_nothing: no passage that fitted speaks of what was asked.
        tail_tokens: tokens of `ids` from the question on; see `question_tail`.
        start_tokens: tokens of `ids` with which all prompts with examples begin; 0 without any.
        begun: how the answer begins, with which `ids` end; the model goes on from there.
    """

    ids: list[int]
    passages: tuple[Citation, ...]
    history_turns: int
    passage_tokens: int
    found_nothing: bool
    tail_tokens: int = 0
    start_tokens: int = 0
    begun: str = ""


def budget_tokens(stream: StreamConfig, max_answer_tokens: int) -> tuple[int, int]:
    """Maximum tokens of (prompt, answer), together half of what is held; the answer gets a third.

    Held are the window and what is retained behind it; both fit into the window even if that is
    the smaller part.
    """
    half = FULL_ATTENTION_BUDGET_TOKENS
    if stream.window is not None:
        half = min(stream.window, (stream.window + stream.retain) // 2)
    answer = max(1, min(max_answer_tokens, half // 3))
    return half - answer, answer


def build_prompt(
    tokens: Encoder,
    question: str,
    found: Sequence[Passage],
    history: Sequence[Turn],
    budget: int,
    position: int,
    at_place: bool = False,
    with_examples: bool = True,
    is_picked: bool = False,
    who: NameAsked | None = None,
) -> Prompt:
    """Fit passages, history and question into the budget.

    Args:
        found: passages, the best first.
        history: earlier turns, the oldest first.
        budget: maximum tokens of the prompt without the examples.
        position: tokens the session has read; passages behind it are marked as not yet read.
        at_place: the question names the place of the best passages, so they are what it is about.
        with_examples: put worked examples of short answers before the passages, if they fit.
        is_picked: the best passage is the first or last of many that have what is asked for.
        who: the question asks for nothing but who this is; the answer is begun if a passage that
            fits speaks of it.

    Raises:
        BadQuestion: the question alone does not fit.
    """
    strong = strong_passages(found)[:MAX_PASSAGES]
    is_found = (at_place or is_picked) or not (
        lacks_named_entity(question, strong)
        # What a follow-up is about stands in the question before it.
        or (not history and is_beside_the_question(question, strong))
    )
    who = who if is_found else None
    tail = question_tail(tokens, question, who.answer if who else "")
    head = question_head(bool(found), is_found)
    left = budget - len(tail) - len(tokens.encode(SEPARATOR)) - len(tokens.encode(head))
    # What is at a place is told at length; after short answers a word of these stood for it.
    examples = example_ids(tokens) if with_examples and not at_place else []
    if len(examples) > MAX_EXAMPLES_SHARE * left:
        examples = []
    if left < 0:
        raise BadQuestion(
            f"The question is too long: it takes {budget - left:,} tokens, and the window of this "
            f"session leaves {budget:,} for it (a token is about three quarters of a word); ask it "
            "in fewer words."
        )
    passages, texts, passage_tokens = _fit_passages(tokens, strong, position, left, who)
    begun = who.answer if who and any(is_named_in(who, p.text) for p in passages) else ""
    if who and not begun:
        tail = question_tail(tokens, question)
    turns = _fit_history(tokens, history, left - passage_tokens)
    parts = [*turns, head, *reversed(texts)]
    start = [*tokens.encode(SEPARATOR), *examples]
    return Prompt(
        [*start, *join(tokens, parts, tail)],
        tuple(passages),
        len(turns),
        passage_tokens,
        found_nothing=not (passages and is_found),
        tail_tokens=len(tail),
        start_tokens=len(start) if examples else 0,
        begun=begun,
    )


def strong_passages(found: Sequence[Passage]) -> list[Passage]:
    """The passages, the best first, without those far weaker than the best."""
    return [p for p in found if p.score >= WEAKEST_SHARE * found[0].score]


def passage_text(number: int, title: str, locator: str, text: str) -> str:
    """A passage as the model reads it; only its own number is in square brackets."""
    head, body = without_numbers(f"{title}, {locator}"), without_numbers(text.strip())
    return f"[{number}] {head}:\n{body}\n\n"


def without_numbers(text: str, most: int = MAX_PASSAGES) -> str:
    """A text in which no "[2]" can be taken for the number of a passage: it is "(2)" instead.

    Otherwise a text which has the line "[2] Other title, page 3:" in it would be cited as that.

    Args:
        most: the highest number of a passage.
    """

    def in_parentheses(found: re.Match[str]) -> str:
        return f"({found['inner']})" if int(found["number"]) <= most else found[0]

    return _PASSAGE_NUMBER.sub(in_parentheses, text)


def history_text(turn: Turn) -> str:
    """An earlier turn as the model reads it."""
    # Its numbers are those of other passages.
    answer = without_numbers(turn.answer)
    return f"Earlier question: {turn.question}\nEarlier answer: {answer}\n\n"


def question_head(any_passages: bool, found: bool) -> str:
    """The line before the passages; `found`: they speak of what was asked."""
    if not any_passages:
        return NO_PASSAGES
    return PASSAGES if found else OTHER_PASSAGES


def question_tail(tokens: Encoder, question: str, begun: str = "") -> list[int]:
    """The question, the end of the user's turn, and the start of the answer.

    Args:
        begun: the answer's first words.
    """
    return end_turn(tokens, ASK + question, begun)


def join(tokens: Encoder, parts: Sequence[str], tail: Sequence[int]) -> list[int]:
    """Encode the parts one by one, so that each has the tokens it was counted for."""
    ids: list[int] = []
    for part in parts:
        ids.extend(tokens.encode(part))
    return [*ids, *tail]


def _fit_passages(
    tokens: Encoder,
    passages: Sequence[Passage],
    position: int,
    limit: int,
    who: NameAsked | None = None,
) -> tuple[list[Citation], list[str], int]:
    """The passages that fit into a number of tokens: citations, texts, tokens used.

    The best one is clipped if it is too long, for a part of it is worth reading. Asked who somebody
    is, the model reads of each only what stands beside the name.
    """
    citations: list[Citation] = []
    texts: list[str] = []
    used = 0
    for passage in passages:
        citation = Citation.from_passage(len(citations) + 1, passage, position)
        marks = f" ({', '.join(citation.marks)})" if citation.marks else ""
        title = f"{citation.document}{marks}"
        said = citation.text if passage.locator_kind in LINED else unwrapped(citation.text)
        if who and passage.locator_kind != "row":  # below its header, a table is read whole
            said = around(who, said)
        text = passage_text(citation.number, title, citation.locator, said)
        if not citations:
            text = _clipped(tokens, text, limit)
        cost = len(tokens.encode(text))
        if not text or cost > limit - used:
            continue
        used += cost
        citations.append(citation)
        texts.append(text)
    return citations, texts, used


def _fit_history(tokens: Encoder, history: Sequence[Turn], limit: int) -> list[str]:
    """The newest turns that fit into a number of tokens, the oldest first."""
    turns: list[str] = []
    for turn in reversed(history[-MAX_HISTORY_TURNS:]):
        text = history_text(turn)
        cost = len(tokens.encode(text))
        if cost > limit:
            break
        limit -= cost
        turns.insert(0, text)
    return turns


def _clipped(tokens: Encoder, text: str, limit: int) -> str:
    """The beginning of a text, in at most `limit` tokens; empty if next to nothing would remain."""
    while (cost := len(tokens.encode(text))) > limit:
        keep = int(len(text) * limit / cost * 0.95)
        if keep < MIN_CLIPPED_CHARS:
            return ""
        text = f"{text[:keep].rstrip()}…\n\n"
    return text
