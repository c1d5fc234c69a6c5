"""Positions "absolute" and "cache" compared far beyond the trained range, on a session's reading.

    python -m evaluation.positions NAME

With "absolute" positions the sinks are seen at their true distance. Two sessions are made from each
checkpoint of the session NAME, one with each kind of positions. Both read the same next tokens,
until the window holds nothing from before the checkpoint. Then the cross-entropy of the tokens that
follow is measured. The command prints one JSON line for each checkpoint, then the mean difference
with its 95 % interval.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Annotated

import typer

import storage
from ahn_runtime import Runtime, Session, load_checkpoint
from app.service.reading.stream_text import document_pieces
from app.service.session_config import SessionConfig
from app.settings import Settings, default_data_dir
from evaluation.scoring import cross_entropy, half_interval, log_probabilities, mean
from storage import CheckpointRow, Database


def next_tokens(db: Database, runtime: Runtime, row: CheckpointRow, count: int) -> list[int]:
    """The token ids that follow a checkpoint in its document; `count`, or fewer at its end."""
    assert row.document_id is not None
    document = storage.get_document(db, row.document_id)
    pieces = document_pieces(db, document, runtime.tokenizer, row.document_tokens or 0)
    return list(itertools.islice(itertools.chain.from_iterable(pieces), count))


def compare(
    db: Database, runtime: Runtime, row: CheckpointRow, settle: int, scored: int
) -> dict[str, float] | None:
    """Measure both kinds of positions after one checkpoint.

    Args:
        settle: tokens read before scoring.
        scored: tokens scored.

    Returns:
        The position, and the cross-entropy in nats with "absolute" and "cache" positions; None if
        the document has too few tokens after the checkpoint.
    """
    ids = next_tokens(db, runtime, row, settle + scored)
    if len(ids) < settle + scored:
        return None
    absolute = load_checkpoint(
        runtime, row.manifest, lambda page_hash: storage.read_page(db, page_hash)
    )
    cache = Session(runtime.with_stream(positions="cache"), absolute.state.fork())
    result: dict[str, float] = {"position": row.position + settle}
    for name, session in (("absolute", absolute), ("cache", cache)):
        session.feed(ids[:settle], logits=None)
        result[name] = cross_entropy(log_probabilities(session, ids[settle:]), ids[settle:])
    return result


def summary(results: list[dict[str, float]]) -> dict[str, float | None]:
    """The mean of "cache" minus "absolute" in nats, and half of its 95 % interval.

    That half is None for a single checkpoint.

    Args:
        results: what `compare` returned for each checkpoint.
    """
    differences = [result["cache"] - result["absolute"] for result in results]
    return {
        "places": len(results),
        "cache_minus_absolute": mean(differences),
        "plus_minus": half_interval(differences),
    }


def main(
    session: str,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where Ammon keeps everything; as for launch.py.")
    ] = None,
    every: Annotated[int, typer.Option(help="Use every N-th checkpoint.")] = 2,
    settle: Annotated[int, typer.Option(help="Tokens read before scoring.")] = 2304,
    scored: Annotated[int, typer.Option(help="Tokens scored.")] = 1024,
) -> None:
    """Compare absolute and cache positions after the checkpoints of a session."""
    settings = Settings(data_dir=data_dir or default_data_dir())
    with Database(settings.database_path) as db:
        row = storage.get_session(db, session)
        runtime = Runtime.load(**SessionConfig.from_row(row).resume_options.as_dict())
        results = []
        for checkpoint in storage.list_checkpoints(db, row.id)[::every]:
            result = compare(db, runtime, checkpoint, settle, scored)
            if result is not None:
                results.append(result)
                print(json.dumps(result), flush=True)
    print(json.dumps(summary(results)))


if __name__ == "__main__":
    typer.run(main)
