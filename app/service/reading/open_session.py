"""A session in memory: the runtime's state, how far it is in which document, and its checkpoint.

To restore a session, nothing is read again. If its newest checkpoint is damaged, the newest sound
one is used, and a note says so.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

import storage
from ahn_runtime import DamagedCheckpoint, Runtime, Session
from ahn_runtime.checkpoint import Manifest, load_checkpoint, save_checkpoint
from app.messages import sentence
from app.service.reading.stream_text import opening
from app.service.session_config import SessionConfig
from app.settings import Settings
from storage import DamagedPage, Database, DocumentState, SessionRow

log = logging.getLogger(__name__)


@dataclass
class OpenSession:
    """A session in memory.

    Args:
        row: the stored session.
        session: the runtime's session.
        document_id, document_tokens: the document that was fed last, and how many tokens of it.
        checkpoint_id: the stored checkpoint that this equals or continues; None before the first.
        manifest: of that checkpoint; the next checkpoint shares its full pages.
        notes: sentences for the person about how it was restored.
        used_at: when it was last used, by the monotonic clock.
        fed_tokens, fed_s: tokens fed since the last speed was stored, and the seconds that the
            model took for them.
        generation: of the stored session when the state was restored; see `storage.Outdated`.
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
    generation: int = 0

    @property
    def position(self) -> int:
        """Tokens of the session's stream that were fed."""
        return self.session.tokens_seen

    @property
    def saved_at(self) -> int:
        """Position of the checkpoint that this continues; 0 before the first."""
        return int(self.manifest["tokens_seen"]) if self.manifest else 0

    @property
    def is_ahead(self) -> bool:
        """Whether something was read since the checkpoint."""
        return self.document_id is not None and self.position != self.saved_at

    @property
    def measured_bytes(self) -> int:
        """Bytes of the session's tensors, with the room that they reserve."""
        parts = ("k", "v", "gates", "memory")
        layers = self.session.state.layers
        return sum(getattr(layer, part).nbytes for layer in layers for part in parts)

    def chunk_tokens(self, settings: Settings) -> int:
        """The grid of its reading: tokens per chunk, fixed when the session was created."""
        return SessionConfig.from_row(self.row).chunk_tokens_or(settings.chunk_tokens)

    def feed(self, chunk: list[int]) -> None:
        """Feed the next tokens of the document; the caller holds the model."""
        begun = time.perf_counter()
        self.session.feed(chunk, logits=None)
        self.fed_s += time.perf_counter() - begun
        self.fed_tokens += len(chunk)
        self.document_tokens += len(chunk)

    def save(self, db: Database, document_state: DocumentState | None = None) -> None:
        """Write a checkpoint; the next one shares pages with it only once it is stored.

        Args:
            document_state: the new state of the document that was fed last; None leaves it.

        Raises:
            Outdated: another process undid or replaced what the session had read.
        """
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
                generation=self.generation,
            )
            is_stored = self._store_speed(db)
        self.checkpoint_id, self.manifest = row.id, checkpoint.manifest
        if is_stored:
            self.fed_tokens, self.fed_s = 0, 0.0

    def _store_speed(self, db: Database) -> bool:
        """Store how fast it was read; False if that failed, which does not undo the checkpoint."""
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
        except storage.DiskFull:  # SQLite has undone the checkpoint, too
            raise
        except storage.StorageError as error:
            log.warning("session %d, its speed: %s", self.row.id, sentence(error))
            return False
        return True


def restore_session(
    db: Database, row: SessionRow, runtime: Runtime, max_position: int | None = None
) -> OpenSession:
    """A session at its newest sound checkpoint, or at its opening if it has none.

    Changes nothing in the database: a caller that feeds documents calls
    `discard_newer_checkpoints` first.

    Args:
        max_position: only checkpoints at this position or before it.

    Raises:
        ModelMismatchError, CheckpointVersionError: this runtime cannot continue the state.
    """
    with db.snapshot():  # another process may save, prune or undo meanwhile
        row = storage.get_session_by_id(db, row.id)
        opened = _restore_newest(db, row, runtime, max_position)
    if opened.checkpoint_id is None:
        opened.session.feed(opening(runtime.tokenizer), logits=None)
    return opened


def _restore_newest(
    db: Database, row: SessionRow, runtime: Runtime, max_position: int | None
) -> OpenSession:
    """The newest sound checkpoint, or a session that was not fed anything."""
    notes: list[str] = []
    for checkpoint_id in storage.checkpoint_ids(db, row.id, max_position=max_position):
        checkpoint = storage.get_checkpoint(db, checkpoint_id)
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
            generation=row.generation,
        )
    return OpenSession(row, runtime.session(), notes=notes, generation=row.generation)


def discard_newer_checkpoints(db: Database, opened: OpenSession) -> None:
    """Delete damaged checkpoints after this state, and set the documents back to it."""
    stored = storage.checkpoint_ids(db, opened.row.id, min_position=opened.saved_at)
    newer = [checkpoint for checkpoint in stored if checkpoint != opened.checkpoint_id]
    if newer or opened.checkpoint_id is None:
        storage.rewind_documents(
            db,
            opened.row.id,
            position=opened.saved_at,
            document_id=opened.document_id if opened.checkpoint_id else None,
            document_tokens=opened.document_tokens,
        )
    for checkpoint in newer:
        storage.delete_checkpoint(db, checkpoint)
