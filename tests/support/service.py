"""A service on the tiny model: its window, readings driven by hand, and states compared."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from app.service import Service
from app.service.reading.job import Job
from app.service.reading.open_session import OpenSession, restore_session
from storage import OPEN_STATES, DocumentRow

TINY_WINDOW, TINY_SINKS = 3000, 64
STATE_TENSORS = ("k", "v", "gates", "memory", "attention", "retained")
PATIENCE_S = 300.0
"""Far more than a reading takes, on a machine that does much else, too."""


def read_in_part(service: Service, session: str, path: Path) -> DocumentRow:
    """Read some 1,300 tokens of a file and pause there; then start the reader."""
    service.sessions.ensure(session)
    document = service.documents.add(session, path)
    service.context.indexer.step()
    service.context.worker.step()  # up to the first checkpoint
    service.documents.pause(document.id)
    service.context.worker.step()  # a chunk more
    service.start_reading()
    return service.documents.list(session)[0].document


def hold_reading(service: Service, monkeypatch: pytest.MonkeyPatch, tokens: int) -> None:
    """Have the reader wait once it has read so much of a document, until it is interrupted.

    Else a busy machine may let it read to the end before the test comes to interrupt it.
    """
    jobs, is_interrupted = service.context.jobs, service.context.jobs.is_interrupted

    def held(job: Job, document_id: int) -> bool:
        while not (interrupted := is_interrupted(job, document_id)):
            if job.progress[document_id].tokens_read < tokens:
                break
            time.sleep(0.005)
        return interrupted

    monkeypatch.setattr(jobs, "is_interrupted", held)


def wait_until_read(service: Service, session: str, seconds: float = PATIENCE_S) -> None:
    """Wait until no document of a session waits or is being read."""
    deadline = time.monotonic() + seconds
    while any(s.document.state in OPEN_STATES for s in service.documents.list(session)):
        assert time.monotonic() < deadline, "the reading did not end"
        time.sleep(0.02)


def state_of(service: Service, name: str = "s") -> OpenSession:
    """The stored state of a session, restored beside the one in memory."""
    return restore_session(
        service.db, service.sessions.get(name), service.runtime(service.sessions.get(name))
    )


def live_tensors(service: Service, session: str) -> list[torch.Tensor]:
    """All tensors of the state in memory of a session, layer by layer."""
    with service.context.queue.reading():
        live = service.context.cache.get(service.sessions.get(session).id)
        return [getattr(layer, n) for layer in live.session.state.layers for n in STATE_TENSORS]


def read_whole(service: Service, book: Path, name: str = "s") -> DocumentRow:
    """Read a file to its end in a new session."""
    service.sessions.create(name)
    service.start_reading()
    service.documents.add(name, book)
    wait_until_read(service, name)
    return service.documents.list(name)[0].document


def same_bits(a: OpenSession, b: OpenSession) -> None:
    """Assert that two states are equal, bit for bit."""
    assert a.position == b.position
    assert torch.equal(a.session.next_logits(), b.session.next_logits())
    for x, y in zip(a.session.state.layers, b.session.state.layers, strict=True):
        assert all(torch.equal(getattr(x, n), getattr(y, n)) for n in STATE_TENSORS)


def wait_until_reread(service: Service, session: str, seconds: float = PATIENCE_S) -> None:
    """Wait until the re-reading of a session has replaced its state."""
    deadline = time.monotonic() + seconds
    while service.rereads.progress(session) is not None:
        assert time.monotonic() < deadline, service.sessions.notice(session)
        time.sleep(0.02)
