"""Guesses the encoding of a text that is not Unicode, and checks the guess on the text it gives.

The detector (chardet) compares pairs of bytes with those of each language in each encoding, and
returns its candidates with a confidence. On short texts its first candidate is often another
encoding of Western texts, so each candidate's text is checked: does it consist of words as people
write them? The score of a candidate is the product of both.
"""

import codecs
import re
import unicodedata
from functools import lru_cache

# Encodings that are in use; without this list, rare ones win on short samples.
_CANDIDATES = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9"),
    *("iso8859-13", "iso8859-15", "koi8-r", "koi8-u", "cp874", "tis-620"),
    *("mac-roman", "mac-cyrillic", "cp437", "cp737", "cp775", "cp850", "cp852", "cp855", "cp857"),
    *(
        "cp860",
        "cp862",
        "cp866",
        "johab",
        "big5hkscs",
        "cp932",
        "cp949",
        "euc_kr",
        "gb18030",
        "euc_jis_2004",
    ),
    *("iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_ext", "iso2022_kr", "shift_jis_2004"),
)
FALLBACK = "cp1252"
"""The encoding of a text about which nothing can be said: the most common one."""
# The first of each pair is a part of the second, which has letters where the first has none.
_SUPERSETS = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "euc_kr": "cp949", "tis-620": "cp874"}
# The most common encoding has so much in advance, in units of the detector's confidence, divided by
# the square of the number of bytes that could speak for another one: it decides short texts only.
_HEAD_START = 0.2
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_MAX_WORDS = 2000
_WORD = re.compile(r"\S+")
_RUN = re.compile(r"[^\W\d_]+")
# Scripts that people mix within a word, or that have no spaces between words.
_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "KATAKANA-HIRAGANA"})
_SIGNS = {"Cc", "Co", "Cn", "Cs", "Cf", "Sm", "Sc", "Sk", "So", "No", "Lm"}
_OPENING = frozenset("¡¿•†‡")
_NAMES = {
    "cp1250": "Central European", "iso8859-2": "Central European", "cp852": "Central European",
    "cp1252": "Western European", "iso8859-1": "Western European",
    "iso8859-15": "Western European", "cp437": "Western European", "cp850": "Western European",
    "mac-roman": "Western European", "cp860": "Portuguese",
    "cp1251": "Cyrillic", "iso8859-5": "Cyrillic", "cp866": "Cyrillic", "mac-cyrillic": "Cyrillic",
    "koi8-r": "Russian", "koi8-u": "Ukrainian",
    "cp1253": "Greek", "iso8859-7": "Greek", "cp737": "Greek",
    "cp1254": "Turkish", "iso8859-9": "Turkish", "cp857": "Turkish",
    "cp1255": "Hebrew", "iso8859-8": "Hebrew", "cp862": "Hebrew",
    "cp1256": "Arabic", "iso8859-6": "Arabic",
    "cp1257": "Baltic", "iso8859-13": "Baltic", "cp775": "Baltic",
    "cp1258": "Vietnamese", "cp874": "Thai", "tis-620": "Thai",
    "gb18030": "Chinese", "gbk": "Chinese", "gb2312": "Chinese", "big5": "traditional Chinese",
    "big5hkscs": "traditional Chinese", "cp950": "traditional Chinese",
    "cp932": "Japanese", "shift_jis": "Japanese", "shift_jis_2004": "Japanese",
    "euc_jp": "Japanese", "euc_jis_2004": "Japanese", "iso2022_jp": "Japanese",
    "iso2022_jp_2": "Japanese", "iso2022_jp_2004": "Japanese", "iso2022_jp_ext": "Japanese",
    "cp949": "Korean", "euc_kr": "Korean", "iso2022_kr": "Korean", "johab": "Korean",
}  # fmt: skip


def guess_encoding(sample: bytes) -> str:
    """Return the likeliest encoding of a text that is not Unicode.

    Args:
        sample: a part of the text that begins and ends at a line's end, if possible.
    """
    import chardet  # it takes a tenth of a second and memory, and most texts are UTF-8

    best, best_score = FALLBACK, 0.0
    beyond_ascii = len(sample) - len(sample.translate(None, _BEYOND_ASCII))
    head_start = _HEAD_START / max(1, beyond_ascii) ** 2
    for found in chardet.detect_all(
        sample,
        ignore_threshold=True,
        include_encodings=_CANDIDATES,
        max_bytes=len(sample) + 1,
    ):
        if found["encoding"] is None:
            continue
        name = codecs.lookup(found["encoding"]).name
        name = _SUPERSETS.get(name, name)
        score = found["confidence"] + (head_start if name == FALLBACK else 0.0)
        if score > best_score:  # else the check cannot make it better
            score *= plausibility(sample.decode(name, "replace"))
            best, best_score = (name, score) if score > best_score else (best, best_score)
    is_same = sample.decode(best, "replace") == sample.decode(FALLBACK, "replace")
    return FALLBACK if is_same else best


def describe_encoding(name: str) -> str:
    """Return an encoding's name with the languages that it is for.

    >>> describe_encoding("cp1254"), describe_encoding("utf-16-le")
    ('cp1254 (Turkish)', 'utf-16-le')
    """
    languages = _NAMES.get(name.replace("mac_", "mac-").replace("iso8859_", "iso8859-"))
    return f"{name} ({languages})" if languages else name.removesuffix("-sig")


def plausibility(text: str) -> float:
    """Return which part of the words beyond ASCII looks like words that people write, 0 to 1.

    A word does not look so if it mixes scripts ("cittа" with a Cyrillic а), has a capital after a
    small letter where one of them is beyond ASCII ("VŠinš"), or has a sign between letters or a
    control character ("d¥jà").
    """
    words = [word for word in _WORD.findall(text) if not word.isascii()][:_MAX_WORDS]
    if not words:
        return 1.0
    return sum(map(_is_plausible, words)) / len(words)


def _is_plausible(word: str) -> bool:
    if any(_is_misplaced(word, index) for index, c in enumerate(word) if not c.isascii()):
        return False
    return all(map(_is_one_script, _RUN.findall(word)))


def _is_misplaced(word: str, index: int) -> bool:
    """Return whether a character beyond ASCII cannot be where it is in a word."""
    character = word[index]
    category = unicodedata.category(character)
    if character == "\ufffd" or category in {"Cc", "Co", "Cn"}:
        return True
    before, after = word[:index][-1:], word[index + 1 : index + 2]
    if category == "Ps" or character in _OPENING:
        return before.isalpha()
    if category in _SIGNS:
        return category != "Lm" and before.isalpha() and after.isalpha()
    if before.isascii() and after.isascii() and before.islower() and after.islower():
        return _script(character) in _EAST_ASIAN  # "d茅j脿"
    if character.isupper():
        return before.islower() or (after.islower() and before.isupper() and len(word) > 3)
    return character.islower() and after.isupper()


def _is_one_script(letters: str) -> bool:
    scripts = {_script(letter) for letter in letters}
    return len(scripts) <= 1 or bool(scripts & _EAST_ASIAN)


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    # The names of letters begin with their script: "CYRILLIC SMALL LETTER A".
    return unicodedata.name(letter, "?").split(" ")[0].split("-")[0]
