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
from pathlib import Path
from typing import Annotated

import typer

import storage
from ahn_runtime import Runtime, Session, load_checkpoint
from app.service.reading.rereading import made_with
from app.service.reading.stream_text import document_pieces
from app.settings import Settings, default_data_dir
from evaluation.scoring import cross_entropy, half_interval, log_probabilities, mean
from storage import CheckpointRow, Database


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
    cache = Session(runtime.with_stream(positions="cache"), absolute.state.fork())
    place: dict[str, float] = {"position": row.position + settle}
    for name, session in (("absolute", absolute), ("cache", cache)):
        session.feed(ids[:settle], logits=None)
        place[name] = cross_entropy(log_probabilities(session, ids[settle:]), ids[settle:])
    return place


def summary(places: list[dict[str, float]]) -> dict[str, float]:
    """Mean of cache minus absolute, in nats, and half its 95 % interval over the places."""
    differences = [place["cache"] - place["absolute"] for place in places]
    return {
        "places": len(places),
        "cache_minus_absolute": mean(differences),
        "plus_minus": half_interval(differences),
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
        runtime = Runtime.load(**made_with(row).as_dict())
        places = []
        for checkpoint in storage.list_checkpoints(db, row.id)[::every]:
            place = compare(db, runtime, checkpoint, settle, scored)
            if place is not None:
                places.append(place)
                print(json.dumps(place), flush=True)
    print(json.dumps(summary(places)))


if __name__ == "__main__":
    typer.run(main)
