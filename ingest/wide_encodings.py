"""Recognises UTF-16 and UTF-32 without a byte order mark. Knows nothing of readers.

Such a file has no sign but its content: read in the right width and byte order it is text in a few
scripts, with spaces, newlines or punctuation; read in another one it is a jumble of scripts, of
characters for private use and of numbers that no character has.
"""

import unicodedata
from collections import Counter
from functools import lru_cache

_MIN_CHARS = 4
_MIN_SHARE = 0.95
# Such as Latin, Cyrillic and ideographs in one text.
_MAX_SCRIPTS = 3
# Each of them has one of these bytes in UTF-16, which 8-bit texts seldom have; in UTF-32 all have.
_SEPARATORS = frozenset("\n\r\t ,.:;!?0123456789\u3001\u3002\uff0c\u060c")
_SEPARATOR_BYTES = (0x00, 0x01, 0x02, 0x0C)
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "FULLWIDTH": "CJK", "IDEOGRAPHIC": "CJK"}
# Rare ideographs: other scripts in the wrong byte order become these.
_RARE = (range(0x3400, 0x4E00), range(0x20000, 0x40000))


def unicode_without_mark(head: bytes) -> str | None:
    """Return the encoding of text in UTF-16 or UTF-32 without a mark, None if it is not that.

    Args:
        head: the first bytes of a file.
    """
    if sum(map(head.count, _SEPARATOR_BYTES)) <= len(head) // 2 // 100:
        return None  # as most files, without a look at each character
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4)):
        text = _decoded(head, encoding, width)
        if text is not None and _share_of_main_scripts(text) >= _MIN_SHARE:
            return encoding
    shares = {
        encoding: _share_of_main_scripts(text)
        for encoding in ("utf-16-le", "utf-16-be")
        if (text := _decoded(head, encoding, 2)) is not None and _has_separators(text)
    }
    best = max(shares, key=lambda encoding: shares[encoding], default=None)
    return best if best is not None and shares[best] >= _MIN_SHARE else None


def _decoded(head: bytes, encoding: str, width: int) -> str | None:
    """Return the head as text, without a character that its end cuts; None if it is not text."""
    head = head[: len(head) - len(head) % width]
    if len(head) < _MIN_CHARS * width:
        return None
    for end in (len(head), len(head) - width):
        try:
            return head[:end].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _has_separators(text: str) -> bool:
    """Return whether there are as many separators as in any text of that length."""
    return sum(character in _SEPARATORS for character in text) > len(text) // 100


def _share_of_main_scripts(text: str) -> float:
    """Return the share of the characters that are punctuation or of the main scripts."""
    groups = Counter(map(_group, text))
    common, odd = groups.pop("", 0), groups.pop("?", 0) + groups.pop("rare", 0)
    main = sum(count for _, count in groups.most_common(_MAX_SCRIPTS))
    return 0.0 if odd > len(text) // 50 else (common + main) / len(text)


@lru_cache(maxsize=8192)
def _group(character: str) -> str:
    """Return the script of a character; "" for what every script uses, "?" for what no text has.

    Rare ideographs are "rare".
    """
    category, code = unicodedata.category(character), ord(character)
    if character in "\n\r\t\f\ufeff":
        return ""
    if category in {"Cc", "Co", "Cn", "Cs"}:
        return "?"
    if code < 0x80 or category in {"Po", "Pd", "Ps", "Pe", "Pi", "Pf", "Zs", "Cf", "Mn"}:
        return ""
    if any(code in rare for rare in _RARE):
        return "rare"
    script = unicodedata.name(character, "?").split(" ")[0]
    return _TOGETHER.get(script, script)
