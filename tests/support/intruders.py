"""An `open_document` for workers whose readers were taken over: they do what their file says.

The file is a JSON object with `deed`, one of `deeds.py` or of those here, and its `arguments`. The
document's title is what came of it, tried in the process that reads.
"""

import json
import sys
from pathlib import Path

from ingest import Document, Limits, opening
from ingest.sandbox.programs import run_program
from tests.support import deeds
from tests.support.deeds import outcome

PROGRAM_S = 60.0
_SOURCE = Path(deeds.__file__).read_text()


def open_document(path: Path, *, limits: Limits, **options: str | None) -> Document:
    """Do the deed of the file; read it as usual if it is no JSON object."""
    data = path.read_bytes()
    if not data.startswith(b'{"deed"'):
        return opening.open_document(path, limits=limits, **options)
    found = outcome(json.loads(data))
    return Document(found, "text", path, len(data), "line", None, _NoReader())


class _NoReader:
    def read(self, document):
        yield from ()


def poison():
    """Make this process's readers lie."""

    def lying(*_, **__):
        raise KeyError("poisoned")

    opening.open_document = lying


def by_program(request):
    """Let a program do a deed that the reader has started, and return what came of it."""
    code = f"{_SOURCE}\nimport json\nprint(outcome(json.loads({json.dumps(request)!r})))"
    command = [sys.executable, "-c", code]
    exit_code, output = run_program(command, b"", PROGRAM_S, with_errors=True)
    return exit_code, output.decode()


def start_other(*command):
    """Ask for a program that no reader needs."""
    return run_program(command, b"", PROGRAM_S)


deeds.DEEDS |= {"poison": poison, "by_program": by_program, "start_other": start_other}
