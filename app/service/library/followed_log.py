"""One followed log, from its file into the database; without threads and without a model.

Two rules make it exact. The lines and the cursor in the file up to which they were taken are
stored in one transaction, so no line is stored twice and none is skipped, whenever the process
ends. And while the log grows, only whole chunks of settled segments may be read: the tokens fed,
and how they are cut into calls, are those of a reading of the finished log.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import storage
from ahn_runtime.tokenizer import Encoder
from app.service.reading.patience import patiently
from app.service.reading.stream_text import introduction
from app.service.reading.titles import new_title
from app.settings import Settings
from ingest import (
    GrowingText,
    Segment,
    Tail,
    TailCursor,
    begin_growing,
    kind_to_follow,
    resume_growing,
    start_cursor,
)
from ingest.naming import file_name, title_from_name
from ingest.tail.opening import OutsideFolders
from storage import Database, DocumentRow, FollowRow, NewSegment

_FOLLOWED_KINDS = ("log", "jsonl")


def begin(
    db: Database, session_id: int, path: Path, tokens: Encoder, within: Sequence[Path] | None = None
) -> DocumentRow:
    """Add a log to a session; a log that it followed before continues after its last line.

    Args:
        path: of the log, absolute.
        tokens: the tokenizer of the session's model.
        within: the folders that may be read, None for all.

    Raises:
        IngestError: it cannot be followed, with the reason.
    """
    earlier = storage.find_ended_follow(db, session_id, str(path))
    documents, name = storage.list_keys(db, session_id), file_name(path.name)
    title = str(new_title(documents, title_from_name(path.name), name, str(path)))
    before, kind = len(introduction(tokens, title)), kind_to_follow(path.name)
    if earlier is None:
        tail, line = start_cursor(path, within), 1
    else:
        lines = storage.get_document(db, earlier.document_id).unit_count or 0
        tail = TailCursor.from_dict(earlier.place["tail"])
        line = int(earlier.place["first_line"]) + lines
    return storage.begin_follow(
        db,
        session_id,
        title=title,
        kind=kind,
        file_name=name,
        sha256=_sha256_of_path(str(path)),
        path=str(path),
        token_count=before,
        place=_place(tail, line, begin_growing(kind, line), before, within),
    )


def has_no_copy(db: Database, document: DocumentRow) -> bool:
    """Whether a document was a followed log, of which no copy is kept: its text is stored.

    Of one that was imported only its kind is known, so any log without a path counts.
    """
    if document.source_path is None:
        return document.kind in _FOLLOWED_KINDS
    is_named_by_path = document.sha256 == _sha256_of_path(document.source_path)
    return is_named_by_path or storage.find_follow(db, document.id) is not None


def _sha256_of_path(path: str) -> str:
    return hashlib.sha256(f"followed: {path}".encode(errors="replace")).hexdigest()


class FollowedLog:
    """A followed document and its file, as they are stored; used by one thread.

    Args:
        follow: the stored row.
        tokens: the tokenizer of the session's model.
        chunk_tokens: the grid of the session's reading.
        within: the folders that may be read, None for all; they are stored with the log.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        follow: FollowRow,
        tokens: Encoder,
        chunk_tokens: int,
        within: Sequence[Path] | None = None,
    ) -> None:
        self.document_id = follow.document_id
        self.is_stopped: Callable[[], bool] = lambda: False
        """Asked while another process writes to the database."""
        self._db, self._settings, self._tokens = db, settings, tokens
        self._chunk_tokens, self._ready_tokens = chunk_tokens, follow.ready_tokens
        self._first_line = int(follow.place["first_line"])
        self._settled_tokens = int(follow.place["settled_tokens"])
        self._within = within
        self._tail = Tail(
            Path(follow.path), TailCursor.from_dict(follow.place["tail"]), within=within
        )
        self._stored = self._tail.cursor
        self._log = resume_growing(follow.place, storage.open_text(db, follow.document_id))
        self._released_at = float("-inf")

    def close(self) -> None:
        """Close the file."""
        self._tail.close()

    def step(self) -> bool:
        """Store what was appended since the last step; False if nothing was.

        Raises:
            OSError: the file cannot be read now; nothing is lost, the step can be repeated.
            StorageError: it cannot be stored; make another `FollowedLog` to try again.
        """
        text = self._tail.read()
        moved = self._tail.cursor != self._stored
        if moved:
            self._store(text)
        self._release_chunks()
        return moved

    def end(self) -> DocumentRow:
        """Store the rest of the file, and make an ordinary document of the log."""
        with suppress(OutsideFolders):  # what leads out of its folders is no rest of the log
            for text in self._tail.read_to_the_end():
                self._store(text)
        if self._tail.cursor != self._stored:
            self._store("")
        return storage.end_follow(self._db, self.document_id)

    def _store(self, text: str) -> None:
        settled = self._numbered(self._log.add(text), self._settled_tokens)
        settled_tokens = _end(settled, self._settled_tokens)
        open_segments = self._numbered(self._log.open, settled_tokens)
        place = self._tail.cursor
        store = partial(
            storage.grow,
            self._db,
            self.document_id,
            settled=settled,
            open_segments=open_segments,
            token_count=_end(open_segments, settled_tokens),
            line_count=self._log.line_count - self._first_line + 1,
            byte_count=len(text.encode()),
            notes=[*place.notes(), *self._log.notes()],
            place=_place(place, self._first_line, self._log, settled_tokens, self._within),
        )
        patiently(store, self.is_stopped)
        self._settled_tokens, self._stored = settled_tokens, place

    def _numbered(self, segments: Iterable[Segment], start: int) -> list[NewSegment]:
        rows = []
        for segment in segments:
            found, count = segment.locator, len(self._tokens.encode(segment.text))
            locator = (str(found), found.kind, found.start, found.end)
            rows.append(NewSegment(segment.text, *locator, start, count))
            start += count
        return rows

    def _release_chunks(self) -> None:
        """Allow the reading of new whole chunks, unless the last release was just now."""
        ready = self._settled_tokens // self._chunk_tokens * self._chunk_tokens
        more, waited_s = ready - self._ready_tokens, time.monotonic() - self._released_at
        is_due = waited_s >= self._settings.follow_checkpoint_s
        if more <= 0 or not (is_due or more >= self._settings.checkpoint_tokens):
            return
        patiently(
            lambda: storage.set_ready_tokens(self._db, self.document_id, ready), self.is_stopped
        )
        self._ready_tokens, self._released_at = ready, time.monotonic()


def _end(segments: list[NewSegment], otherwise: int) -> int:
    return segments[-1].token_start + segments[-1].token_count if segments else otherwise


def folders_of(follow: FollowRow) -> list[Path] | None:
    """The folders in which a followed log must be, None for any."""
    folders = follow.place.get("within")
    return None if folders is None else [Path(folder) for folder in folders]


def _place(
    tail: TailCursor,
    first_line: int,
    log: GrowingText,
    settled_tokens: int,
    within: Sequence[Path] | None,
) -> dict[str, Any]:
    """What another `FollowedLog` needs to continue from here, beside the stored open text."""
    return {
        **({} if within is None else {"within": list(map(str, within))}),
        "tail": tail.as_dict(),
        "first_line": first_line,
        "settled_tokens": settled_tokens,
        **log.as_dict(),
    }
