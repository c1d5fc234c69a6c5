"""Whether two files of one name have related texts: two versions of a text, or two texts.

Texts are compared by their runs of three words. Two versions of a text share most of these; two
texts that were written on their own share next to none, and two forms of one kind only what the
form says. Only the beginnings are compared, so that adding a long file does not take long.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import storage
from app.service.library.file_store import FileStore
from ingest import IngestError, SandboxPool
from storage import Database, DocumentRow

RELATED_SHARE = 1 / 3
"""Texts are related if the shorter one shares at least this part of its runs."""
RUN_WORDS = 3
MAX_SEGMENTS = 100
MAX_SECONDS = 5.0
"""A file whose pages take longer is compared by what was read until then."""
# In scripts without spaces each character counts as a word.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|\w+")


class _TooLong(Exception):
    """Raised inside the reading of a file to end it."""


def related_documents(
    db: Database,
    files: FileStore,
    processes: SandboxPool,
    candidates: Sequence[DocumentRow],
    path: Path,
    name: str,
    password: str | None,
    encoding: str | None,
) -> tuple[int, ...]:
    """The ids of those documents whose text is related to that of a file, the likeliest first.

    Args:
        candidates: documents with the file's name; if there are none, the file is not opened.
        path, name, password, encoding: of the file.
    """
    if not candidates:
        return ()
    runs = word_runs(_beginning(processes, path, name, password, encoding))
    shares = {d.id: share_of(runs, word_runs(_text(db, files, processes, d))) for d in candidates}
    related = [number for number, share in shares.items() if share >= RELATED_SHARE]
    return tuple(sorted(related, key=lambda number: -shares[number]))


def word_runs(texts: Iterable[str]) -> set[int]:
    """Hashes of the runs of `RUN_WORDS` words in a text; of all its words if it has fewer."""
    words = [word for text in texts for word in _WORD.findall(text.casefold())]
    last = max(1, len(words) - RUN_WORDS + 1)
    return {hash(tuple(words[i : i + RUN_WORDS])) for i in range(last)} if words else set()


def share_of(runs: set[int], others: set[int]) -> float:
    """The part of its runs that the shorter of two texts has in common with the other."""
    return len(runs & others) / min(len(runs), len(others)) if runs and others else 0.0


def _text(db: Database, files: FileStore, processes: SandboxPool, row: DocumentRow) -> list[str]:
    """The beginning of a document's stored text; if it is not stored yet, that of its file."""
    stored = [s.text for s in itertools.islice(storage.iter_segments(db, row.id), MAX_SEGMENTS)]
    path = files.path(row)
    if stored or not path.is_file():
        return stored
    return _beginning(processes, path, row.file_name, None, row.encoding)


def _beginning(
    processes: SandboxPool, path: Path, name: str, password: str | None, encoding: str | None
) -> list[str]:
    """The texts of a file's first segments, as many as can be read in a short time."""
    deadline = time.monotonic() + MAX_SECONDS
    texts: list[str] = []

    def check() -> None:
        if time.monotonic() > deadline:
            raise _TooLong

    try:
        document = processes.open_document(path, name=name, password=password, encoding=encoding)
        document.on_step = check
        segments = document.segments()
        for segment in itertools.islice(segments, MAX_SEGMENTS):
            texts.append(segment.text)
    except (_TooLong, IngestError):  # what was read until then is compared
        pass
    return texts
