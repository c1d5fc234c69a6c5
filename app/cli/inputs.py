"""The inputs of `read`: files, folders, patterns, URLs, or - for text on standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.terminal import show_status

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
        add: adds it to the session of an id.
    """

    label: str
    is_named: bool
    add: Callable[[Service, int], DocumentRow]


@dataclass(frozen=True)
class ReadOptions:
    """How files are read.

    Args:
        again: files that were read already are read once more.
        password: of the encrypted PDFs among them.
        encoding: of the texts among them, None to detect it.
    """

    again: bool = False
    password: str | None = field(default=None, repr=False)
    encoding: str | None = None


def find_inputs(arguments: Sequence[str], options: ReadOptions) -> list[Input]:
    """Find what the arguments of `read` name, in their order and each file once.

    Args:
        options: how they are read.

    Raises:
        IngestError: a folder or pattern matches no files.
    """
    found: list[Input] = []
    for argument in arguments:
        if argument == STANDARD_INPUT:
            found.append(_standard_input(options))
        elif argument.lower().startswith(("http://", "https://")):
            found.append(_url(argument, options))
        else:
            known = {item.label for item in found}
            files = _files(argument, options)
            found += [file for file in files if file.label not in known]
    return found


def _files(argument: str, options: ReadOptions) -> list[Input]:
    from ingest import find_files

    found = find_files([Path(argument)])
    return [_file(file.path, file.is_named, options) for file in found]


def _file(path: Path, is_named: bool, options: ReadOptions) -> Input:
    def add(service: Service, session: int) -> DocumentRow:
        return service.documents.add(
            session,
            path,
            again=options.again,
            password=options.password,
            encoding=options.encoding,
        )

    return Input(str(path), is_named, add)


def _url(url: str, options: ReadOptions) -> Input:
    def add(service: Service, session: int) -> DocumentRow:
        # Allowed always: a person at the terminal could fetch it anyway.
        return service.sources.add_url(
            session, url, is_owner=True, password=options.password, encoding=options.encoding
        )

    return Input(url, True, add)


def _standard_input(options: ReadOptions) -> Input:
    from ingest import decode_text

    show_status("Reading the text on standard input, up to its end (Ctrl-D).")
    text = decode_text(sys.stdin.buffer.read(), options.encoding)
    return Input(
        STANDARD_INPUT, True, lambda service, session: service.sources.add_text(session, "", text)
    )
