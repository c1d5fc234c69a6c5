"""Sessions and a runtime without a model, for tests of who reads what and when.

What they keep is the tokens that were fed; a checkpoint stores how many there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import storage
from app.settings import Settings
from storage import Database, DocumentRow, SessionRow


class ByteTokenizer:
    """A token for each byte."""

    control = {"<|im_start|>": 256, "<|im_end|>": 257}

    def encode(self, text: str) -> list[int]:
        return list(text.encode())


def add_document(db: Database, session_id: int, text: str, title: str = "book") -> DocumentRow:
    """Add a document of one segment that is indexed already, in `ByteTokenizer`'s tokens."""
    document = storage.add_document(
        db,
        session_id,
        title=title,
        kind="text",
        file_name=f"{title}.txt",
        sha256=title,
        byte_count=len(text),
    )
    start, count = len(f"\n\n# {title}\n\n"), len(text.encode())
    segment = storage.NewSegment(text, "line 1", "line", 1, 1, start, count)
    storage.add_segments(db, document.id, [segment])
    return storage.finish_indexing(
        db, document.id, token_count=start + count, unit_count=1, unit_name="lines"
    )


@dataclass
class FakeOpenSession:
    """What the worker uses of an `OpenSession`."""

    row: SessionRow
    chunk: int
    before_feed: Callable[[], None] = lambda: None
    document_id: int | None = None
    document_tokens: int = 0
    fed: list[int] = field(default_factory=list)
    session = SimpleNamespace(runtime=SimpleNamespace(tokenizer=ByteTokenizer()))

    @property
    def position(self) -> int:
        return len(self.fed)

    def chunk_tokens(self, settings: Settings) -> int:
        return self.chunk

    def feed(self, chunk: list[int]) -> None:
        self.before_feed()
        self.fed += chunk
        self.document_tokens += len(chunk)

    def save(self, db: Database, document_state: str | None = None) -> None:
        storage.save_checkpoint(
            db,
            self.row.id,
            position=self.position,
            manifest={"tokens_seen": self.position},
            pages={},
            page_hashes=[],
            document_id=self.document_id,
            document_tokens=self.document_tokens,
            document_state=document_state,
        )


class FakeCache:
    """What the worker uses of a `SessionCache`; notes which session had each slice."""

    def __init__(self, db: Database, chunk: int) -> None:
        self._db, self._chunk = db, chunk
        self.opened: dict[int, FakeOpenSession] = {}
        self.slices: list[int] = []
        self.error: Exception | None = None

    @contextmanager
    def held(self, session_id: int) -> Iterator[None]:
        if self.error is not None:
            raise self.error
        yield

    def for_reading(self, session_id: int) -> FakeOpenSession:
        self.slices.append(session_id)
        if session_id not in self.opened:
            row = storage.get_session_by_id(self._db, session_id)
            self.opened[session_id] = FakeOpenSession(row, self._chunk)
        return self.opened[session_id]

    def make_room(self, session_id: int) -> None:
        pass
