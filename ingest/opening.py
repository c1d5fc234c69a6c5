"""From a path to a document: checks the file, recognises its kind, chooses its reader."""

import os
from pathlib import Path

from ingest.document import Document, Kind
from ingest.formats import FORMATS
from ingest.input_file import InputFile, read_head, suffix_of
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.lines.encoding import named_encoding
from ingest.naming import file_name, title_from_name
from ingest.recognition import kind_of_text, recognise
from ingest.source import FileSource
from ingest.titles.finding import find_title


def open_document(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    password: str | None = None,
    encoding: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    with_title: bool = False,
) -> Document:
    """Recognise a file and return the document that streams it.

    Args:
        path: of the file.
        name: the user's name for the file, where `path` is a temporary one. Title and suffix come
            from it.
        password: for an encrypted PDF.
        encoding: the name of a text's encoding; None to detect it. Files that say themselves how
            they are encoded, such as EPUB and PDF, are read without it.
        limits: what the file may ask for.
        with_title: look for the title by which people know the document, too. For that the
            beginning of the file is read, for some kinds once more.

    Raises:
        IngestError: the file cannot be read; `errors.py` has the classes. An encrypted or damaged
            PDF, an empty file and an unsupported kind are found here; that all pages are scanned
            is found only at the end of `segments()`.
    """
    path = Path(path)
    shown = file_name(name if name is not None else path.name)
    byte_count, head = read_head(path, shown, limits)
    source = FileSource(path, shown)
    given = None if encoding is None else named_encoding(encoding)
    file = InputFile(path, shown, suffix_of(shown), head, source, limits, password, given)
    kind, file = recognise(file)
    unit, make_reader, _ = FORMATS[kind]
    reader = make_reader(file)
    unit_count, notes = reader.inspect()
    document = Document(
        title_from_name(shown), kind, path, byte_count, unit, unit_count, reader, notes
    )
    if with_title:
        document.own_title = find_title(kind, file, document)
    return document


def takes_encoding(kind: Kind) -> bool:
    """Return whether the encoding of a kind of files can be given."""
    return FORMATS[kind].takes_encoding


def kind_to_follow(name: str) -> Kind:
    """Return what a growing file is read as: "jsonl", or "log" for all other lines.

    Only its name decides, because the file may be empty. A file is followed as JSON Lines if the
    finished file would be read as JSON Lines.
    """
    is_json_lines = kind_of_text(b"", suffix_of(file_name(name))) == "jsonl"
    return "jsonl" if is_json_lines else "log"
