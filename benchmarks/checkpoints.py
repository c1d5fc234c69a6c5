"""What checkpoints cost: time to save and to restore, and disk, against the reading between two.

    python -m benchmarks.checkpoints TEXT [--at 10000,100000] [--model embedded]

The text, again and again if it is short, is read with a checkpoint every 8,192 tokens into a fresh
database, and pruned, as the application does it. At each mark the last checkpoint is restored: that
reads nothing again, which is checked, and gives the state that was saved, down to the next logits.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

import storage
from ahn_runtime import Runtime
from ahn_runtime.checkpoint import load_checkpoint
from ahn_runtime.loading.tiny import write_tiny
from app.service.reading import checkpoint_policy
from app.service.reading.open_session import OpenSession
from app.settings import Settings
from evaluation.texts import stream
from ingest import token_chunks

TINY = "tiny"
HEAD = (
    "tokens",
    "tokens/s",
    "reading, s",
    "saving, s",
    "share",
    "a checkpoint saved, s",
    "its pages",
    "new on disk",
    "kept",
    "database",
    "restored, s",
)


@dataclass
class Costs:
    """What the reading took so far.

    Args:
        new_bytes: what the last checkpoint added to the pages stored.
    """

    reading_s: float = 0.0
    saving_s: list[float] = field(default_factory=list)
    new_bytes: int = 0


def main(text: Path, marks: list[int], model: str) -> None:
    """Read up to the last mark and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        source = str(write_tiny(Path(folder) / TINY)) if model == TINY else model
        runtime = Runtime.load(source, quantize="int8")
        with storage.Database(settings.database_path) as db:
            row = storage.create_session(db, "measured", {"chunk_tokens": settings.chunk_tokens})
            live = OpenSession(row, runtime.session())
            print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
            for costs in _read(db, settings, live, text):
                if live.position >= marks[0]:
                    print(f"| {' | '.join(_cells(db, runtime, live, costs))} |", flush=True)
                    marks = marks[1:]
                if not marks:
                    break


def _read(
    db: storage.Database, settings: Settings, live: OpenSession, text: Path
) -> Iterator[Costs]:
    """Read for ever; what it took, after each checkpoint."""
    costs = Costs()
    pieces = stream([text], live.session.runtime.tokenizer)
    for chunk in token_chunks(pieces, settings.chunk_tokens):
        began = time.perf_counter()
        live.session.feed(chunk, logits=None)
        costs.reading_s += time.perf_counter() - began
        if live.position - live.saved_at < settings.checkpoint_tokens:
            continue
        stored = storage.checkpoint_bytes(db, live.row.id)
        began = time.perf_counter()
        live.save(db)
        saved = time.perf_counter()
        costs.new_bytes = storage.checkpoint_bytes(db, live.row.id) - stored
        pruning = time.perf_counter()
        checkpoint_policy.prune(db, settings, live.row.id)
        costs.saving_s.append(saved - began + time.perf_counter() - pruning)
        yield costs


def _cells(
    db: storage.Database, runtime: Runtime, live: OpenSession, costs: Costs
) -> tuple[str, ...]:
    newest, *others = storage.list_checkpoints(db, live.row.id)
    return (
        f"{live.position:,}",
        f"{live.position / costs.reading_s:,.0f}",
        f"{costs.reading_s:.1f}",
        f"{sum(costs.saving_s):.2f}",
        f"{sum(costs.saving_s) / costs.reading_s:.1%}",
        f"{costs.saving_s[-1]:.3f}",
        f"{newest.byte_count / 1e6:.1f} MB",
        f"{costs.new_bytes / 1e6:.1f} MB",
        f"{1 + len(others)}",
        f"{db.size_bytes() / 1e6:.1f} MB",
        f"{_restore(db, runtime, live, newest):.3f}",
    )


def _restore(
    db: storage.Database, runtime: Runtime, live: OpenSession, row: storage.CheckpointRow
) -> float:
    """Seconds to restore a checkpoint.

    Raises:
        ValueError: something was read for it, or the state is another.
    """
    was_run = 0

    def count(*_: object) -> None:
        nonlocal was_run
        was_run += 1

    hook = torch.nn.modules.module.register_module_forward_pre_hook(count)
    began = time.perf_counter()
    again = load_checkpoint(runtime, row.manifest, lambda page: storage.read_page(db, page))
    took_s = time.perf_counter() - began
    hook.remove()
    if was_run:
        raise ValueError(f"Restoring read again: {was_run:,} modules of the model were run.")
    same_logits = torch.equal(again.next_logits(), live.session.next_logits())
    if again.tokens_seen != live.position or not same_logits:
        raise ValueError(f"What was restored at token {live.position:,} is not what was saved.")
    return took_s


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--at", default="10000,100000", help="tokens, ascending")
    parser.add_argument("--model", default="embedded", help="or a directory, or 'tiny'")
    given = parser.parse_args()
    main(given.text, [int(mark) for mark in given.at.split(",")], given.model)
