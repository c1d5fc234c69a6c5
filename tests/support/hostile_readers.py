"""Readers that misbehave as the file's first line tells them; for reader processes to open with.

"reading segfault" reads all segments of the file, then crashes; "opening segfault" crashes before
there is a document. Any other file is read as ever.
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


def open_document(path: Path, *, name: str, password: str | None, limits: Limits) -> Document:
    words = path.read_bytes().split(b"\n")[0].decode("ascii", "replace").split()
    if words[:1] == ["opening"]:
        _misbehave(words[1])
    document = opening.open_document(path, name=name, password=password, limits=limits)
    if words[:1] == ["reading"]:
        document.reader = _Hostile(document.reader, words[1])
    return document


@dataclass
class _Hostile:
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
    elif deed == "backtrack":  # no other thread of the process runs meanwhile
        re.match("(a+)+$", "a" * 60 + "b")
    elif deed == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif deed == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif deed == "exit":
        os._exit(3)
    elif deed == "eat":
        eaten = []
        while True:
            eaten.append(bytes(1 << 24))  # address space, never touched: quick on any machine
    elif deed == "fault":
        raise KeyError("no such thing")
    elif deed == "chatter":
        print("{}")
        os.write(1, b"not for Ammon\n")
        os.write(2, b"nor for the terminal\n")
