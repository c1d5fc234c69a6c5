"""Names that look alike: they differ only in characters that are not seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Besides the format characters (zero-width, bidirectional, tags): what fonts draw nothing for.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def seen_part(name: str) -> str:
    """Return a name without invisible and bidirectional characters, in composed Unicode."""
    kept = "".join(character for character in name if not _is_unseen(character))
    return unicodedata.normalize("NFC", kept).strip()


def with_unseen(name: str) -> str:
    """Return a name in quotation marks, its characters that are not seen as escapes."""
    return "".join(ascii(c)[1:-1] if _is_unseen(c) else c for c in f"'{name}'")


def find_lookalike(name: str, names: Iterable[str]) -> str | None:
    """Return the first of some names that differs from a name only in what is not seen, or None.

    A name that is equal, whatever its case and its encoding of accents, is not one.
    """
    written, seen = _folded(name), seen_part(name).casefold()
    for other in names:
        if name.isascii() and other.isascii():
            continue  # all of it is seen
        if _folded(other) != written and seen_part(other).casefold() == seen:
            return other
    return None


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or bool(_UNSEEN.match(character))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
