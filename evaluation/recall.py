"""Pass keys and needles: can what was planted in a text still be told, in the window and past it?

Pass keys (five random digits) and needles (a sentence of words) are planted at even distances in a
document; it is read once per way, then each is asked for from a copy of the session. The answer
counts as told if every token of it was the most likely one.

Source: passkey retrieval of "Landmark Attention" (arXiv 2305.16300), section 4.2; needles as in
"RULER" (arXiv 2404.06654).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from ahn_runtime import Runtime, Session
from ahn_runtime.tokenizer import Tokenizer
from evaluation.scoring import cross_entropy, half_interval, log_probabilities, mean
from evaluation.texts import middle
from evaluation.variants import Told, ways_to_read

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
class Planted:
    """Something to recall: what was planted, how it is asked for, and its distance.

    Args:
        cue: tokens that lead to the answer; `answer` follows them.
        distance: tokens from its end to the end of the text.
    """

    kind: str
    cue: list[int]
    answer: list[int]
    distance: int


@dataclass(frozen=True)
class Answer:
    """One thing asked of one way of reading."""

    document: str
    window: int
    way: str
    kind: str
    distance: int
    exact: bool
    entropy: float


@dataclass(frozen=True)
class Row:
    """Share told exactly and cross-entropy of the answers, by window, way, kind and side.

    The intervals are over documents.
    """

    window: int
    way: str
    kind: str
    side: str
    asked: int
    exact: float
    exact_plus_minus: float
    entropy: float
    entropy_plus_minus: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def plant(
    tokenizer: Tokenizer, text: list[int], count: int, seed: int
) -> tuple[list[int], list[Planted]]:
    """A text of about len(text) tokens with `count` pass keys and needles in turn.

    Returns:
        The tokens, and what was planted, the first first.
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
    return ids, [Planted(kind, cue, answer, len(ids) - at) for kind, cue, answer, at in planted]


def measure(
    plain: Runtime,
    memories: Mapping[str, Runtime],
    texts: Sequence[Path],
    window: int,
    sinks: int,
    length: int,
    count: int,
    told: Told = lambda line: None,
) -> Iterator[Answer]:
    """Yield one result for each document, way and planted thing.

    Args:
        plain, memories, sinks: as in `ways_to_read`.
        count: things planted per document, at even distances; at most 16.
    """
    ways = ways_to_read(plain, memories, [window], sinks)
    for number, path in enumerate(texts):
        text = middle(path, plain.tokenizer, length)
        if text is None:
            continue
        ids, planted = plant(plain.tokenizer, text, count, seed=number)
        told(f"{path.name}: {count} things planted in {len(ids):,} tokens, {len(ways)} ways")
        for way, runtime in ways.items():
            session = runtime.session()
            session.feed(ids, logits=None)
            for thing in planted:
                yield _ask(session, path.name, window, way.name, thing)


def _ask(session: Session, document: str, window: int, way: str, thing: Planted) -> Answer:
    asked = session.fork()
    asked.feed(thing.cue, logits=None)
    log_p = log_probabilities(asked, thing.answer)
    exact = log_p.argmax(-1).tolist() == thing.answer
    entropy = cross_entropy(log_p, thing.answer)
    return Answer(document, window, way, thing.kind, thing.distance, exact, entropy)


def summarise(results: Sequence[Answer]) -> list[Row]:
    """One `Row` per window, way, kind and side of the window."""
    rows = []
    keys = dict.fromkeys((r.window, r.way, r.kind) for r in results)
    for window, way, kind in keys:
        for side in (INSIDE, OUTSIDE):
            by_document: dict[str, list[Answer]] = {}
            for r in results:
                same = (r.window, r.way, r.kind) == (window, way, kind)
                if same and _side(r) == side:
                    by_document.setdefault(r.document, []).append(r)
            if not by_document:
                continue
            exact = [mean([float(r.exact) for r in group]) for group in by_document.values()]
            entropy = [mean([r.entropy for r in group]) for group in by_document.values()]
            rows.append(
                Row(
                    window,
                    way,
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
