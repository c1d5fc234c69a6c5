"""Law 7: a reading process killed at any instant loses nothing and ends in the very same bits.

AMMON_KILLS is how many are killed (`make soak`: 500), AMMON_SEED when (a failure prints it).
"""

from __future__ import annotations

import functools
import os
import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

import storage
from ahn_runtime import Runtime
from ahn_runtime.session import Session
from app.service import context as context_module
from app.service.reading import checkpoint_policy
from app.service.reading.open_session import OpenSession, restore_session
from tests.support import warm
from tests.support.paths import DATA

TEXTS = [str(DATA / name) for name in ("john_sherman.txt", "two_destinies.txt")]
MODEL = {"window": 1000, "sinks": 64, "quantize": None}
KILLS = int(os.environ.get("AMMON_KILLS", "30"))
SEED = int(os.environ.get("AMMON_SEED", random.SystemRandom().randrange(1 << 32)))
LONGEST_S = 1.5
"""A process is killed before it is so old: it starts, reads a third of the texts and saves."""
STEPS = ("", "", "", "indexing", "saving", "pruning")
"""Half of the kills come at any instant, half when such a step has begun less than STEP_S ago."""
STEP_S = 0.012
WARMING = "warming up"
PATIENCE_S = 120.0


def trace(path: Path) -> None:
    """Note each step of a process in a file, as it begins and ends; a SIGKILL leaves it whole."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(where: Any, name: str, step: str) -> None:
        done = getattr(where, name)

        def noted(*arguments: Any, **options: Any) -> Any:
            position = f" {arguments[0].tokens_seen}" if step == "reading" else ""
            os.write(file, f"{step}{position}\n".encode())
            result = done(*arguments, **options)
            os.write(file, f"{step} done\n".encode())
            return result

        setattr(where, name, noted)

    note(Runtime, "warm_up", WARMING)
    note(context_module, "index_document", "indexing")
    note(Session, "feed", "reading")
    note(OpenSession, "save", "saving")
    note(checkpoint_policy, "prune", "pruning")


@dataclass
class Reading:
    """One session, read by one process after another until all of it is read."""

    folder: Path
    model: Path
    processes: int = 0
    saved_at: int = 0

    @property
    def database(self) -> Path:
        return self.folder / "ammon.sqlite"

    @property
    def trace(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{self.processes}")

    def go_on(self, seconds: float = PATIENCE_S, step: str = "") -> bool:
        """Run the command for so long, then kill it; True if it came to its end before.

        Args:
            step: count from the beginning of this step, not from that of the process.
        """
        self.processes += 1
        arguments = ["read", *TEXTS, "--session", "s", "--data-dir", str(self.folder)]
        options = {"model": self.model, **MODEL}
        for name, value in options.items():
            arguments += [f"--{name}", str(value).lower() if value is None else str(value)]
        child = warm.start(arguments, self.trace, functools.partial(trace, self.trace))
        began = time.monotonic()
        while step and child.is_alive() and step not in self.noted():
            time.sleep(0.002)
        child.join(seconds if step else began + seconds - time.monotonic())
        child.kill()
        child.join()
        assert child.exitcode in (0, -9), Path(f"{self.trace}.err").read_text()
        return child.exitcode == 0

    def noted(self) -> list[str]:
        """Whole lines of the trace of the newest process, from when its model was warm."""
        lines = self.trace.read_text().split("\n")[:-1] if self.trace.exists() else []
        warm_at = f"{WARMING} done"
        return lines[lines.index(warm_at) + 1 :] if warm_at in lines else []

    def look(self) -> str:
        """Check all that must hold whenever the process ended; returns what it was doing."""
        noted = self.noted()
        fed = [int(line.split()[1]) for line in noted if re.fullmatch(r"reading \d+", line)]
        assert not fed or fed[0] == self.saved_at, "it did not go on from its last checkpoint"
        if self.database.exists():
            with storage.Database(self.database) as db:
                assert db.integrity_check() == []
                self._look_at_checkpoints(db)
        for step in filter(None, dict.fromkeys(STEPS)):
            if noted.count(step) > noted.count(f"{step} done"):
                return step
        return "reading" if fed else "starting"

    def _look_at_checkpoints(self, db: storage.Database) -> None:
        rows = [storage.list_checkpoints(db, s.session.id) for s in storage.list_sessions(db)]
        checkpoints = rows[0] if rows else []
        stands_at = checkpoints[0].position if checkpoints else 0
        assert stands_at >= self.saved_at, "a checkpoint that was saved is gone"
        self.saved_at = stands_at
        for checkpoint in checkpoints:
            for page in page_hashes(checkpoint):
                storage.read_page(db, page)  # whole, or it raises
        assert storage.free_unused_pages(db) == 0
        if checkpoints:
            newest = checkpoints[0]
            document = storage.get_document(db, newest.document_id)
            assert document.tokens_read == newest.document_tokens

    def end(self) -> dict[str, object]:
        """All that a finished reading leaves: rows, the checkpoint to the letter, next logits."""
        with storage.Database(self.database) as db:
            (summary,) = storage.list_sessions(db)
            found = documents(db, summary.session)
            assert [d.state for d in found] == ["done"] * len(TEXTS)
            (manifest, *_) = (c.manifest for c in storage.list_checkpoints(db, summary.session.id))
            runtime = Runtime.load(self.model, **MODEL)
            opened = restore_session(db, summary.session, runtime)
            segments = [s for d in found for s in storage.iter_segments(db, d.id)]
            assert (
                opened.notes == []
                and opened.position == summary.tokens_read + found[0].start_position
            )
        return {
            "manifest": manifest,
            "documents": [(d.title, d.token_count, d.tokens_read) for d in found],
            "segments": [(s.document_id, s.ordinal, s.text, s.token_start) for s in segments],
            "logits": opened.session.next_logits(),
        }


def documents(db: storage.Database, session: storage.SessionRow) -> list[storage.DocumentRow]:
    return storage.list_documents(db, session.id)


def page_hashes(checkpoint: storage.CheckpointRow) -> list[str]:
    manifest = checkpoint.manifest
    pages = [page["hash"] for page in manifest["kv_pages"]]
    return [*pages, manifest["memory_page"], manifest["hidden_page"]]


def same(found: dict[str, object], expected: dict[str, object]) -> None:
    assert torch.equal(found.pop("logits"), expected["logits"])
    assert found == {name: value for name, value in expected.items() if name != "logits"}


@pytest.mark.slow
def test_readings_killed_at_any_instant_end_in_the_same_bits(tiny_dir, tmp_path):
    print(f"AMMON_SEED={SEED} AMMON_KILLS={KILLS}")
    whole = Reading(tmp_path / "whole", tiny_dir)
    assert whole.go_on()
    expected, instants, doing, ends = whole.end(), random.Random(SEED), Counter[str](), 0
    while doing.total() < KILLS:
        reading, is_read = Reading(tmp_path / f"killed {ends}", tiny_dir), False
        while not is_read:
            kills = doing.total() < KILLS
            step = instants.choice(STEPS) if kills else ""
            after_s = instants.uniform(0, STEP_S if step else LONGEST_S) if kills else PATIENCE_S
            is_read = reading.go_on(after_s, step)
            did = reading.look()
            doing.update([did] * (not is_read))
            if not is_read and doing.total() % 25 == 0:
                print(f"{doing.total()} of {KILLS} killed: {dict(doing)}", flush=True)
        same(reading.end(), expected)
        ends += 1
    print(
        f"{KILLS} processes killed ({', '.join(f'{n} {what}' for what, n in doing.items())}): "
        f"after each the database was sound and the reading went on from its last checkpoint; "
        f"{ends} readings ended in the state of an uninterrupted one, bit for bit."
    )
