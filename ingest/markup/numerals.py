"""Writes the numbers of lists and clauses as people see them: 4, iv, d, IV, 4th, ④.

The names of the formats are those of Word (ECMA-376 part 1, ST_NumberFormat). Formats that are not
here, and numbers that a format cannot write, become decimal.
"""

from collections.abc import Callable

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψω"
_KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
)
_HANGUL = "가나다라마바사아자차카타파하"
_NOTE_SIGNS = "*†‡§"
_HAN = "〇一二三四五六七八九"
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth"}
_ORDINALS |= {"nine": "ninth", "twelve": "twelfth"}
_MAX_REPEATS = 30


def numeral(number: int, number_format: str) -> str:
    """Return a number in a format of Word, such as "upperRoman"."""
    write = _FORMATS.get(number_format)
    return (write(number) if write else None) or str(number)


def counted_letters(number: int, letters: str = _LATIN) -> str | None:
    """Return a number in letters as HTML has it: z is followed by aa, ab.

    >>> counted_letters(26), counted_letters(28)
    ('z', 'ab')
    """
    if number < 1:
        return None
    text = ""
    while number:
        number, index = divmod(number - 1, len(letters))
        text = letters[index] + text
    return text


def greek_letters(number: int) -> str | None:
    """Return a number in Greek letters as HTML has it."""
    return counted_letters(number, _GREEK)


def _repeated_letters(number: int, letters: str = _LATIN) -> str | None:
    """Return a number in letters as Word has it: z is followed by aa, bb."""
    repeats, index = divmod(number - 1, len(letters))
    return letters[index] * (repeats + 1) if 0 <= repeats < _MAX_REPEATS else None


def _roman(number: int) -> str | None:
    if not 0 < number < 4000:
        return None
    text = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        text += letters * count
    return text


def _ordinal(number: int) -> str:
    """Return "1st", "2nd", "13th"."""
    teen = 10 < number % 100 < 20
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _words(number: int) -> str | None:
    if not 0 <= number < 100:
        return None
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10 - 2] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def _cardinal(number: int) -> str | None:
    words = _words(number)
    return words.capitalize() if words else None


def _ordinal_words(number: int) -> str | None:
    words = _words(number)
    if words is None:
        return None
    tens, hyphen, last = words.rpartition("-")
    last = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{tens}{hyphen}{last}".capitalize()


def _han(number: int) -> str | None:
    """Return a number as it is counted in Chinese and Japanese: 十二, 三十."""
    if not 0 < number < 100:
        return None
    tens, ones = divmod(number, 10)
    return _HAN[tens] * (tens > 1) + "十" * (tens > 0) + _HAN[ones] * (ones > 0)


def _from_block(first: int, count: int) -> Callable[[int], str | None]:
    """Return a function for numbers that have characters of their own, such as ①."""
    return lambda number: chr(first + number - 1) if 1 <= number <= count else None


def _upper(write: Callable[[int], str | None]) -> Callable[[int], str | None]:
    return lambda number: (write(number) or "").upper() or None


def _letters(letters: str) -> Callable[[int], str | None]:
    return lambda number: _repeated_letters(number, letters)


_FORMATS: dict[str, Callable[[int], str | None]] = {
    "decimalZero": lambda number: f"{number:02d}",
    "lowerRoman": _roman,
    "upperRoman": _upper(_roman),
    "lowerLetter": _repeated_letters,
    "upperLetter": _upper(_repeated_letters),
    "countedLetters": counted_letters,
    "upperCountedLetters": _upper(counted_letters),
    "lowerGreek": greek_letters,
    "russianLower": _letters(_RUSSIAN),
    "russianUpper": _upper(_letters(_RUSSIAN)),
    "ganada": _letters(_HANGUL),
    "aiueo": _letters(_KANA),
    "aiueoFullWidth": _letters(_KANA),
    "chicago": _letters(_NOTE_SIGNS),
    "ordinal": _ordinal,
    "cardinalText": _cardinal,
    "ordinalText": _ordinal_words,
    "hex": lambda number: f"{number:X}",
    "numberInDash": lambda number: f"- {number} -",
    "decimalEnclosedCircle": _from_block(0x2460, 20),
    "decimalEnclosedParen": lambda number: f"({number})",
    "decimalEnclosedFullstop": lambda number: f"{number}.",
    "ideographDigital": lambda number: "".join(_HAN[int(digit)] for digit in str(abs(number))),
    "chineseCounting": _han,
    "chineseCountingThousand": _han,
    "japaneseCounting": _han,
    "taiwaneseCounting": _han,
    "taiwaneseCountingThousand": _han,
}
