"""The scores of InfiniteBench's tasks.

Source: arXiv 2402.13718, appendix, and the rules of its repository (OpenBMB/InfiniteBench).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"\d+\.\d+|\d+")
DIGITS = re.compile(r"[0-9]+")
WORD_SIGNS = str.maketrans(dict.fromkeys("\n:\"'.,?!{}", " "))
VALUE_SIGNS = str.maketrans(dict.fromkeys("\n.`'\":", " "))
LETTER_SIGNS = str.maketrans(dict.fromkeys("\n\"'.,?!{}", " "))
FUNCTION_SIGNS = re.compile(r"[\n`'\"\-*]|[Oo]ption")
LETTERS = "ABCD"
BEFORE_A_LETTER = ("answer is:", "answer:", "answer is", "option is")
BEFORE_A_FUNCTION = ("answer is:", "is:", "answer:", "correct option is:")


def first_digits(answer: str, references: Sequence[str]) -> float:
    """1 if the first run of digits is the first reference: Retrieve.PassKey, Retrieve.Number."""
    found = DIGITS.search(answer)
    return float(found is not None and found.group() == references[0])


def first_number(answer: str, references: Sequence[str]) -> float:
    """1 if the first number equals the first reference in value: Math.Find."""
    found = NUMBER.search(answer)
    return float(found is not None and float(found.group()) == float(references[0]))


def among_words(answer: str, references: Sequence[str]) -> float:
    """1 if a reference is one of the words, once punctuation is blanks: Retrieve.KV."""
    return float(not set(answer.translate(WORD_SIGNS).split()).isdisjoint(references))


def first_label(answer: str, references: Sequence[str]) -> float:
    """1 if the first reference is one of the upper-cased words: En.Dia."""
    return float(references[0] in answer.translate(WORD_SIGNS).upper().split())


def last_word_as_integer(answer: str, references: Sequence[str]) -> float:
    """1 if the last word is the first reference as an integer: Code.Run."""
    given = answer.translate(VALUE_SIGNS).split()
    try:
        return float(int(given[-1]) == int(references[0]))
    except (IndexError, ValueError):
        return 0.0


def leading_values(answer: str, references: Sequence[str]) -> float:
    """The share of intermediate values, the references, that are right up to the first wrong one.

    Minus signs are not read, so a negative value is never right: Math.Calc.
    """
    right = 0
    for given, value in zip(DIGITS.findall(answer), references, strict=False):
        if int(given) != int(value):
            break
        right += 1
    return right / len(references)


def option_letter(answer: str, references: Sequence[str]) -> float:
    """1 if the answer names the right option: En.MC.

    The first character decides if it is A, B, C or D; else what follows "answer is" or the like;
    else the first word that is such a letter.

    Args:
        references: the option's text and its letter.
    """
    given = answer.strip()
    if given[:1] and given[0] in LETTERS:
        return float(given[0] in references)
    if given in references:
        return 1.0
    given = re.sub(" +", " ", given.translate(LETTER_SIGNS))
    for prefix in BEFORE_A_LETTER:
        if prefix in given:
            return _follows(given, prefix, references)
    letter = next((word for word in given.split() if word in LETTERS), "")
    return float(letter in references)


def function_or_letter(answer: str, references: Sequence[str]) -> float:
    """1 if the answer begins with the right letter and a sign, or names the option: Code.Debug.

    A letter or name counts only after "answer is:" or the like.

    Args:
        references: the function's name and the option's letter.
    """
    name, letter = references
    given = answer.strip()
    if given[:2] in (f"{letter}.", f"{letter}:"):
        return 1.0
    given = re.sub(" +", " ", FUNCTION_SIGNS.sub(" ", given))
    for prefix in BEFORE_A_FUNCTION:
        if prefix in given:
            return _follows(given, prefix, (letter, name))
    return 0.0


def _follows(given: str, prefix: str, references: Sequence[str]) -> float:
    """1 if a reference begins one character after the first `prefix`."""
    after = given[given.index(prefix) + len(prefix) + 1 :]
    return float(any(after.startswith(right) for right in references))
