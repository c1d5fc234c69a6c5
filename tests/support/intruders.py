"""An `open_document` for workers whose readers were taken over: they do what their file says.

The file is a JSON object with `deed`, one of `deeds.py` or of those here, and its `arguments`. The
document's only note is what came of it, tried in the process that reads.
"""

import inspect
import json
import os
import sys
import threading
import time
from pathlib import Path

from ingest import Document, Limits, opening
from ingest.sandbox.programs import run_program
from ingest.sandbox.worker import DocumentWorker
from tests.support import deeds
from tests.support.deeds import outcome

PROGRAM_S = 60.0
FORGE_S = 0.3
_SOURCE = Path(deeds.__file__).read_text()


def open_document(path: Path, *, limits: Limits, **options: str | None) -> Document:
    """Do the deed of the file; read it as usual if it is no JSON object."""
    data = path.read_bytes()
    if not data.startswith(b'{"deed"'):
        return opening.open_document(path, limits=limits, **options)
    found = outcome(json.loads(data))
    return Document("taken over", "text", path, len(data), "line", None, _NoReader(), [found])


class _NoReader:
    def read(self, document):
        yield from ()


def poison():
    """Make this process's readers lie."""

    def lying(*_, **__):
        raise KeyError("poisoned")

    opening.open_document = lying


def lie(answer):
    """Send an answer instead of the right one, and nothing more."""
    held = (v for frame in inspect.stack() for v in frame.frame.f_locals.values())
    connection = next(v._connection for v in held if isinstance(v, DocumentWorker))
    connection.send(answer)
    time.sleep(PROGRAM_S)


def forge():
    """Answer in advance for the document that is read next, soon after this one is answered."""
    known = {"kind": "text", "byte_count": 1, "unit_name": "line", "unit_count": 1, "notes": []}
    segments = [["Forged.", "line", 1, 1, None, None]]
    answers = [{"document": {**known, "title": "forged"}}, {"segments": segments, "more": True}]
    held = (v for frame in inspect.stack() for v in frame.frame.f_locals.values())
    connection = next(v._connection for v in held if isinstance(v, DocumentWorker))
    # The last line is not whole, and its pipe does not wait any more.
    data = "".join(json.dumps(answer) + "\n" for answer in answers) + "half of a line"
    out = connection._out.fileno()

    def write():
        time.sleep(FORGE_S)
        os.write(out, data.encode())
        os.set_blocking(out, False)

    threading.Thread(target=write, daemon=True).start()


def by_program(request):
    """Let a program do a deed that the reader has started, and return what came of it."""
    code = f"{_SOURCE}\nimport json\nprint(outcome(json.loads({json.dumps(request)!r})))"
    command = [sys.executable, "-c", code]
    exit_code, output = run_program(command, b"", PROGRAM_S, with_errors=True)
    return exit_code, output.decode()


def start_other(*command):
    """Ask for a program that no reader needs."""
    return run_program(command, b"", PROGRAM_S)


deeds.DEEDS |= {"poison": poison, "forge": forge, "by_program": by_program}
deeds.DEEDS |= {"lie": lie, "start_other": start_other}
