"""Questions about a text that is longer than the window, answered from what the model holds alone.

No passage is found and read again here: what the window has lost, only a memory can know. Each
text is read once per way; every question is put to a copy of the session.

Metrics: token F1 against the best of the right answers, words lower-cased without punctuation and
articles (SQuAD, arXiv 1606.05250), and the cross-entropy of the best answer in nats per token.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ahn_runtime import Runtime, Session
from evaluation.scoring import cross_entropy, half_interval, log_probabilities, mean
from evaluation.variants import WINDOW, Told, ways_to_read
from training import chat
from training.questions import Question, read_questions

MAX_ANSWER_TOKENS = 32
BRIEFLY = "Answer in a few words: "
ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True)
class Answered:
    """One question answered one way."""

    text: int
    way: str
    question: str
    answer: str
    f1: float
    entropy: float


@dataclass(frozen=True)
class Row:
    """One way over all texts; intervals over texts, `f1_gain` against the window alone, paired."""

    way: str
    texts: int
    questions: int
    f1: float
    f1_plus_minus: float
    f1_gain: float
    f1_gain_plus_minus: float
    entropy: float
    entropy_plus_minus: float
    entropy_gain: float
    entropy_gain_plus_minus: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(
    plain: Runtime,
    memories: Mapping[str, Runtime],
    files: Sequence[Path],
    window: int,
    sinks: int,
    told: Told = lambda line: None,
) -> Iterator[Answered]:
    """Yield one result for each question and way.

    Args:
        plain, memories, sinks: as in `ways_to_read`.
        files: question files (see `training.questions`); questions of one text are kept together.

    Raises:
        TrainingError: a file is not as expected.
    """
    ways = ways_to_read(plain, memories, [window], sinks)
    by_text: dict[str, list[Question]] = {}
    for question in (q for path in files for q in read_questions(path)):
        by_text.setdefault(question.context, []).append(question)
    for number, (text, questions) in enumerate(by_text.items()):
        ids = [*chat.opening(plain.tokenizer), *plain.tokenizer.encode(text)]
        told(f"text {number + 1} of {len(by_text)}: {len(ids):,} tokens, {len(questions)} asked")
        for way, runtime in ways.items():
            session = runtime.session()
            session.feed(ids, logits=None)
            for question in questions:
                yield _answer(session, number, way.name, question)


def _answer(session: Session, text: int, way: str, question: Question) -> Answered:
    tokenizer, asked = session.runtime.tokenizer, session.fork()
    asked.feed(chat.closing(tokenizer, BRIEFLY + question.question), logits=None)
    entropy = cross_entropy(
        log_probabilities(asked.fork(), known := tokenizer.encode(question.answer)), known
    )
    given = tokenizer.decode(list(asked.generate(MAX_ANSWER_TOKENS))).strip()
    f1 = max(token_f1(given, right) for right in question.answers)
    return Answered(text, way, question.question, given, f1, entropy)


def token_f1(given: str, right: str) -> float:
    """Harmonic mean of precision and recall over words."""
    ours, theirs = words(given), words(right)
    if not ours or not theirs:
        return float(ours == theirs)
    common = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * common / (len(ours) + len(theirs))


def words(text: str) -> list[str]:
    """Lower-case words without punctuation and articles."""
    bare = re.sub(f"[{re.escape(string.punctuation)}]", "", text.lower())
    return [word for word in bare.split() if word not in ARTICLES]


def summarise(results: Sequence[Answered]) -> list[Row]:
    """One `Row` per way, in the order they were measured."""
    texts = list(dict.fromkeys(r.text for r in results))
    f1, entropy = (_means(results, field) for field in ("f1", "entropy"))
    rows = []
    for way in dict.fromkeys(r.way for r in results):
        ours = [f1[way, text] for text in texts], [entropy[way, text] for text in texts]
        f1_gain = [f1[way, text] - f1[WINDOW, text] for text in texts]
        entropy_gain = [entropy[WINDOW, text] - entropy[way, text] for text in texts]
        spread = [(mean(values), half_interval(values)) for values in (*ours, f1_gain)]
        rows.append(
            Row(
                way,
                len(texts),
                sum(r.way == way for r in results),
                *spread[0],
                *spread[2],
                *spread[1],
                mean(entropy_gain),
                half_interval(entropy_gain),
            )
        )
    return rows


def _means(results: Sequence[Answered], field: str) -> dict[tuple[str, int], float]:
    groups: dict[tuple[str, int], list[float]] = {}
    for result in results:
        groups.setdefault((result.way, result.text), []).append(getattr(result, field))
    return {key: mean(values) for key, values in groups.items()}
