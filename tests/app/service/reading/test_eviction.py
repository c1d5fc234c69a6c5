"""The session cache on sessions without a model: what is evicted, saved, locked and restored."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import storage
from ahn_runtime.config import ModelConfig, StreamConfig
from app.errors import SessionBusy
from app.service.reading import open_session
from app.service.reading.locks import SessionLocks
from app.service.reading.model_queue import ModelQueue
from app.service.reading.open_session import OpenSession
from app.service.reading.session_cache import SessionCache
from app.service.reading.stream_text import opening
from app.service.session_config import SessionConfig
from app.settings import ModelOptions, Settings
from storage import Database
from tests.support.fake_sessions import ByteTokenizer, add_document

CONFIG = ModelConfig(
    hidden_size=1,
    intermediate_size=1,
    num_layers=1,
    num_heads=1,
    num_kv_heads=1,
    head_dim=1,
    vocab_size=1,
    rms_norm_eps=1e-6,
    rope_theta=1e4,
)
STREAM = StreamConfig(window=None, sinks=0, cell=None)
SETTINGS = SessionConfig(ModelOptions(), STREAM, CONFIG).as_settings()
TOKEN_BYTES = 8
"""Of a key and a value in float32."""
OPENING_TOKENS = len(opening(ByteTokenizer()))


class FakeSession:
    """What is used of a runtime's session; its tensors have the size of the tokens fed."""

    def __init__(self, runtime: SimpleNamespace, tokens: int = 0) -> None:
        self.runtime = runtime
        empty = torch.zeros(0)
        self._layer = SimpleNamespace(k=empty, v=empty, gates=empty, memory=empty)
        self.state = SimpleNamespace(layers=[self._layer])
        self.tokens_seen = 0
        self.feed([0] * tokens)

    def feed(self, ids: list[int], logits: str | None = None) -> None:
        self.tokens_seen += len(ids)
        self._layer.k = self._layer.v = torch.zeros(self.tokens_seen)


class Cached:
    """A cache over fake sessions; their checkpoints store how many tokens were fed."""

    def __init__(self, db: Database, folder: Path, budget_tokens: int) -> None:
        self.db = db
        self.runtime = SimpleNamespace(tokenizer=ByteTokenizer(), config=CONFIG, stream=STREAM)
        self.runtime.session = lambda: FakeSession(self.runtime)
        self.settings = settings = Settings(
            data_dir=folder, session_cache_bytes=budget_tokens * TOKEN_BYTES
        )
        self.cache = SessionCache(
            db, settings, ModelQueue(), SessionLocks(settings.locks_dir), lambda row: self.runtime
        )

    def read(self, session_id: int, tokens: int = 100) -> OpenSession:
        """Feed tokens of the session's document, as the worker does."""
        with self.cache.held(session_id):
            opened = self.cache.for_reading(session_id)
            opened.document_id = storage.list_documents(self.db, session_id)[0].id
            opened.feed([0] * tokens)
            self.cache.make_room(session_id)
        return opened

    def positions(self, session_id: int) -> list[int]:
        return [c.position for c in storage.list_checkpoints(self.db, session_id)]

    def is_locked(self, session_id: int) -> bool:
        try:
            with SessionLocks(self.settings.locks_dir).held(session_id):
                return False
        except SessionBusy:
            return True


@pytest.fixture
def make(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def save(session: FakeSession, previous: object, extra: dict[str, object]) -> SimpleNamespace:
        manifest = {"tokens_seen": session.tokens_seen, **extra}
        return SimpleNamespace(manifest=manifest, pages={}, page_hashes=[])

    def load(runtime: SimpleNamespace, manifest: dict[str, int], read_page: object) -> FakeSession:
        return FakeSession(runtime, manifest["tokens_seen"])

    monkeypatch.setattr(open_session, "save_checkpoint", save)
    monkeypatch.setattr(open_session, "load_checkpoint", load)
    return lambda budget_tokens: Cached(db, tmp_path, budget_tokens)


@pytest.fixture
def ids(db: Database) -> list[int]:
    """Three sessions, each with a document of 1,000 bytes."""
    rows = [storage.create_session(db, name, SETTINGS) for name in "abc"]
    for row in rows:
        add_document(db, row.id, "x" * 1000)
    return [row.id for row in rows]


ROOM_FOR_TWO = 2 * (OPENING_TOKENS + 100)


def test_the_least_recently_used_is_saved_and_evicted(make, ids):
    a, b, c = ids
    cached = make(ROOM_FOR_TWO)
    for session_id in (a, b):
        cached.read(session_id)
    cached.cache.get(a)
    cached.read(c)
    assert cached.cache.peek(b) is None
    assert [cached.positions(s) for s in ids] == [[], [OPENING_TOKENS + 100], []]
    assert cached.cache.max_bytes <= ROOM_FOR_TWO * TOKEN_BYTES
    assert cached.cache.get(b).position == OPENING_TOKENS + 100


def test_a_session_stays_locked_until_what_was_read_is_saved(make, ids):
    a, _, _ = ids
    cached = make(10**6)
    opened = cached.read(a)
    assert opened.is_ahead and cached.is_locked(a)
    cached.read(a)
    assert cached.is_locked(a), "its own lock is taken up again"
    cached.cache.save(a)
    assert not opened.is_ahead and not cached.is_locked(a)
    assert cached.positions(a) == [OPENING_TOKENS + 200]


def test_what_is_being_read_is_not_evicted(make, ids):
    a, b, _ = ids
    cached = make(1)
    with cached.cache.held(a):
        opened = cached.cache.for_reading(a)
        cached.cache.get(b)
        assert cached.cache.peek(a) is opened
    cached.cache.make_room(b)
    assert cached.cache.peek(a) is None


def test_a_session_that_cannot_be_saved_stays_in_memory_and_the_next_is_evicted(
    make, ids, monkeypatch
):
    a, b, c = ids
    cached = make(ROOM_FOR_TWO)
    for session_id in (a, b):
        cached.read(session_id)
    save = OpenSession.save

    def refuse(opened: OpenSession, *rest: object) -> None:
        if opened.row.id == a:
            raise storage.DiskFull("The disk is full.")
        save(opened, *rest)

    monkeypatch.setattr(OpenSession, "save", refuse)
    cached.read(c)
    assert cached.cache.peek(a) is not None and cached.cache.peek(b) is None
    assert cached.is_locked(a) and not cached.is_locked(b)


def test_a_reading_that_fails_is_undone_to_the_checkpoint(make, ids):
    a, _, _ = ids
    cached = make(10**6)
    cached.read(a)
    cached.cache.save(a)
    with pytest.raises(ZeroDivisionError):
        with cached.cache.held(a):
            cached.cache.for_reading(a).feed([0] * 7)
            raise ZeroDivisionError
    assert cached.cache.peek(a) is None and not cached.is_locked(a)
    assert cached.cache.get(a).position == OPENING_TOKENS + 100


def test_what_another_process_has_read_replaces_an_older_state(make, ids):
    a, _, _ = ids
    here, there = make(10**6), make(10**6)
    here.read(a)
    here.cache.save(a)
    there.read(a)
    there.cache.save(a)
    assert here.cache.get(a).position == OPENING_TOKENS + 200
    ahead = here.read(a)
    assert here.cache.get(a) is ahead, "a reading of its own is always the newest"


def test_all_are_saved_and_unlocked_at_the_end(make, ids):
    cached = make(10**6)
    for session_id in ids:
        cached.read(session_id)
    cached.cache.save_all()
    assert [cached.positions(s) for s in ids] == [[OPENING_TOKENS + 100]] * 3
    assert not any(map(cached.is_locked, ids))


def test_a_dropped_session_is_neither_saved_nor_locked(make, ids):
    a, _, _ = ids
    cached = make(10**6)
    cached.read(a)
    cached.cache.drop(a)
    assert cached.cache.peek(a) is None and not cached.is_locked(a) and cached.positions(a) == []
