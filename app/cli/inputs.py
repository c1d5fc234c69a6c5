"""What `read` is given: files, folders, patterns, addresses on the web, or - for typed text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.service import Service
    from storage import DocumentRow

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Given:
    """Something to read; whether it was named itself: what was not may be passed over."""

    shown: str
    is_named: bool
    add: Callable[[Service, str], DocumentRow]


def find_given(arguments: Sequence[str], again: bool, password: str | None = None) -> list[Given]:
    """What the arguments mean, in their order.

    Args:
        again: files are read once more though they were read.
        password: of the encrypted PDFs among them.

    Raises:
        IngestError: a folder or pattern without files.
    """
    found: list[Given] = []
    for argument in arguments:
        if argument == STANDARD_INPUT:
            found.append(_typed())
        elif argument.lower().startswith(("http://", "https://")):
            found.append(_url(argument, password))
        else:
            known = {given.shown for given in found}
            found += [
                given for given in _files(argument, again, password) if given.shown not in known
            ]
    return found


def _files(argument: str, again: bool, password: str | None) -> list[Given]:
    from ingest import find_files

    found = find_files([Path(argument)])
    return [_file(file.path, file.is_named, again, password) for file in found]


def _file(path: Path, is_named: bool, again: bool, password: str | None) -> Given:
    def add(service: Service, session: str) -> DocumentRow:
        return service.documents.add(session, path, again=again, password=password)

    return Given(str(path), is_named, add)


def _url(url: str, password: str | None) -> Given:
    def add(service: Service, session: str) -> DocumentRow:
        # Whoever sits at the terminal could fetch it anyway.
        return service.sources.add_url(session, url, is_owner=True, password=password)

    return Given(url, True, add)


def _typed() -> Given:
    print(
        "Reading the text on standard input, up to its end (Ctrl-D).", file=sys.stderr, flush=True
    )
    text = sys.stdin.read()
    return Given(
        STANDARD_INPUT, True, lambda service, session: service.sources.add_text(session, "", text)
    )
