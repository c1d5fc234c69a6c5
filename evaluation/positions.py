"""Do sinks at their true distance harm, far beyond the trained range? Measured on a real reading.

    python -m evaluation.positions NAME

Takes checkpoints of a session that Ammon has read. From each, two sessions go on: one with
positions "absolute", one with positions "cache". Both read the same next tokens until nothing in
the window is from before they parted, then the cross-entropy of the tokens after that is taken.
Prints one JSON line per checkpoint, then the mean difference with its 95 % interval.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer

import storage
from ahn_runtime import Runtime, Session, load_checkpoint
from app.service.library import document_pieces
from app.settings import Settings, default_data_dir
from storage import CheckpointRow, Database


def cross_entropy(session: Session, ids: list[int]) -> float:
    """Mean negative log-likelihood in nats of `ids` as the session's next tokens; feeds them."""
    first = session.next_logits()
    logits = torch.cat((first, session.feed(ids, logits="all")[:-1]))  # type: ignore[index]
    picked = logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None])
    return -float(picked.mean())


def with_positions(runtime: Runtime, positions: str) -> Runtime:
    """The same weights under another kind of positions."""
    return Runtime(
        runtime.model,
        replace(runtime.stream, positions=positions),
        runtime.tokenizer_or_none,
        runtime.title,
        runtime.memory_status,
        runtime.device,
    )


def next_tokens(db: Database, runtime: Runtime, row: CheckpointRow, count: int) -> list[int]:
    """Up to `count` tokens that follow a checkpoint in its document."""
    assert row.document_id is not None
    document = storage.get_document(db, row.document_id)
    pieces = document_pieces(db, document, runtime.tokenizer, row.document_tokens or 0)
    return list(itertools.islice(itertools.chain.from_iterable(pieces), count))


def compare(
    db: Database, runtime: Runtime, row: CheckpointRow, settle: int, scored: int
) -> dict[str, float] | None:
    """Cross-entropies after one checkpoint; None where its document has too few tokens left."""
    ids = next_tokens(db, runtime, row, settle + scored)
    if len(ids) < settle + scored:
        return None
    absolute = load_checkpoint(
        runtime, row.manifest, lambda page_hash: storage.read_page(db, page_hash)
    )
    cache = Session(with_positions(runtime, "cache"), absolute.state.fork())
    place: dict[str, float] = {"position": row.position + settle}
    for name, session in (("absolute", absolute), ("cache", cache)):
        session.feed(ids[:settle], logits=None)
        place[name] = cross_entropy(session, ids[settle:])
    return place


def summary(places: list[dict[str, float]]) -> dict[str, float]:
    """Mean of cache minus absolute, in nats, and half its 95 % interval over the places."""
    differences = torch.tensor([p["cache"] - p["absolute"] for p in places], dtype=torch.float64)
    spread = float(differences.std()) if len(places) > 1 else math.nan
    return {
        "places": len(places),
        "cache_minus_absolute": float(differences.mean()),
        "plus_minus": 1.96 * spread / math.sqrt(len(places)),
    }


def main(
    session: str,
    data_dir: Annotated[Path | None, typer.Option(help="As `launch.py` takes it.")] = None,
    every: Annotated[int, typer.Option(help="Take every so many-th checkpoint.")] = 2,
    settle: Annotated[int, typer.Option(help="Tokens read before scoring.")] = 2304,
    scored: Annotated[int, typer.Option(help="Tokens scored.")] = 1024,
) -> None:
    """Compare the two kinds of positions after the checkpoints of a session."""
    settings = Settings(data_dir=data_dir or default_data_dir())
    with Database(settings.database_path) as db:
        row = storage.get_session(db, session)
        runtime = Runtime.load(**row.settings["options"])
        places = []
        for checkpoint in storage.list_checkpoints(db, row.id)[::every]:
            place = compare(db, runtime, checkpoint, settle, scored)
            if place is not None:
                places.append(place)
                print(json.dumps(place), flush=True)
    print(json.dumps(summary(places)))


if __name__ == "__main__":
    typer.run(main)
