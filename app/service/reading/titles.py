"""Titles by which the documents of a session are told apart, and what a person means by a title.

The stored title of a document is part of its introduction in the session's stream, so it never
changes. It is made of the title that the document states of itself, or of its file's name. A new
document that has the title of another one gets a title that says which it is: by its file's name
("report.docx"), by the nearest folder that differs ("README (docs)"), or by a number where no path
is known ("README (2)"). The first of them was alone when its title was stored; it is shown with
such a title, too, as are those of databases in which both have one title.

A person may choose the title that is shown. It is of the file, so its versions have it, too.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, TypeVar

import storage
from ingest.naming import clean_line, file_name, title_from_name
from storage import Database, DocumentKey, DocumentRow, Passage

Document = TypeVar("Document", DocumentRow, DocumentKey)
"""A row of the store, or only what tells documents apart."""

MAX_LABEL_CHARS = 40
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_READING = re.compile(r"(?:version|reading) \d+")


@dataclass(frozen=True)
class Title:
    """A title in its parts: "README (docs, version 2, reading 3)".

    Args:
        base: the document's own title, or its file's name.
        label: what tells it from documents of the same base; may be empty.
        readings: which version and which reading of it this is.
    """

    base: str
    label: str = ""
    readings: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: DocumentRow | DocumentKey) -> Title:
        """The parts of a document's stored title."""
        name = document.file_name
        for base in filter(None, (document.own_title, file_name(name), file_title(name))):
            found = re.fullmatch(r"(?: \((.*)\))?", document.title.removeprefix(base))
            if document.title.startswith(base) and found is not None:
                parts = found[1].split(", ") if found[1] else []
                label = list(itertools.takewhile(lambda part: not _READING.fullmatch(part), parts))
                return cls(base, ", ".join(label), tuple(parts[len(label) :]))
        return cls(document.title)

    def __str__(self) -> str:
        details = [*([self.label] if self.label else []), *self.readings]
        return f"{self.base} ({', '.join(details)})" if details else self.base


class _File(NamedTuple):
    name: str
    path: str | None
    title: str


def shown_titles(documents: Sequence[Document]) -> dict[int, str]:
    """The title to show for each document of a session, by its id; no two are the same.

    Args:
        documents: all documents of the session, in reading order.
    """
    apart_from_others: dict[int, Title] = {}
    for chains in _by_own_title(documents).values():
        if len(chains) == 1:
            continue
        apart = _told_apart([_file_of(chain) for chain in chains])
        for chain, title in zip(chains, apart, strict=True):
            for document in chain:
                stored = Title.of(document)
                is_plain = not stored.label and stored.base == own_title(document)
                if is_plain:
                    apart_from_others[document.id] = replace(title, readings=stored.readings)
    for document in documents:
        if document.shown_title is not None:
            readings = Title.of(document).readings
            apart_from_others[document.id] = Title(document.shown_title, "", readings)
    wanted = {d.id: str(apart_from_others.get(d.id, d.title)) for d in documents}
    # What a person chose, then what is shown as it is stored: only the others may be numbered.
    in_turn = sorted(
        documents, key=lambda d: (d.shown_title is None, wanted[d.id] != d.title, d.ordinal)
    )
    taken: set[str] = set()
    shown: dict[int, str] = {}
    numbers: dict[str, int] = {}
    for document in in_turn:
        free = wanted[document.id]
        if free in taken:
            equal = apart_from_others.get(document.id) or Title.of(document)
            key = str(equal)
            numbers[key], title = _numbered(equal, taken, numbers.get(key, 2))
            free = str(title)
        taken.add(free)
        shown[document.id] = free
    return shown


def new_title(documents: Sequence[Document], title: str, name: str, path: str | None) -> Title:
    """The title of a new document that is not a version of any other.

    Args:
        documents: all documents of the session.
        title: its own.
        name, path: of its file; the path is None where it is unknown.
    """
    chains = _by_own_title(documents).get(title.casefold(), [])
    others: list[_File] = [_file_of(chain) for chain in chains]
    files = [_File(name, path, title), *others]
    apart = _told_apart(files)[0] if others else Title(title)
    chosen = {document.shown_title for document in documents if document.shown_title}
    return _numbered(apart, chosen | {document.title for document in documents})[1]


def version_title(
    documents: Sequence[DocumentKey], chain: Sequence[DocumentRow | DocumentKey]
) -> Title:
    """The title of a file's versions, without the number of any.

    Args:
        documents: all documents of the session.
        chain: the stored versions of the file, the oldest first.
    """
    stored = Title.of(chain[0])
    if stored.label or stored.base != own_title(chain[0]):
        return replace(stored, readings=())
    chains = _by_own_title(documents)[stored.base.casefold()]
    others = [c for c in chains if c[0].id != chain[0].id]
    return _told_apart([_file_of(chain), *map(_file_of, others)])[0]


def list_shown_keys(db: Database, session_id: int) -> list[DocumentKey]:
    """What tells the documents of a session apart, in reading order, with the titles to show."""
    return list(_shown_keys(tuple(storage.list_keys(db, session_id))))


def titles_of(db: Database, session_id: int) -> dict[int, str]:
    """The title to show for each document of a session, by its id."""
    return {d.id: d.title for d in _shown_keys(tuple(storage.list_keys(db, session_id)))}


@lru_cache(maxsize=4)
def _shown_keys(documents: tuple[DocumentKey, ...]) -> tuple[DocumentKey, ...]:
    """The documents with the titles to show, kept: they are needed often and seldom change."""
    titles = shown_titles(documents)
    return tuple(document._replace(title=titles[document.id]) for document in documents)


def as_shown(db: Database, document: DocumentRow) -> DocumentRow:
    """A document with the title to show."""
    titles = titles_of(db, document.session_id)
    return replace(document, title=titles.get(document.id, document.title))


def with_shown_titles(db: Database, session_id: int, found: Sequence[Passage]) -> list[Passage]:
    """The passages with titles that tell their documents apart."""
    titles = titles_of(db, session_id)
    return [replace(p, document_title=titles.get(p.document_id, p.document_title)) for p in found]


def listed_titles(titles: Iterable[str], most: int) -> str:
    """Titles, each once, and how many more there are than are named: "Emma, The Mill and 3 more".

    Args:
        most: that are named.
    """
    once = list(dict.fromkeys(titles))
    more = len(once) - most
    return ", ".join(once[:most]) + (f" and {more:,} more" if more > 0 else "")


def documents_called(documents: Sequence[Document], name: str) -> list[Document]:
    """The documents that a person can mean by a name.

    If one has exactly this title, it is that one. Otherwise it is all that have this title of
    their own, whose file has this title or name, or whose path ends so ("docs/README").

    Args:
        documents: of a session, with the titles to show.
        name: as it was typed; case counts only where titles differ in nothing else.
    """
    wanted, folded = name.strip(), name.strip().casefold()
    exact = [d for d in documents if d.title == wanted]
    folded_alike = [d for d in documents if d.title.casefold() == folded]
    return exact or folded_alike or [d for d in documents if _is_called(d, folded)]


def own_title(document: DocumentRow | DocumentKey) -> str:
    """The title that a document has of itself: the stated one, else that of its file."""
    return document.own_title or file_title(document.file_name)


def _by_own_title(documents: Sequence[Document]) -> dict[str, list[list[Document]]]:
    """The version chains of the files of each title, by the title without regard to case."""
    found: dict[str, list[list[Document]]] = {}
    has_versions = any(document.replaces for document in documents)
    chains = storage.version_chains(documents) if has_versions else [[d] for d in documents]
    for chain in chains:
        found.setdefault(own_title(chain[0]).casefold(), []).append(chain)
    return found


def _file_of(chain: Sequence[DocumentRow | DocumentKey]) -> _File:
    paths = [document.source_path for document in chain if document.source_path]
    return _File(chain[0].file_name, paths[0] if paths else None, own_title(chain[0]))


def _told_apart(files: Sequence[_File]) -> list[Title]:
    """Titles that tell files of the same title apart; files without paths may get equal ones."""
    names = Counter(file.name.casefold() for file in files)
    labels = _labels([file.path for file in files if names[file.name.casefold()] > 1])
    titles = []
    for file in files:
        if len(files) > 1 and names[file.name.casefold()] == 1:
            titles.append(_with_file_name(file))
        else:
            label = labels.get(file.path or "", "") if len(files) > 1 else ""
            titles.append(Title(file.title, label))
    return titles


def _with_file_name(file: _File) -> Title:
    """The title that tells a file apart from those of the same title and other names."""
    if file.title == file_title(file.name):
        return Title(file_name(file.name))
    return Title(file.title, _as_label(file_name(file.name)))


def _as_label(text: str) -> str:
    """A name as a label, which must not look like a version."""
    label = clean_line(text, MAX_LABEL_CHARS)
    return f"in {label}" if _READING.fullmatch(label) else label


def _labels(paths: Sequence[str | None]) -> dict[str, str]:
    """For each path the nearest folder that tells it from the others; empty if nothing does.

    >>> _labels(["/home/ann/docs/README.md", "/home/ann/src/README.md"])
    {'/home/ann/docs/README.md': 'docs', '/home/ann/src/README.md': 'src'}
    >>> _labels(["/a/docs/x", "/b/docs/x", "/b/old/x", "/c/x", "/c/x"])
    {'/a/docs/x': 'a', '/b/docs/x': 'b/docs', '/b/old/x': 'old', '/c/x': ''}
    """
    known = [(path, _folders(path)) for path in paths if path]
    labels = {path: "" for path, _ in known}
    for depth in range(1, 1 + max((len(folders) for _, folders in known), default=0)):
        deep = [folders for _, folders in known if len(folders) >= depth]
        tails = Counter(folders[-depth:] for folders in deep)
        parts = Counter(folders[-depth] for folders in deep)
        for path, folders in known:
            if labels[path] or len(folders) < depth or tails[folders[-depth:]] > 1:
                continue
            is_alone = parts[folders[-depth]] == 1
            found = folders[-depth] if is_alone else "/".join(folders[-depth:])
            labels[path] = _as_label(found)
    return labels


def _folders(path: str) -> tuple[str, ...]:
    """The folders of a path or address, the outermost first."""
    return tuple(part for part in re.split(r"[/\\]+", path)[:-1] if part)


def _numbered(title: Title, taken: set[str], first: int = 2) -> tuple[int, Title]:
    """The next number to try, and the title, with a number if it is taken.

    Args:
        first: number to try, because those before it are known to be taken.
    """
    if str(title) not in taken:
        return first, title
    label = f"{title.label}, " if title.label else ""
    for number in itertools.count(first):
        numbered = replace(title, label=f"{label}{number}")
        if str(numbered) not in taken:
            break
    return number + 1, numbered


def _is_called(document: DocumentRow | DocumentKey, folded: str) -> bool:
    """Whether the document or its file has this title or name, or its path ends so."""
    if document.own_title is not None and document.own_title.casefold() == folded:
        return True
    title = file_title(document.file_name)
    names = [document.file_name, title]
    if document.source_path:
        folders = "/".join(_folders(document.source_path))
        names += [f"/{folders}/{name}" for name in names]
    wanted = folded.replace("\\", "/").removeprefix("./")
    return any(n.casefold() == wanted or n.casefold().endswith(f"/{wanted}") for n in names)


@lru_cache(maxsize=65536)
def file_title(name: str) -> str:
    """The title of a document whose file has this name."""
    return title_from_name(name)


@lru_cache(maxsize=65536)
def spaced(title: str) -> str:
    """A title as people write it, with spaces where the name of a file has lines or hyphens.

    >>> spaced("thirty_nine-steps")
    'thirty nine steps'
    """
    return _BETWEEN_WORDS.sub(" ", title).strip()


def title_pattern(title: str) -> str:
    """A pattern of a title that is not empty, with anything between its words."""
    return rf"(?<!\w){_BETWEEN_WORDS.pattern.join(map(re.escape, spaced(title).split()))}(?!\w)"
