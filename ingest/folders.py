"""Folders and patterns, resolved to files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import DocumentNotFound

MAX_FILES = 10_000


@dataclass(frozen=True)
class FoundFile:
    """A file, and whether the user named it.

    A file that was only found in a folder or by a pattern may be skipped if its kind is unknown.
    """

    path: Path
    is_named: bool


def find_files(paths: Iterable[Path]) -> list[FoundFile]:
    """Return the files to which paths, folders and patterns lead, each once.

    Folders are searched recursively in the natural order of names ("chapter 2" before "chapter
    10"), without hidden files and without following links to other folders. A path that does not
    exist is returned as it is: its reader reports it.

    Raises:
        DocumentNotFound: a folder or a pattern has no files, or there are more than `MAX_FILES`.
    """
    found: dict[Path, FoundFile] = {}
    for path in paths:
        if path.is_dir():
            inside = list(_walk(path))
            if not inside:
                raise DocumentNotFound(f"The folder {path} has no files; name another.")
        elif not path.exists() and glob.has_magic(str(path)):
            inside = [Path(name) for name in glob.glob(str(path), recursive=True)]
            inside = sorted((p for p in inside if p.is_file()), key=_natural_key)
            if not inside:
                raise DocumentNotFound(f"No file matches {path}; check the pattern.")
        else:
            found.setdefault(path, FoundFile(path, is_named=True))
            continue
        for file in inside:
            found.setdefault(file, FoundFile(file, is_named=False))
        if len(found) > MAX_FILES:
            raise DocumentNotFound(
                f"{path} has more than {MAX_FILES:,} files; name a smaller folder, or fewer files."
            )
    return list(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted((n for n in folders if not n.startswith(".")), key=_natural_key)
        for name in sorted((n for n in names if not n.startswith(".")), key=_natural_key):
            yield Path(root) / name


def _natural_key(name: str | Path) -> list[tuple[int, int, str]]:
    """Return a sort key that orders numbers in names by their value."""
    parts: list[tuple[int, int, str]] = []
    text, digits = "", ""
    for character in f"{str(name).casefold()}\0":
        if character.isdecimal():
            if text:
                parts.append((1, 0, text))
                text = ""
            digits += character
        else:
            if digits:
                parts.append((0, int(digits), ""))
                digits = ""
            text += character
    return [*parts, (1, 0, text)]
