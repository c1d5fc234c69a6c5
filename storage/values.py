"""How Python values become columns: time stamps, JSON, text that SQLite can hold.

Knows nothing of tables.
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
    """The time in UTC, ISO 8601 with microseconds: the text sorts as the time does."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def storable(text: str) -> str:
    """The text with lone surrogates replaced one for one by U+FFFD.

    Undecodable file names and some PDFs carry them, and SQLite's UTF-8 cannot.
    """
    return _LONE_SURROGATE.sub("\ufffd", text)


def to_json(value: Any) -> str:
    """Compact JSON in ASCII, so that any string inside survives the way to disk and back."""
    return json.dumps(value, separators=(",", ":"))


def object_from_json(text: str, what: str) -> dict[str, Any]:
    """Parse a JSON object; ``what`` names it in the error.

    Raises:
        DamagedDatabase: the column does not hold a JSON object.
    """
    value = _parsed(text, what)
    if not isinstance(value, Mapping):
        raise _damaged(what)
    return dict(value)


def list_from_json(text: str, what: str) -> list[Any]:
    """Parse a JSON list; ``what`` names it in the error.

    Raises:
        DamagedDatabase: the column does not hold a JSON list.
    """
    value = _parsed(text, what)
    if not isinstance(value, list):
        raise _damaged(what)
    return value


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise _damaged(what) from error


def _damaged(what: str) -> DamagedDatabase:
    return DamagedDatabase(f"The database holds no readable {what}; restore it from a backup.")
