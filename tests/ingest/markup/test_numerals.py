"""Numbers of lists and clauses, as Word and browsers write them."""

import pytest

from ingest.markup.numerals import counted_letters, numeral


@pytest.mark.parametrize(
    ("number_format", "number", "text"),
    [
        ("decimal", 12, "12"),
        ("decimalZero", 7, "07"),
        ("lowerRoman", 1994, "mcmxciv"),
        ("upperRoman", 4, "IV"),
        ("lowerLetter", 3, "c"),
        ("lowerLetter", 28, "bb"),
        ("upperLetter", 26, "Z"),
        ("countedLetters", 28, "ab"),
        ("lowerGreek", 2, "β"),
        ("russianUpper", 2, "Б"),
        ("ordinal", 22, "22nd"),
        ("ordinal", 112, "112th"),
        ("cardinalText", 21, "Twenty-one"),
        ("ordinalText", 1, "First"),
        ("ordinalText", 20, "Twentieth"),
        ("ordinalText", 42, "Forty-second"),
        ("chicago", 2, "†"),
        ("decimalEnclosedCircle", 3, "③"),
        ("japaneseCounting", 21, "二十一"),
        ("ideographDigital", 10, "一〇"),
        ("aFormatOfTheFuture", 5, "5"),
    ],
)
def test_a_number_in_a_format(number_format, number, text):
    assert numeral(number, number_format) == text


@pytest.mark.parametrize("number_format", ["lowerRoman", "lowerLetter", "cardinalText", "hex"])
@pytest.mark.parametrize("number", [-1, 0, 4000, 999_999])
def test_a_number_that_a_format_cannot_write_is_short_all_the_same(number_format, number):
    assert 1 <= len(numeral(number, number_format)) <= 40


def test_letters_are_counted_like_the_columns_of_a_sheet():
    assert [counted_letters(number) for number in (1, 26, 27, 702, 703)] == [
        *("a", "z", "aa", "zz", "aaa"),
    ]
