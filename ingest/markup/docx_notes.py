"""Footnotes, endnotes and comments of a Word document: their marks, their texts, their place.

A footnote and a comment follow the paragraph that refers to them, endnotes follow the text. So the
texts of the former are held while the document is read; those beyond a limit follow the text, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.markup.inline import note_mark
from ingest.markup.numerals import numeral
from ingest.markup.xml import attribute
from ingest.naming import clean_line

# How many characters of footnotes, and of comments, are held.
MAX_HELD_CHARS = 4_000_000
_FORMATS = {"footnote": "decimal", "endnote": "lowerRoman"}
_MAX_AUTHOR_CHARS = 60


class NoteKey(NamedTuple):
    """Which note: "footnote", "endnote" or "comment", and its id among those."""

    kind: str
    identifier: str


@dataclass
class SideNotes:
    """The notes of one document, while it is read.

    Args:
        texts: of the notes that are held.
        placed: the notes that are in the text already, or that only deleted text refers to.
    """

    texts: dict[NoteKey, str] = field(default_factory=dict)
    placed: set[NoteKey] = field(default_factory=set)
    _marks: dict[NoteKey, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def refer(self, key: NoteKey) -> str:
        """Return the mark that stands in the text for a note; "" for a comment."""
        if key.kind == "comment":
            return ""
        if key not in self._marks:
            self._counts[key.kind] = self._counts.get(key.kind, 0) + 1
            number = numeral(self._counts[key.kind], _FORMATS[key.kind])
            self._marks[key] = note_mark(number)
        return self._marks[key]

    def refer_with_own_mark(self, key: NoteKey, mark: str) -> str:
        """Return the mark for a note whose mark is written in the text, such as "*"."""
        self._marks[key] = note_mark(mark)
        return self._marks[key]

    def take(self, key: NoteKey) -> str | None:
        """Return a note as it stands in the text, None if it is placed or its text is not held."""
        text = self.texts.pop(key, None)
        return None if text is None or key in self.placed else self.place(key, text)

    def place(self, key: NoteKey, text: str) -> str:
        """Return a note with its mark, or as a comment; from now on it is placed."""
        self.placed.add(key)
        if key.kind == "comment":
            return f"[{text}]"
        mark = self._marks.get(key, "")
        return f"{mark} {text}".strip()


class NoteReading:
    """Follows the elements of the part with the notes: which note the text belongs to."""

    def __init__(self) -> None:
        self._key: NoteKey | None = None
        self._author = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element by its local name."""
        if name in {"footnote", "endnote", "comment"}:
            identifier = attribute(attributes, "id")
            self._key = NoteKey(name, identifier)
            self._author = clean_line(attribute(attributes, "author"), _MAX_AUTHOR_CHARS)

    def end(self, name: str, paragraphs: Iterator[str]) -> tuple[NoteKey, str] | None:
        """Return the note that an element ends, with its text; None for other elements.

        Args:
            name: of the element.
            paragraphs: of the note.
        """
        if self._key is None or name != self._key.kind:
            return None
        key, self._key = self._key, None
        text = "\n".join(paragraphs)
        if not text:
            return None
        if key.kind == "comment":
            text = f"Comment by {self._author}: {text}" if self._author else f"Comment: {text}"
        return key, text
