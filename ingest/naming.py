"""Makes names from outside safe to show: titles, file names in messages, page labels.

A file name may hold newlines, terminal escapes, or bidi overrides that make "gpj.exe" look like
"exe.jpg". A title goes into the prompt and into the page, so it is one bounded line of text.
"""

import re
import unicodedata

from ingest.lines.encoding_guess import guess_encoding

MAX_TITLE_CHARS = 120
# Longer names are cut before they are looked at.
_MAX_NAME_CHARS = 4096
# Suffixes that a title does not need. "views.py" keeps its suffix.
_SUFFIXES = (
    *(".txt", ".text", ".md", ".markdown", ".log", ".rst", ".pdf", ".jsonl", ".ndjson"),
    *(".html", ".htm", ".xhtml", ".epub", ".docx"),
    *(".csv", ".tsv", ".tab", ".xls", ".xlsx", ".xlsm", ".ods"),
    *(".eml", ".emlx", ".msg", ".mbox", ".mhtml", ".mht", ".ipynb", ".srt", ".vtt", ".rtf"),
    *(".fb2.zip", ".fb2", ".odt", ".fodt", ".odp", ".fodp", ".pptx"),
)
# Reserved for pictographs: those of a newer Unicode than Python's are not "unassigned".
_PICTOGRAPHS = range(0x1F000, 0x1FB00)
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[/\\]|\\\\")
# Joiners are format characters, too, but Persian words and emoji need them.
_JOINERS = "\u200c\u200d"


def clean_line(text: str, max_chars: int = MAX_TITLE_CHARS) -> str:
    """Return `text` as one line of at most `max_chars`, without control and format characters.

    Surrogates, private-use and unassigned characters are removed, too; a cut ends with "…".
    """
    # Cut before the work, too: the name may have any length.
    text = text[: 16 * max_chars]
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_clean_character, unicodedata.normalize("NFC", text)))
    line = " ".join(text.split())
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def _clean_character(character: str) -> str:
    if character.isspace():
        return " "
    if character in _JOINERS or ord(character) in _PICTOGRAPHS:
        return character
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def file_name(name: str) -> str:
    """Return the last part of a path, cleaned, for messages.

    Backslashes separate its parts if it is a path of Windows; elsewhere they belong to the name.
    """
    separators = r"[/\\]" if _WINDOWS_PATH.match(name) else "/"
    *_, last = [part for part in re.split(separators, name) if part] or [""]
    return clean_line(_decoded(last[:_MAX_NAME_CHARS])) or "(no name)"


def _decoded(name: str) -> str:
    """Return a name whose bytes are not UTF-8, as on some older disks and in archives, as text."""
    try:
        data = name.encode("utf-8", "surrogateescape")
        data.decode("utf-8")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return name
    except UnicodeDecodeError:
        return data.decode(guess_encoding(data), "replace")
    return name


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
