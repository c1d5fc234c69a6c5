"""An `open_document` for workers whose readers misbehave as the first line of the file says.

"reading segfault" crashes after all segments of the file; "opening segfault" crashes before there
is a document. Any other file is read normally.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest import Document, Limits, Reader, Segment, opening

STEPS_S = 4.5


def open_document(path: Path, *, limits: Limits, **options: str | None) -> Document:
    """Open a file as `ingest.open_document` does, and misbehave if its first line says so."""
    words = path.read_bytes().split(b"\n")[0].decode("ascii", "replace").split()
    if words[:1] == ["opening"]:
        _misbehave(words[1])
    document = opening.open_document(path, limits=limits, **options)
    if words[:1] == ["reading"]:
        document.reader = _HostileReader(document.reader, words[1])
    return document


@dataclass
class _HostileReader:
    """Reads as `reader` does, then misbehaves."""

    reader: Reader
    deed: str

    def read(self, document: Document) -> Iterator[Segment]:
        yield from self.reader.read(document)
        if self.deed == "steps":
            for _ in range(30):
                time.sleep(STEPS_S / 30)
                document.on_step()
        else:
            _misbehave(self.deed)


def _misbehave(deed: str) -> None:
    if deed == "sleep":
        time.sleep(600)
    elif deed == "backtrack":  # blocks all threads of the process
        re.match("(a+)+$", "a" * 60 + "b")
    elif deed == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif deed == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif deed == "exit":
        os._exit(3)
    elif deed == "eat":
        blocks = []
        while True:
            blocks.append(bytes(1 << 24))  # address space only: untouched, so quick
    elif deed == "fault":
        raise KeyError("a fault of the reader")
    elif deed == "chatter":
        print("{}")
        os.write(1, b"not for Ammon\n")
        os.write(2, b"nor for the terminal\n")
