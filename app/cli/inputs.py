"""The inputs of `read`: files, folders, patterns, URLs, or - for text on standard input."""

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
class Input:
    """Something to read.

    Args:
        label: its path or URL, for messages.
        is_named: whether it was named itself, not found in a folder: only then is an unsupported
            format an error.
        add: adds it to a session of a service.
    """

    label: str
    is_named: bool
    add: Callable[[Service, str], DocumentRow]


def find_inputs(arguments: Sequence[str], again: bool, password: str | None = None) -> list[Input]:
    """Find what the arguments of `read` name, in their order and each file once.

    Args:
        again: whether files that were read already are read once more.
        password: of the encrypted PDFs among them.

    Raises:
        IngestError: a folder or pattern matches no files.
    """
    found: list[Input] = []
    for argument in arguments:
        if argument == STANDARD_INPUT:
            found.append(_standard_input())
        elif argument.lower().startswith(("http://", "https://")):
            found.append(_url(argument, password))
        else:
            known = {item.label for item in found}
            files = _files(argument, again, password)
            found += [file for file in files if file.label not in known]
    return found


def _files(argument: str, again: bool, password: str | None) -> list[Input]:
    from ingest import find_files

    found = find_files([Path(argument)])
    return [_file(file.path, file.is_named, again, password) for file in found]


def _file(path: Path, is_named: bool, again: bool, password: str | None) -> Input:
    def add(service: Service, session: str) -> DocumentRow:
        return service.documents.add(session, path, again=again, password=password)

    return Input(str(path), is_named, add)


def _url(url: str, password: str | None) -> Input:
    def add(service: Service, session: str) -> DocumentRow:
        # Allowed always: a person at the terminal could fetch it anyway.
        return service.sources.add_url(session, url, is_owner=True, password=password)

    return Input(url, True, add)


def _standard_input() -> Input:
    print(
        "Reading the text on standard input, up to its end (Ctrl-D).", file=sys.stderr, flush=True
    )
    text = sys.stdin.read()
    return Input(
        STANDARD_INPUT, True, lambda service, session: service.sources.add_text(session, "", text)
    )
