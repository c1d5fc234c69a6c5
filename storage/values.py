"""Converts Python values to and from columns: time stamps, JSON, text that SQLite can store.

This file knows no tables. It also reads what does not belong into a column: damage, or another
program, may have put anything there, and one bad row must not make a list of all sessions fail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storage.errors import DamagedDatabase

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def now() -> str:
    """Return the present time in UTC as ISO 8601 with microseconds.

    Such texts sort in the order of the times.
    """
    return datetime.now(UTC).isoformat(timespec="microseconds")


SQL_TOTAL = "coalesce(CAST(total({}) AS INTEGER), 0)"
"""The sum of a column in SQL: ``sum()`` would fail as soon as the result exceeds 64 bits."""

SQL_FOLDED = "casefold(CAST({} AS BLOB))"
"""A text in SQL without regard to case. As bytes, because SQLite refuses to pass damaged text."""


def whole(value: Any, default: int = 0) -> int:
    """Return the value of a column that counts something, or the default if it is no number."""
    return value if isinstance(value, int) else default


def whole_or_none(value: Any) -> int | None:
    """Return the value of such a column, or None if it holds nothing or no whole number."""
    return value if isinstance(value, int) else None


def plain_text(value: Any) -> str:
    """Return the value of a column of text, or what can be read of a value of another type."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def text_or_none(value: Any) -> str | None:
    """Return the value of such a column, or None if it holds nothing."""
    return None if value is None else plain_text(value)


def storable(text: str) -> str:
    """Return the text with each lone surrogate replaced by U+FFFD.

    Undecodable file names and some PDFs contain lone surrogates; SQLite's UTF-8 cannot store them.
    """
    return _LONE_SURROGATE.sub("\ufffd", text)


def to_json(value: Any) -> str:
    """Return the value as compact JSON in ASCII, from which every string is read back unchanged."""
    return json.dumps(value, separators=(",", ":"))


def object_from_json(text: str, what: str) -> dict[str, Any]:
    """Parse a JSON object from a column.

    Args:
        what: the name of the value, for the error.

    Raises:
        DamagedDatabase: the column does not hold a JSON object.
    """
    value = _parsed(text)
    if not isinstance(value, Mapping):
        raise _damaged(what)
    return dict(value)


def readable_object(text: str) -> dict[str, Any]:
    """Parse a JSON object from a column; empty if the column does not hold one."""
    value = _parsed(text)
    return dict(value) if isinstance(value, Mapping) else {}


def readable_list(text: str) -> list[Any]:
    """Parse a JSON list from a column; empty if the column does not hold one."""
    value = _parsed(text)
    return value if isinstance(value, list) else []


def _parsed(text: str) -> Any:
    """The value of a JSON text; None if it is none."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def _damaged(what: str) -> DamagedDatabase:
    return DamagedDatabase(f"The database holds no readable {what}; restore it from a backup.")
