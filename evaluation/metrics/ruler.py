"""RULER's string match: which references occur in the answer, whatever their case.

Source: arXiv 2404.06654, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence


def string_match_all(answer: str, references: Sequence[str]) -> float:
    """The share of the references that occur in the answer."""
    given = answer.lower()
    return sum(right.lower() in given for right in references) / len(references)


def string_match_part(answer: str, references: Sequence[str]) -> float:
    """1 if any of the references occurs in the answer."""
    given = answer.lower()
    return float(any(right.lower() in given for right in references))
