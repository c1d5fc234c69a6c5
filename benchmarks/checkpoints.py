"""What a checkpoint costs: time to save and to restore, bytes, against the reading between two.

    python -m benchmarks.checkpoints TEXT [--at 10000,100000] [--model embedded]

The text is read with a checkpoint every 4,096 tokens, as the application writes them, into a fresh
database; at each mark the last checkpoint is restored, which reads nothing again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import storage
from ahn_runtime import Runtime
from ahn_runtime.checkpoint import load_checkpoint
from ahn_runtime.tiny import write_tiny
from app.service.live import LiveSession
from app.settings import Settings
from evaluation.texts import stream

TINY = "tiny"


def main(text: Path, marks: list[int], model: str) -> None:
    """Read up to the last mark and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        source = str(write_tiny(Path(folder) / TINY)) if model == TINY else model
        runtime = Runtime.load(source, quantize="int8")
        db = storage.Database(settings.database_path)
        row = storage.create_session(db, "measured", {"chunk_tokens": settings.chunk_tokens})
        live = LiveSession(row, runtime.session())
        print("| tokens | reading, s | saving, s | share | one checkpoint | restoring, s |")
        print("| --- | --- | --- | --- | --- | --- |")
        reading = saving = 0.0
        pending: list[int] = []
        for ids in stream([text], runtime.tokenizer):
            pending += ids
            while len(pending) >= settings.chunk_tokens and marks:
                began = time.perf_counter()
                live.session.feed(pending[: settings.chunk_tokens], logits=None)
                reading += time.perf_counter() - began
                del pending[: settings.chunk_tokens]
                if live.position - live.saved_at < settings.checkpoint_tokens:
                    continue
                began = time.perf_counter()
                live.save(db)
                saving += time.perf_counter() - began
                if live.position >= marks[0]:
                    _row(db, runtime, live, reading, saving)
                    marks = marks[1:]
            if not marks:
                break
        db.close()


def _row(
    db: storage.Database, runtime: Runtime, live: LiveSession, reading: float, saving: float
) -> None:
    newest = storage.list_checkpoints(db, live.row.id)[0]
    began = time.perf_counter()
    again = load_checkpoint(runtime, newest.manifest, lambda page: storage.read_page(db, page))
    restoring = time.perf_counter() - began
    assert again.tokens_seen == live.position
    print(
        f"| {live.position:,} | {reading:.1f} | {saving:.2f} | {saving / reading:.1%} "
        f"| {newest.byte_count / 1e6:.1f} MB | {restoring:.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--at", default="10000,100000", help="tokens, ascending")
    parser.add_argument("--model", default="embedded", help="or a directory, or 'tiny'")
    given = parser.parse_args()
    main(given.text, [int(mark) for mark in given.at.split(",")], given.model)
