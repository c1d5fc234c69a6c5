"""Do sinks at their true distance harm, far beyond the trained range? Measure on one long text.

    python -m evaluation.positions book.txt --tokens 100000

Two sessions of the embedded model read the same tokens side by side, one with `positions`
"absolute", one with "cache"; every so many tokens the cross-entropy of the next ones is taken.
Prints one JSON line per place, then the means before and after the trained range.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import torch
import typer

from ahn_runtime import Runtime, Session
from ingest import open_document

MODES = ("absolute", "cache")


def cross_entropy(session: Session, ids: list[int]) -> float:
    """Mean negative log-likelihood in nats of `ids` as the session's next tokens; feeds them."""
    first = session.next_logits()
    logits = torch.cat((first, session.feed(ids, logits="all")[:-1]))  # type: ignore[index]
    picked = logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None])
    return -float(picked.mean())


def compare(ids: list[int], every: int, scored: int) -> list[dict[str, float]]:
    """Read `ids` in both modes; score the last `scored` tokens of each `every`."""
    sessions = {mode: Runtime.load("embedded", positions=mode).session() for mode in MODES}
    places = []
    for start in range(0, len(ids) - every + 1, every):
        block = ids[start : start + every]
        place: dict[str, float] = {"tokens": start + every}
        for mode, session in sessions.items():
            session.feed(block[:-scored], logits=None)
            place[mode] = cross_entropy(session, block[-scored:])
        places.append(place)
        print(json.dumps(place), flush=True)
    return places


def main(
    text: Path,
    tokens: Annotated[int, typer.Option(help="Read so many tokens of it.")] = 100_000,
    every: Annotated[int, typer.Option(help="Score once in so many tokens.")] = 4096,
    scored: Annotated[int, typer.Option(help="Tokens scored each time.")] = 512,
) -> None:
    """Compare absolute positions with positions counted inside the cache."""
    tokenizer = Runtime.load("embedded").tokenizer
    document = open_document(text)
    ids = [i for s in document.segments() for i in tokenizer.encode(s.text)][:tokens]
    places = compare(ids, every, scored)
    trained = 32_768
    for name, inside in (("up to 32,768", True), ("beyond", False)):
        chosen = [p for p in places if (p["tokens"] <= trained) is inside]
        means = {m: sum(p[m] for p in chosen) / len(chosen) if chosen else math.nan for m in MODES}
        print(json.dumps({"tokens": name, "places": len(chosen), **means}))


if __name__ == "__main__":
    typer.run(main)
