"""A session in memory: the runtime's state, where in which document it stands, and its checkpoint.

Restoring reads nothing again. A damaged checkpoint is passed over for the newest sound one, and
the person is told.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

import storage
from ahn_runtime import DamagedCheckpoint, Runtime, Session
from ahn_runtime.checkpoint import Manifest, load_checkpoint, save_checkpoint
from app.messages import sentence
from app.service.answering.prompt import opening
from app.service.session_config import SessionConfig
from app.settings import Settings
from storage import DamagedPage, Database, DocumentState, SessionRow

log = logging.getLogger(__name__)


@dataclass
class OpenSession:
    """What is in memory of one session.

    Args:
        row: the stored session.
        session: the runtime's.
        document_id, document_tokens: the document that was fed last, and how far.
        checkpoint_id: the stored checkpoint this equals or goes on from; None before the first.
        manifest: of that checkpoint; its whole pages are shared by the next.
        notes: sentences for the person about how it was restored.
        fed_tokens, fed_s: read since the last speed was kept, and the time of nothing but that.
    """

    row: SessionRow
    session: Session
    document_id: int | None = None
    document_tokens: int = 0
    checkpoint_id: int | None = None
    manifest: Manifest | None = None
    notes: list[str] = field(default_factory=list)
    used_at: float = field(default_factory=time.monotonic)
    fed_tokens: int = 0
    fed_s: float = 0.0

    @property
    def position(self) -> int:
        return self.session.tokens_seen

    @property
    def saved_at(self) -> int:
        """Position of the checkpoint this goes on from; 0 before the first."""
        return int(self.manifest["tokens_seen"]) if self.manifest else 0

    @property
    def is_ahead(self) -> bool:
        """Whether something was read since the checkpoint."""
        return self.document_id is not None and self.position != self.saved_at

    @property
    def held_bytes(self) -> int:
        """Bytes of the session's tensors, room for what comes included."""
        parts = ("k", "v", "gates", "memory")
        layers = self.session.state.layers
        return sum(getattr(layer, part).nbytes for layer in layers for part in parts)

    def chunk_tokens(self, settings: Settings) -> int:
        """The grid of its reading, fixed when it was made."""
        return SessionConfig.from_row(self.row).chunk_tokens_or(settings.chunk_tokens)

    def feed(self, chunk: list[int]) -> None:
        """Read on in the document; called with the model's turn held."""
        begun = time.perf_counter()
        self.session.feed(chunk, logits=None)
        self.fed_s += time.perf_counter() - begun
        self.fed_tokens += len(chunk)
        self.document_tokens += len(chunk)

    def save(self, db: Database, document_state: DocumentState | None = None) -> None:
        """Write a checkpoint; page sharing goes on from it only once it is stored."""
        checkpoint = save_checkpoint(
            self.session,
            self.manifest,
            {"document_id": self.document_id, "document_tokens": self.document_tokens},
        )
        with db.transaction():
            row = storage.save_checkpoint(
                db,
                self.row.id,
                position=self.position,
                manifest=checkpoint.manifest,
                pages=checkpoint.pages,
                page_hashes=checkpoint.page_hashes,
                document_id=self.document_id,
                document_tokens=self.document_tokens,
                document_state=document_state,
            )
            is_kept = self._keep_speed(db)
        self.checkpoint_id, self.manifest = row.id, checkpoint.manifest
        if is_kept:
            self.fed_tokens, self.fed_s = 0, 0.0

    def _keep_speed(self, db: Database) -> bool:
        """Write how fast it was read; False if that failed, which costs no checkpoint."""
        if not self.fed_tokens:
            return True
        try:
            storage.add_speed(
                db,
                self.row.id,
                position=self.position,
                tokens=self.fed_tokens,
                seconds=self.fed_s,
            )
        except storage.DiskFull:  # SQLite has undone the checkpoint with it
            raise
        except storage.StorageError as error:
            log.warning("session %d, its speed: %s", self.row.id, sentence(error))
            return False
        return True


def open_session(
    db: Database, row: SessionRow, runtime: Runtime, max_position: int | None = None
) -> OpenSession:
    """Bring a session to where its newest sound checkpoint stands, or begin it.

    Changes nothing in the database: whoever reads on calls `discard_newer_checkpoints` first.

    Args:
        max_position: only checkpoints at this position or before it.

    Raises:
        ModelMismatchError, CheckpointVersionError: this runtime cannot take the state on.
    """
    notes: list[str] = []
    for checkpoint in storage.list_checkpoints(db, row.id):
        if max_position is not None and checkpoint.position > max_position:
            continue
        try:
            session = load_checkpoint(
                runtime, checkpoint.manifest, lambda page: storage.read_page(db, page)
            )
        except (DamagedCheckpoint, DamagedPage, storage.NotFound) as error:
            notes.append(
                f"The checkpoint at token {checkpoint.position:,} is damaged ({error}); "
                "an earlier one is used and what followed is read again."
            )
            continue
        return OpenSession(
            row,
            session,
            checkpoint.document_id,
            checkpoint.document_tokens,
            checkpoint.id,
            checkpoint.manifest,
            notes,
        )
    session = runtime.session()
    session.feed(opening(runtime.tokenizer), logits=None)
    return OpenSession(row, session, notes=notes)


def discard_newer_checkpoints(db: Database, live: OpenSession) -> None:
    """Forget checkpoints that were passed over, and set documents back to where this stands."""
    stored = storage.list_checkpoints(db, live.row.id)
    passed_over = [c for c in stored if c.id != live.checkpoint_id and c.position >= live.saved_at]
    if passed_over or live.checkpoint_id is None:
        storage.rewind_documents(
            db,
            live.row.id,
            position=live.saved_at,
            document_id=live.document_id if live.checkpoint_id else None,
            document_tokens=live.document_tokens,
        )
    for checkpoint in passed_over:
        storage.delete_checkpoint(db, checkpoint.id)
