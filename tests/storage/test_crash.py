"""A process that is killed while it saves leaves an intact database with complete checkpoints."""

import random
import subprocess
import sys
import time

import pytest

import storage
from tests.support.paths import ROOT

CHILD = """
import os, sys, storage
db = storage.Database(sys.argv[1])
(document,) = storage.list_documents(db, 1)
shared = b"sinks" * 1000
for step in range(document.tokens_read + 1, 100_000):
    pages = {storage.page_hash(page): page for page in (shared, os.urandom(200_000))}
    storage.save_checkpoint(
        db, 1, position=step, manifest={"pages": list(pages)}, pages=pages,
        page_hashes=list(pages), document_id=document.id, document_tokens=step,
        document_state="reading",
    )
    print(step, flush=True)
    if step % 5 == 0:
        storage.prune_checkpoints(db, 1, budget_bytes=600_000)
"""


def saved_before_the_kill(path, seed):
    """Let a child process save, kill it at a random moment, return the last step it reported."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        child.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.0, 0.3))
        child.kill()
        reported = child.stdout.read().split()
    return int(reported[-1]) if reported else 0


@pytest.mark.parametrize("seed", range(4))
def test_killing_the_process_loses_no_saved_checkpoint(path, add_session, add_text, seed):
    with storage.Database(path) as db:
        add_text(db, add_session(db).id, "a long book", token_count=1_000_000)
    for again in range(2):
        reported = saved_before_the_kill(path, seed * 2 + again)
        with storage.Database(path) as db:
            assert db.integrity_check() == []
            checkpoints = storage.list_checkpoints(db, 1)
            assert checkpoints[0].position >= reported
            assert storage.get_document(db, 1).tokens_read == checkpoints[0].document_tokens
            for checkpoint in checkpoints:
                sizes = [len(storage.read_page(db, h)) for h in checkpoint.manifest["pages"]]
                assert sizes == [5_000, 200_000]
            assert storage.free_unused_pages(db) == 0
