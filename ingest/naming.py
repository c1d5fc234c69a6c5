"""Makes names from outside safe to show: titles, file names in messages, page labels.

A file name may hold newlines, terminal escapes, or bidi overrides that make "gpj.exe" look like
"exe.jpg". A title goes into the prompt and into the page, so it is one bounded line of text.
"""

import re
import unicodedata

MAX_TITLE_CHARS = 120
# Suffixes that a title does not need. "views.py" keeps its suffix.
_SUFFIXES = (
    *(".txt", ".text", ".md", ".markdown", ".log", ".rst", ".pdf", ".jsonl", ".ndjson"),
    *(".html", ".htm", ".xhtml", ".epub", ".docx"),
    *(".csv", ".tsv", ".tab", ".xls", ".xlsx", ".xlsm", ".ods"),
)
# Joiners are format characters, too, but Persian words and emoji need them.
_JOINERS = "\u200c\u200d"


def clean_line(text: str, max_chars: int = MAX_TITLE_CHARS) -> str:
    """Return `text` as one line of at most `max_chars`, without control and format characters.

    Surrogates, private-use and unassigned characters are removed, too; a cut ends with "…".
    """
    # Cut before the work, too: the name may have any length.
    text = unicodedata.normalize("NFC", text[: 16 * max_chars])
    kept = "".join(_clean_character(character) for character in text)
    line = " ".join(kept.split())
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def _clean_character(character: str) -> str:
    if character.isspace():
        return " "
    if character in _JOINERS:
        return character
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def file_name(name: str) -> str:
    """Return the last part of a path with slashes or backslashes, cleaned, for messages."""
    return clean_line(re.split(r"[/\\]", name.rstrip("/\\"))[-1]) or "(no name)"


def without_gz(name: str) -> str:
    """Return the name of the content of a gzip file: its own name without ".gz"."""
    return name[:-3] if name.lower().endswith(".gz") else name


def title_from_name(name: str) -> str:
    """Return a title: the file name without a known suffix, or "Untitled".

    >>> title_from_name("C:\\\\books\\\\Dr. Strange\\nlove.txt")
    'Dr. Strange love'
    """
    title = without_gz(file_name(name))
    for suffix in _SUFFIXES:
        if title.lower().endswith(suffix):
            title = title[: -len(suffix)].rstrip()
            break
    return title if title and title != "(no name)" else "Untitled"
