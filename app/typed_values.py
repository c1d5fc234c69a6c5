"""Checks values of stored JSON against the types that a record declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

MAX_NUMBER = 1 << 40
"""More tokens, positions, bytes or weights than there will be."""
MAX_CHARACTERS = 4096

T = TypeVar("T")


def typed(kind: type[T], values: Mapping[str, Any], max_characters: int = MAX_CHARACTERS) -> T:
    """Return a record of these values, each of the type that its dataclass declares.

    Args:
        max_characters: of each text.

    Raises:
        KeyError: the record has no field of a name.
        TypeError: a field is missing.
        ValueError: a value is of another type, or too large.
    """
    hints = get_type_hints(kind)
    for name, value in values.items():
        check_value(name, value, hints[name], max_characters)
    return kind(**values)


def check_value(name: str, value: Any, hint: Any, max_characters: int = MAX_CHARACTERS) -> None:
    """Check one value; True and False are no numbers, and no number is negative or infinite.

    Args:
        name: of the value, for the error.
        hint: the type that it is to have.
        max_characters: of a text.

    Raises:
        ValueError: it is of another type, or too large.
    """
    is_flag = isinstance(value, bool)
    is_number = isinstance(value, int | float) and not is_flag
    fits = hint is bool if is_flag else isinstance(value, hint) or (is_number and hint is float)
    if is_number:
        fits = fits and 0 <= value <= MAX_NUMBER
    if isinstance(value, str):
        fits = fits and len(value) <= max_characters
    if not fits:
        raise ValueError(f"{name} has another type or is out of range")
