"""Questions about a text that is longer than the window, answered without retrieval.

No passage is retrieved and read again: what has left the window can only come from the memory. Each
variant reads a text once; every question is asked of a copy of the session.

Metrics: token F1 against the closest of the correct answers, with words in lower case and without
punctuation and articles (SQuAD, arXiv 1606.05250); and the cross-entropy of the best correct
answer, in nats per token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahn_runtime import Runtime, Session
from evaluation.metrics.overlap import token_f1
from evaluation.scoring import cross_entropy, half_interval, log_probabilities, mean
from evaluation.variants import WINDOW, Log, reading_variants, row_as_dict
from training import chat
from training.questions import Question, read_questions

MAX_ANSWER_TOKENS = 32
BRIEFLY = "Answer in a few words: "


@dataclass(frozen=True)
class QuestionResult:
    """One variant's answer to one question.

    Args:
        text: number of the text, from 0.
        variant: name of the variant.
        answer: the generated answer.
        f1: token F1, 0 to 1.
        entropy: cross-entropy of the best correct answer, in nats per token.
    """

    text: int
    variant: str
    question: str
    answer: str
    f1: float
    entropy: float


@dataclass(frozen=True)
class Row:
    """One variant over all texts: means over texts, and half of their 95 % intervals.

    These halves are None for a single text.

    Args:
        variant: name of the variant.
        texts, questions: numbers of texts and of questions.
        f1: token F1, 0 to 1.
        entropy: cross-entropy of the best correct answers, in nats per token.
        f1_gain: the variant's F1 minus the window's, text by text.
        entropy_gain: the window's cross-entropy minus the variant's, text by text.
    """

    variant: str
    texts: int
    questions: int
    f1: float
    f1_plus_minus: float | None
    f1_gain: float
    f1_gain_plus_minus: float | None
    entropy: float
    entropy_plus_minus: float | None
    entropy_gain: float
    entropy_gain_plus_minus: float | None

    def as_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return row_as_dict(self)


def measure(
    plain: Runtime,
    memories: Mapping[str, Runtime],
    files: Sequence[Path],
    window: int,
    sinks: int,
    log: Log = lambda line: None,
    retained: Sequence[int] = (),
) -> Iterator[QuestionResult]:
    """Yield a result for each question and variant, text by text.

    Args:
        plain: the model without a memory.
        memories: the model with each memory, by the memory's name.
        files: question files, JSONL, as `training.questions` reads them.
        window, sinks: W and S, in tokens.
        log: receives progress messages.
        retained: per cent of the window that a retained set takes, in variants of their own.

    Raises:
        TrainingError: a question file is malformed.
        OSError: a question file cannot be opened.
    """
    variants = reading_variants(plain, memories, [window], sinks, retained)
    by_text: dict[str, list[Question]] = {}
    for question in (q for path in files for q in read_questions(path)):
        by_text.setdefault(question.context, []).append(question)
    for number, (text, questions) in enumerate(by_text.items()):
        ids = [*chat.opening(plain.tokenizer), *plain.tokenizer.encode(text)]
        log(f"text {number + 1} of {len(by_text)}: {len(ids):,} tokens, {len(questions)} questions")
        for variant, runtime in variants.items():
            session = runtime.session()
            session.feed(ids, logits=None)
            for question in questions:
                yield _answer(session, number, variant.name, question)


def _answer(session: Session, text: int, variant: str, question: Question) -> QuestionResult:
    tokenizer, asked = session.runtime.tokenizer, session.fork()
    asked.feed(chat.closing(tokenizer, BRIEFLY + question.question), logits=None)
    entropy = cross_entropy(
        log_probabilities(asked.fork(), known := tokenizer.encode(question.answer)), known
    )
    given = tokenizer.decode(list(asked.generate(MAX_ANSWER_TOKENS))).strip()
    f1 = token_f1(given, question.answers)
    return QuestionResult(text, variant, question.question, given, f1, entropy)


def summarise(results: Sequence[QuestionResult]) -> list[Row]:
    """Average over texts; one row for each variant, in the order of measuring."""
    texts = list(dict.fromkeys(r.text for r in results))
    f1, entropy = (_means(results, field) for field in ("f1", "entropy"))
    rows = []
    for variant in dict.fromkeys(r.variant for r in results):
        own = [f1[variant, text] for text in texts], [entropy[variant, text] for text in texts]
        f1_gain = [f1[variant, text] - f1[WINDOW, text] for text in texts]
        entropy_gain = [entropy[WINDOW, text] - entropy[variant, text] for text in texts]
        spread = [(mean(values), half_interval(values)) for values in (*own, f1_gain)]
        rows.append(
            Row(
                variant,
                len(texts),
                sum(r.variant == variant for r in results),
                *spread[0],
                *spread[2],
                *spread[1],
                mean(entropy_gain),
                half_interval(entropy_gain),
            )
        )
    return rows


def _means(results: Sequence[QuestionResult], field: str) -> dict[tuple[str, int], float]:
    groups: dict[tuple[str, int], list[float]] = {}
    for result in results:
        groups.setdefault((result.variant, result.text), []).append(getattr(result, field))
    return {key: mean(values) for key, values in groups.items()}
