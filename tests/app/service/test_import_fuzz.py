"""The import on damaged files: a session that can be used, or a refusal in one sentence.

`AMMON_FUZZ_IMPORTS` sets how many files are tried, and `AMMON_FUZZ_SEED` which come first.
"""

from __future__ import annotations

import os
import random
import time

import pytest

import storage
from app.messages import KNOWN_ERRORS, sentence
from storage.migrations import SCHEMA_VERSION
from tests.support.exports import write_export
from tests.support.mutants import mutate
from tests.support.receiver import OPTIONS, Receiver

MUTANTS = int(os.environ.get("AMMON_FUZZ_IMPORTS", "60"))
FIRST_SEED = int(os.environ.get("AMMON_FUZZ_SEED", "0"))
MAX_CPU_S = 20.0


@pytest.fixture
def receiver(tmp_path):
    receiver = Receiver(tmp_path)
    yield receiver
    receiver.db.close()


@pytest.fixture
def exports(tmp_path):
    return [
        write_export(tmp_path / f"{version}.ammon", version).read_bytes()
        for version in range(1, SCHEMA_VERSION + 1)
    ]


def test_an_export_of_every_version_is_imported_and_can_be_used(receiver, exports, tmp_path):
    path = tmp_path / "export.ammon"
    for data in exports:
        path.write_bytes(data)
        row = receiver.take(path)
        receiver.use(row)
        assert len(storage.list_documents(receiver.db, row.id)) == 3
        assert [c.position for c in storage.list_checkpoints(receiver.db, row.id)] == [1890]
        assert len(list(receiver.settings.files_dir.iterdir())) == 3
        receiver.delete(row)
    assert receiver.content() == receiver.before


def test_a_damaged_export_is_refused_in_a_sentence_or_can_be_used(receiver, exports, tmp_path):
    path, taken = tmp_path / "mutant.ammon", 0
    for seed in range(FIRST_SEED, FIRST_SEED + MUTANTS):
        rng = random.Random(seed)
        path.write_bytes(rng.choice(exports))
        what = f"seed {seed}: {mutate(path, rng)}"
        begun = time.thread_time()
        try:
            row = receiver.take(path)
        except KNOWN_ERRORS as error:
            said = sentence(error)
            assert said.endswith(".") and "Traceback" not in said and "\n" not in said, what
        except Exception as error:
            raise AssertionError(what) from error
        else:
            taken += 1
            try:
                receiver.use(row)
            except Exception as error:
                raise AssertionError(what) from error
            receiver.delete(row)
        assert time.thread_time() - begun < MAX_CPU_S, what
        assert receiver.content() == receiver.before, what
        left = {p.name for p in receiver.settings.data_dir.iterdir()}
        assert left <= {"ammon.sqlite", "ammon.sqlite-wal", "ammon.sqlite-shm", "files"}, what
        for gone in path.parent.glob("mutant.ammon?*"):
            gone.unlink()  # a log that the mutation left
        receiver.models.keep([OPTIONS])
    assert taken < MUTANTS, "every change of a file went unnoticed"
    print(f"{MUTANTS:,} files: {taken:,} were imported, the others refused")
