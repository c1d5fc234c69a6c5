"""A file's name made readable: "the-many-furred-creature.txt" is "The Many Furred Creature".

Nothing that tells files apart is lost: digits, dates and codes such as "RFC-2119" stay as they are.
"""

import re
from urllib.parse import unquote

from ingest.naming import clean_line, title_from_name

_ESCAPE = re.compile(r"%20|%[Cc][23]%[89ABab]")
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)_(\d\d)(?:_(\d\d))?(?!\d)")
_UNDERSCORES = re.compile(r"(?<!\d)_+|_+(?!\d)|__+")
_MAX_CODE_LETTERS = 4
_SMALL_WORDS = frozenset(
    "a an and as at but by for from in into of on or per the to vs with "
    "am an auf aus bei das dem den der des die ein eine für im in mit oder über und vom von vor zu "
    "à au aux avec chez dans de des du en et la le les ou par pour sur un une "
    "al con de del el en la las los o para por sin un una y".split()
)
_GUID = re.compile(r"[0-9a-fA-F]{6,}(?:[-_][0-9a-fA-F]{4,})*")


def readable_name(name: str) -> str:
    """Return a title made of a file's name, "Untitled" if there is nothing to make it of.

    A name of a single word is kept as it is: nothing shows that it is not a code or a command.

    >>> readable_name("alleleiraugh-or-the-many-furred-creature.txt")
    'Alleleiraugh or the Many Furred Creature'
    >>> readable_name("minutes_2024_01_05_RFC-2119.pdf"), readable_name("rfc-2119.txt")
    ('Minutes 2024-01-05 RFC-2119', 'rfc-2119')
    """
    title = title_from_name(name)
    if _ESCAPE.search(title):
        title = clean_line(unquote(title, errors="replace")) or title
    if _GUID.fullmatch(title) or not _has_words(title):
        return title
    apart = _UNDERSCORES.sub(" ", _DATE.sub(_with_hyphens, title))
    words = apart.split()
    if not any(character.isspace() for character in title):
        words = [part for word in words for part in _hyphens_apart(word).split()]
    if not words:
        return title
    if title == title.lower():
        words = [_capital(word, number) for number, word in enumerate(words)]
    return " ".join(words)


def _has_words(title: str) -> bool:
    """Whether a name has several parts of which at least two are words, or one is with a date."""
    parts = [part for part in re.split(r"[\s_-]+", title) if part]
    words = [part for part in parts if len(part) > 1 and part.isalpha()]
    return len(words) > 1 or (bool(words) and len(parts) > 2)


def _capital(word: str, number: int) -> str:
    """A word of a title; small words keep their small letter, and codes are no words."""
    if not word.isalpha() or (number and word in _SMALL_WORDS):
        return word
    return word[0].upper() + word[1:]


def _hyphens_apart(word: str) -> str:
    """The parts of a word with a space for each hyphen that only stands for one."""
    first, *others = [part for part in word.split("-") if part] or [word]
    apart = first
    for before, after in zip([first, *others], others, strict=False):
        apart += f"{'-' if _is_code(before, after) else ' '}{after}"
    return apart


def _is_code(before: str, after: str) -> bool:
    """Whether a hyphen belongs to a code, a date or a range: RFC-2119, 2024-01, EN-A."""
    if before[-1].isdigit() and after[0].isdigit():
        return True
    is_short = min(len(before), len(after)) <= _MAX_CODE_LETTERS
    return before.isupper() and is_short and (after[0].isdigit() or after.isupper())


def _with_hyphens(date: re.Match[str]) -> str:
    return "-".join(part for part in date.groups() if part)
