"""A second answer, where the first has numbers or names that neither passages nor question have.

A small model also answers with the number of a passage alone ("[1]"), or repeats the question; then
it is asked for words, or for other words. And it may give the answer of a worked example: if it
does so again, it has found none.

The model goes back to the state before the question, reads the question with a hint, and answers
once more. The second answer is taken only if less of it is unknown.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from ahn_runtime import Session
from app.service.answering.citations import Citation
from app.service.answering.echo import repeats_question
from app.service.answering.events import Revised, Revising
from app.service.answering.examples import NOT_FOUND, copies_examples
from app.service.answering.prompt import Prompt, question_tail
from app.service.answering.support import (
    CheckedSentence,
    check_support,
    has_support,
    unknown_in,
)
from app.service.answering.support import sentences as split_sentences

HINT = "{question} (No passage has {unknown}. Use only names and numbers of the passages.)"
HINT_WORDS = "{question} (Answer in words of the passages, not with a number alone.)"
HINT_PASSAGES = "{question} (Answer with what the passages about this say.)"
HINT_NEW = "Answer from the passages with words that this question does not have: {question}"
MAX_NAMED = 3
"""Unknown numbers and names that the hint repeats."""
MIN_ANSWER_TOKENS = 8
"""Without room for so many the answer is not made again."""


@dataclass(frozen=True)
class Draft:
    """An answer that was checked.

    Args:
        repeats_question: it says nothing that its question does not say.
        copies_examples: it has words of the worked examples, and no passage supports it.
    """

    text: str
    sentences: tuple[CheckedSentence, ...] = ()
    repeats_question: bool = False
    copies_examples: bool = False

    @property
    def unknown(self) -> tuple[str, ...]:
        """Its numbers and names that neither a passage nor the question has."""
        return unknown_in(self.sentences)

    @property
    def says_nothing(self) -> bool:
        """Whether it is nothing but numbers of passages."""
        return not split_sentences(self.text)


@dataclass(frozen=True)
class Checker:
    """What answers are checked against; see `check_support` and `repeats_question`."""

    passages: tuple[Citation, ...]
    question: str
    known: str
    languages: tuple[str, ...]

    def check(self, text: str, notice: str = "") -> Draft:
        """Check an answer; `notice`: its beginning that is not the model's."""
        text = text.strip()
        said = text.removeprefix(notice)
        checked = check_support(said, self.passages, self.known, self.languages)
        told = "\n".join((self.known, *(passage.text for passage in self.passages)))
        return Draft(
            text,
            checked,
            repeats_question(said, self.question, self.languages),
            not has_support(checked) and copies_examples(said, told),
        )


@dataclass(frozen=True)
class Resumable:
    """A session that has read a part of a prompt, and the rest up to the question."""

    session: Session
    ids: list[int]


def revise(
    before: Resumable,
    prompt: Prompt,
    checker: Checker,
    draft: Draft,
    max_tokens: int,
    record: list[int],
) -> Generator[Revising | Revised, None, Draft]:
    """Answer once more if the first answer has what no passage has, or says nothing new.

    Yields `Revising` for each token, and `Revised` if the second answer is better, or if the answer
    is still a worked example's: then it is `NOT_FOUND`.

    Args:
        before: the state before the question; it is used up.
        max_tokens: of an answer.
        record: the ids of the generated tokens are added to it.

    Returns:
        The better of the two answers.
    """
    better = yield from _answer_again(before, prompt, checker, draft, max_tokens, record)
    if not better.copies_examples:
        return better
    yield Revised(NOT_FOUND, draft.unknown)
    return checker.check(NOT_FOUND)


def _answer_again(
    before: Resumable,
    prompt: Prompt,
    checker: Checker,
    draft: Draft,
    max_tokens: int,
    record: list[int],
) -> Generator[Revising | Revised, None, Draft]:
    is_empty = draft.says_nothing or draft.repeats_question
    if prompt.found_nothing or not (draft.unknown or is_empty or draft.copies_examples):
        return draft
    runtime = before.session.runtime
    named = ", ".join(draft.unknown[:MAX_NAMED])
    hint = HINT if named else _hint_without_names(draft)
    hinted = hint.format(question=checker.question, unknown=named)
    tail = question_tail(runtime.tokenizer, hinted)
    max_tokens -= len(tail) - prompt.tail_tokens
    if max_tokens < MIN_ANSWER_TOKENS:
        return draft
    yield Revising(draft.unknown)
    before.session.feed([*before.ids, *tail], logits=None)
    pieces = []
    generated = before.session.generate(max_new_tokens=max_tokens, lookup=prompt.ids)
    for piece in runtime.tokenizer.decode_stream(recorded(generated, record)):
        pieces.append(piece)
        yield Revising(draft.unknown)
    second = checker.check("".join(pieces))
    if not is_better_than(second, draft):
        return draft
    yield Revised(second.text, draft.unknown)
    return second


def _hint_without_names(draft: Draft) -> str:
    if draft.copies_examples:
        return HINT_PASSAGES
    return HINT_NEW if draft.repeats_question else HINT_WORDS


def is_better_than(second: Draft, first: Draft) -> bool:
    """Whether the second answer takes the place of the first."""
    if second.says_nothing or second.copies_examples:
        return False
    if first.copies_examples:
        return has_support(second.sentences)
    if first.unknown:
        return len(second.unknown) < len(first.unknown)
    if not first.repeats_question:
        return True
    # Something that no passage supports is worse than the question's own words.
    return not second.repeats_question and has_support(second.sentences)


def recorded(ids: Iterable[int], record: list[int]) -> Generator[int, None, None]:
    """Append each id to a list as it is taken."""
    for token_id in ids:
        record.append(token_id)
        yield token_id
