"""Numbers in words and digits: "thirty-one" is 31, and "1,234" is "1234"."""

from __future__ import annotations

import re

from storage import folded_words

_ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
CARDINALS = {
    **{word: number for number, word in enumerate(_ONES, 1)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
    "dozen": 12,
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
}
"""English words for numbers."""
ORDINALS = {word: number for number, word in enumerate(_ORDINALS.split(), 1)}
"""English words for places in an order."""
_WRITTEN = re.compile(r"(?<!\w)\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_WORDS = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})[-\s]+)?(?P<word>{'|'.join([*CARDINALS, *ORDINALS])})s?\b",
    re.IGNORECASE,
)


def written_numbers(text: str) -> dict[str, str]:
    """The numbers that a text has in digits: as they are written, and their digits alone.

    >>> written_numbers("On 3 May 1,234 men")
    {'3': '3', '1,234': '1234'}
    """
    found = {}
    for match in _WRITTEN.finditer(text):
        # "3 and 4", "12 30": only groups of thousands belong together.
        if " " in match[0] and not re.fullmatch(r"\d{1,3}(?: \d{3})+", match[0]):
            found.update({part: _digits(part) for part in match[0].split()})
        else:
            found[match[0]] = _digits(match[0])
    return found


def worded_numbers(text: str) -> dict[str, str]:
    """The numbers that a text has in words, from two on, each with its digits.

    "One" and "first" are more often no number.

    >>> worded_numbers("One of thirty-one days, the third of two")
    {'thirty-one': '31', 'third': '3', 'two': '2'}
    """
    found = {}
    for match in _WORDS.finditer(text):
        word = match["word"].lower()
        number = CARDINALS.get(word) or ORDINALS[word]
        if match["tens"] and number < 10:
            number += CARDINALS[match["tens"].lower()]
        if number > 1:
            found[match[0]] = str(number)
    return found


def all_numbers(text: str) -> set[str]:
    """The digits of all numbers of a text, those of words included, and of the parts of dates."""
    found = {*written_numbers(text).values(), *worded_numbers(text).values()}
    # Codes and dates: "AB-1204", "2024-05-03T10:00".
    found |= {_digits(word) for word in folded_words(text) if any(map(str.isdigit, word))}
    found |= {number.lstrip("0") for number in found}
    return found - {""}


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
