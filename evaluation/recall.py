"""Needles in a document: can a model still name them, inside the window and past it?

Needles are inserted into a document at regular distances. In turn they are pass keys (five random
digits) and sentences (kind "needle"). Each variant reads the document once, then a copy of its
session is asked for each needle. An answer is exact if each of its tokens was the most likely one.

Source: passkey retrieval of "Landmark Attention" (arXiv 2305.16300), section 4.2; needles as in
"RULER" (arXiv 2404.06654).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from ahn_runtime import Runtime, Session
from ahn_runtime.tokenizer import Tokenizer
from evaluation.scoring import cross_entropy, half_interval, log_probabilities, mean
from evaluation.texts import middle
from evaluation.variants import Log, reading_variants, row_as_dict

KEEPERS = (
    *("Alice", "Bernard", "Clara", "Daniel", "Esther", "Francis", "Grace", "Harold"),
    *("Irene", "Jasper", "Kathleen", "Leonard", "Mabel", "Norman", "Olive", "Percival"),
)
TREASURES = (
    *("a silver thimble", "a blue umbrella", "a wooden horse", "a brass telescope"),
    *("a green lantern", "a velvet glove", "a clay pipe", "a leather saddle"),
    *("a paper crown", "a copper kettle", "a glass marble", "an ivory comb"),
    *("a stone owl", "a red ribbon", "an iron anchor", "a golden bell"),
)
PASSKEY, NEEDLE = "passkey", "needle"
QUESTIONS = {
    PASSKEY: ("\n\nThe pass key of {keeper} is ", "{answer}"),
    NEEDLE: ("\n\nIn the old chest {keeper} had hidden ", "{answer}"),
}
INSIDE, OUTSIDE = "inside", "outside"


@dataclass(frozen=True)
class Needle:
    """A fact that was inserted into a text.

    Args:
        kind: "passkey" or "needle".
        cue: token ids of the beginning of the inserted sentence, up to the answer.
        answer: token ids of the answer.
        distance: tokens from the end of the inserted sentence to the end of the text.
    """

    kind: str
    cue: list[int]
    answer: list[int]
    distance: int


@dataclass(frozen=True)
class Answer:
    """One variant's answer about one needle.

    Args:
        document: name of the file.
        window: W in tokens; for full attention, the window it is compared with.
        variant: name of the variant.
        kind, distance: of the needle.
        exact: whether each token of the answer was the most likely one.
        entropy: cross-entropy of the answer, in nats per token.
    """

    document: str
    window: int
    variant: str
    kind: str
    distance: int
    exact: bool
    entropy: float


@dataclass(frozen=True)
class Row:
    """The answers of one variant about one kind of needle, on one side of the window.

    Args:
        window: W in tokens.
        variant: name of the variant.
        kind: "passkey" or "needle".
        side: "inside" or "outside" the window.
        asked: number of answers.
        exact: share of exact answers, mean over documents.
        entropy: cross-entropy of the answers in nats per token, mean over documents.
        exact_plus_minus, entropy_plus_minus: half of the 95 % intervals over documents;
            None for a single one.
    """

    window: int
    variant: str
    kind: str
    side: str
    asked: int
    exact: float
    exact_plus_minus: float | None
    entropy: float
    entropy_plus_minus: float | None

    def as_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return row_as_dict(self)


def plant(
    tokenizer: Tokenizer, text: list[int], count: int, seed: int
) -> tuple[list[int], list[Needle]]:
    """Insert needles into a text at regular distances, pass keys and sentences in turn.

    Args:
        text: token ids.
        count: number of needles, at most 16.
        seed: decides names, numbers and objects.

    Returns:
        The token ids of about as long a text, and the needles in the order of the text.
    """
    rng = Random(seed)
    keepers, treasures = rng.sample(KEEPERS, count), rng.sample(TREASURES, count)
    gap = len(text) // (count + 1)
    ids, planted = text[:gap], []
    for i, keeper in enumerate(keepers):
        kind = (PASSKEY, NEEDLE)[i % 2]
        answer = str(rng.randint(10_000, 99_999)) if kind == PASSKEY else treasures[i]
        cue, given = (part.format(keeper=keeper, answer=answer) for part in QUESTIONS[kind])
        cue = cue.rstrip(" ") if kind == NEEDLE else cue
        given = f" {given}" if kind == NEEDLE else given
        ids += tokenizer.encode(f"{cue}{given}.\n\n")
        planted.append((kind, tokenizer.encode(cue), tokenizer.encode(given), len(ids)))
        ids += text[gap * (i + 1) : gap * (i + 2)]
    return ids, [Needle(kind, cue, answer, len(ids) - at) for kind, cue, answer, at in planted]


def measure(
    plain: Runtime,
    memories: Mapping[str, Runtime],
    texts: Sequence[Path],
    window: int,
    sinks: int,
    length: int,
    count: int,
    log: Log = lambda line: None,
    retained: Sequence[int] = (),
) -> Iterator[Answer]:
    """Yield an answer for each document, variant and needle; too short documents are skipped.

    Args:
        plain: the model without a memory.
        memories: the model with each memory, by the memory's name.
        texts: files of the documents.
        window, sinks: W and S, in tokens.
        length: tokens read of each document.
        count: needles per document, at most 16.
        log: receives progress messages.
        retained: per cent of the window that a retained set takes, in variants of their own.

    Raises:
        IngestError: a text cannot be read.
    """
    variants = reading_variants(plain, memories, [window], sinks, retained)
    for number, path in enumerate(texts):
        text = middle(path, plain.tokenizer, length)
        if text is None:
            continue
        ids, planted = plant(plain.tokenizer, text, count, seed=number)
        log(f"{path.name}: {count} needles in {len(ids):,} tokens, {len(variants)} variants")
        for variant, runtime in variants.items():
            session = runtime.session()
            session.feed(ids, logits=None)
            for needle in planted:
                yield _ask(session, path.name, window, variant.name, needle)


def _ask(session: Session, document: str, window: int, variant: str, needle: Needle) -> Answer:
    asked = session.fork()
    asked.feed(needle.cue, logits=None)
    log_p = log_probabilities(asked, needle.answer)
    exact = log_p.argmax(-1).tolist() == needle.answer
    entropy = cross_entropy(log_p, needle.answer)
    return Answer(document, window, variant, needle.kind, needle.distance, exact, entropy)


def summarise(results: Sequence[Answer]) -> list[Row]:
    """Average over documents; one row for each window, variant, kind and side of the window."""
    rows = []
    keys = dict.fromkeys((r.window, r.variant, r.kind) for r in results)
    for window, variant, kind in keys:
        for side in (INSIDE, OUTSIDE):
            by_document: dict[str, list[Answer]] = {}
            for r in results:
                same = (r.window, r.variant, r.kind) == (window, variant, kind)
                if same and _side(r) == side:
                    by_document.setdefault(r.document, []).append(r)
            if not by_document:
                continue
            exact = [mean([float(r.exact) for r in group]) for group in by_document.values()]
            entropy = [mean([r.entropy for r in group]) for group in by_document.values()]
            rows.append(
                Row(
                    window,
                    variant,
                    kind,
                    side,
                    sum(map(len, by_document.values())),
                    mean(exact),
                    half_interval(exact),
                    mean(entropy),
                    half_interval(entropy),
                )
            )
    return rows


def _side(result: Answer) -> str:
    return INSIDE if result.distance < result.window else OUTSIDE
