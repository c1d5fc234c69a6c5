"""The cost of checkpoints: time to save and to restore, and disk, compared with reading.

    python -m benchmarks.checkpoints TEXT [--at 10000,100000] [--model embedded]

The text is read, repeatedly if it is short, into a new database. As in the application, a
checkpoint is saved every 8,192 tokens and old ones are pruned. At each mark the last checkpoint is
restored. The benchmark checks that restoring runs no part of the model, and that the restored state
has the position and the next logits of the saved one.
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
    """The cost of reading so far.

    Args:
        reading_s: seconds spent reading.
        saving_s: seconds spent saving and pruning, for each checkpoint.
        new_bytes: bytes that the last checkpoint added to the stored pages.
    """

    reading_s: float = 0.0
    saving_s: list[float] = field(default_factory=list)
    new_bytes: int = 0


def main(text: Path, marks: list[int], model: str) -> None:
    """Read up to the last mark and print a table.

    Args:
        text: a text, repeated if it is short.
        marks: tokens read, ascending.
        model: "embedded", a directory, or "tiny" for a random model.
    """
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
    """Read without end; yields the costs so far after each checkpoint."""
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
        ValueError: modules of the model were run, or the restored state differs from the saved one.
    """
    module_runs = 0

    def count(*_: object) -> None:
        nonlocal module_runs
        module_runs += 1

    hook = torch.nn.modules.module.register_module_forward_pre_hook(count)
    began = time.perf_counter()
    restored = load_checkpoint(runtime, row.manifest, lambda page: storage.read_page(db, page))
    took_s = time.perf_counter() - began
    hook.remove()
    if module_runs:
        raise ValueError(f"Restoring ran {module_runs:,} modules of the model; it must run none.")
    same_logits = torch.equal(restored.next_logits(), live.session.next_logits())
    if restored.tokens_seen != live.position or not same_logits:
        raise ValueError(
            f"The state restored at token {live.position:,} differs from the saved one."
        )
    return took_s


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--at", default="10000,100000", help="marks: tokens read, ascending")
    parser.add_argument("--model", default="embedded", help="'embedded', a directory, or 'tiny'")
    given = parser.parse_args()
    main(given.text, [int(mark) for mark in given.at.split(",")], given.model)
