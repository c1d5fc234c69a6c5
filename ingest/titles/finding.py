"""The title by which people know a document: the first plausible one, else its file's name."""

from ingest.document import Document, Kind
from ingest.input_file import InputFile
from ingest.naming import title_from_name
from ingest.titles.plausible import plausible_title
from ingest.titles.readable_name import readable_name
from ingest.titles.stated import stated_titles

# Their files' names are what people and programs call them.
_KNOWN_BY_NAME: frozenset[Kind] = frozenset({"log", "jsonl", "code"})


def find_title(kind: Kind, file: InputFile, document: Document) -> str:
    """Return the title of a file: what it states plausibly, else its name made readable.

    Only the beginning of the file is read.
    """
    for stated, is_heading in stated_titles(kind, file, document):
        title = plausible_title(stated, is_heading=is_heading)
        if title is not None:
            return title
    return title_from_name(file.name) if kind in _KNOWN_BY_NAME else readable_name(file.name)
