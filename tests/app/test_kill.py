"""Law 7: a reading process killed at any instant loses nothing and ends in the very same bits."""

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import storage
from tests.app.conftest import TINY_SINKS, TINY_WINDOW, wait_until_read
from tests.app.test_service import same_bits, state_of

ROOT = Path(__file__).parents[2]

READING_PROCESS = """
import sys
from pathlib import Path
from ahn_runtime import Runtime
from app.service import Service
from app.settings import ModelOptions, Settings
from tests.app.conftest import wait_until_read

options = ModelOptions(model=sys.argv[1], window=int(sys.argv[4]), sinks=int(sys.argv[5]))
settings = Settings(data_dir=Path(sys.argv[2]), model=options, checkpoint_tokens=256)
service = Service(settings, lambda options: Runtime.load(**options.as_dict()))
service.ensure_session("s")
service.runtime()
print("ready", flush=True)
service.start()
service.add_document("s", Path(sys.argv[3]))
wait_until_read(service, "s", 120)
"""


def read_until_killed(tiny_dir: Path, data_dir: Path, book: Path, seconds: float) -> None:
    arguments = [tiny_dir, data_dir, book, TINY_WINDOW, TINY_SINKS]
    with subprocess.Popen(
        [sys.executable, "-c", READING_PROCESS, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout and child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        child.kill()


@pytest.mark.parametrize("seed", range(3))
def test_a_reading_killed_at_any_instant_ends_in_the_same_bits(
    make_service, tiny_dir, book, tmp_path, seed
):
    data_dir = tmp_path / "data"
    instants = random.Random(seed)
    stood = -1
    for _ in range(3):
        read_until_killed(tiny_dir, data_dir, book, instants.uniform(0.02, 0.5))
        with sqlite3.connect(data_dir / "ammon.sqlite") as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            newest = db.execute("SELECT max(position) FROM checkpoints").fetchone()[0] or 0
        assert newest >= stood, "a checkpoint that was saved is gone"
        stood = newest
    service = make_service()
    service.start()
    service.add_document("s", book)
    wait_until_read(service, "s")
    (status,) = service.documents("s")
    assert status.document.state == "done"
    assert status.tokens_read == status.document.token_count
    service.create_session("uninterrupted")
    service.add_document("uninterrupted", book)
    wait_until_read(service, "uninterrupted")
    same_bits(state_of(service), state_of(service, "uninterrupted"))
    assert storage.list_checkpoints(service.db, service.session("s").id)
