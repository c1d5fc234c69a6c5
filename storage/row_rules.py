"""What every column of an exported file may hold: its type, its range, its form.

SQLite enforces no types, so each value of a row is checked before the row is copied. A table that
has no rules here is not copied: an export holds no follows, trash or speeds, and its search tokens
and languages are made from the text again. A column without a rule is not copied either and gets
its default; ``NOT_COPIED`` names those for which this is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.document_state import DocumentState
from storage.errors import DamagedDatabase
from storage.kept_notes import MAX_KEPT_CHARACTERS
from storage.messages import MESSAGE_ROLES
from storage.notes import MAX_NOTE_CHARACTERS
from storage.pages import page_hash
from storage.sessions import MAX_NAME_CHARACTERS

MAX_ID = 1 << 53
"""Of a row; also the largest whole number that JSON keeps everywhere."""
MAX_COUNT = 1 << 40
"""Of tokens, bytes, lines or pages: a thousand times more than a session can read in a year."""
MAX_TEXT_CHARACTERS = 1 << 24
MAX_LINE_CHARACTERS = 1 << 16
MAX_JSON_CHARACTERS = 1 << 26
MAX_SETTINGS_CHARACTERS = 1 << 16
PART_BYTES = 4 << 20
"""Of an original file in one row of an export."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[a-zA-Z0-9 _.+-]{0,40}")


@dataclass(frozen=True)
class Rule:
    """What a column may hold; ``wanted`` says it in words."""

    wanted: str
    holds: Callable[[Any], bool]


def _number(low: int, high: int = MAX_COUNT) -> Rule:
    return Rule(
        f"a whole number from {low} to {high}", lambda v: type(v) is int and low <= v <= high
    )


def _text(max_characters: int) -> Rule:
    return Rule(
        f"a text of at most {max_characters:,} characters",
        lambda v: isinstance(v, str) and len(v) <= max_characters,
    )


def _form(wanted: str, pattern: re.Pattern[str]) -> Rule:
    return Rule(wanted, lambda v: isinstance(v, str) and pattern.fullmatch(v) is not None)


def _one_of(*values: str) -> Rule:
    return Rule(f"one of {', '.join(values)}", lambda v: isinstance(v, str) and v in values)


def _json_object(max_characters: int) -> Rule:
    return Rule("a JSON object", lambda v: isinstance(_parsed(v, max_characters), dict))


def _json_list(max_characters: int) -> Rule:
    return Rule("a JSON list", lambda v: isinstance(_parsed(v, max_characters), list))


def _blob(max_bytes: int) -> Rule:
    return Rule(
        f"bytes, at most {max_bytes:,}", lambda v: isinstance(v, bytes) and len(v) <= max_bytes
    )


def _optional(rule: Rule) -> Rule:
    return Rule(f"{rule.wanted} or nothing", lambda v: v is None or rule.holds(v))


def _parsed(value: Any, max_characters: int) -> Any:
    if not isinstance(value, str) or len(value) > max_characters:
        return None
    try:
        return json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_ID = _number(1, MAX_ID)
_COUNT = _number(0)
_HASH = _form("a sha256 in hexadecimal digits of lower case", _SHA256)
_KIND = _form("a word", _WORD)
_TIME = Rule("a time", _is_time)
_LINE = _text(MAX_LINE_CHARACTERS)
_NOTHING = Rule("empty", lambda v: v is None)

RULES: Mapping[str, Mapping[str, Rule]] = {
    "sessions": {
        "id": _ID,
        "name": _text(4 * MAX_NAME_CHARACTERS),  # checked once more when the session is made
        "created_at": _TIME,
        "updated_at": _TIME,
        "settings": _json_object(MAX_SETTINGS_CHARACTERS),
        "rereads": _NOTHING,
    },
    "documents": {
        "id": _ID,
        "session_id": _ID,
        "ordinal": _number(1, 1 << 31),
        "title": _LINE,
        "kind": _KIND,
        "file_name": _LINE,
        "sha256": _HASH,
        "byte_count": _number(0, 1 << 50),
        "state": _one_of(*(state.value for state in DocumentState)),
        "error": _optional(_LINE),
        "unit_count": _optional(_COUNT),
        "unit_name": _KIND,
        "segment_count": _COUNT,
        "token_count": _optional(_COUNT),
        "start_position": _optional(_COUNT),
        "tokens_read": _COUNT,
        "created_at": _TIME,
        "finished_at": _optional(_TIME),
        "notes": _json_list(MAX_JSON_CHARACTERS),
        "version": _number(1, 1 << 31),
        "replaces": _optional(_ID),
        "encoding": _optional(_KIND),
        "own_title": _optional(_LINE),
        "shown_title": _optional(_LINE),
        "is_asked": _number(0, 1),
    },
    "segments": {
        "id": _ID,
        "document_id": _ID,
        "ordinal": _number(0, 1 << 31),
        "locator": _LINE,
        "locator_kind": _KIND,
        "locator_start": _COUNT,
        "locator_end": _COUNT,
        "token_start": _COUNT,
        "token_count": _COUNT,
        "text": _text(MAX_TEXT_CHARACTERS),
        "chapter": _optional(_COUNT),
    },
    "notes": {
        "id": _ID,
        "document_id": _ID,
        "token_start": _COUNT,
        "token_end": _COUNT,
        "text": _text(MAX_NOTE_CHARACTERS),
    },
    "messages": {
        "id": _ID,
        "session_id": _ID,
        "role": _one_of(*MESSAGE_ROLES),
        "position": _COUNT,
        "created_at": _TIME,
        "citations": _json_list(MAX_JSON_CHARACTERS),
        "details": _json_object(MAX_JSON_CHARACTERS),
        "text": _text(MAX_TEXT_CHARACTERS),
    },
    "kept_notes": {
        "id": _ID,
        "session_id": _ID,
        "message_id": _optional(_ID),
        "document_id": _optional(_ID),
        "segment_id": _optional(_ID),
        "created_at": _TIME,
        "changed_at": _TIME,
        "citations": _json_list(MAX_JSON_CHARACTERS),
        "details": _json_object(MAX_JSON_CHARACTERS),
        "text": _text(MAX_KEPT_CHARACTERS),
    },
    "checkpoints": {
        "id": _ID,
        "session_id": _ID,
        "position": _COUNT,
        "document_id": _optional(_ID),
        "document_tokens": _COUNT,
        "created_at": _TIME,
        "manifest": _json_object(MAX_JSON_CHARACTERS),
    },
    "pages": {"hash": _HASH, "byte_count": _number(0, 1 << 30), "data": _blob(1 << 30)},
    "checkpoint_pages": {"checkpoint_id": _ID, "hash": _HASH},
    "exported_files": {
        "sha256": _HASH,
        "ordinal": _number(0, 1 << 31),
        "data": _blob(PART_BYTES),
    },
}
"""By table and column, in the order in which the tables are copied."""

NOT_COPIED = {
    ("documents", "source_path"),
    ("sessions", "generation"),
    ("sessions", "unfinished"),
    ("sessions", "kept_changes"),
}
"""Columns that are left behind: they have no meaning on another machine or in another database."""


def check_row(table: str, row: Mapping[str, Any], number: int, file_name: str) -> None:
    """Check the values of one row, by column.

    Args:
        number: of the row in its table, from 1, for the message.
        file_name: of the file, for the message.

    Raises:
        DamagedDatabase: a value is not what the program stores in that column.
    """
    for column, value in row.items():
        rule = RULES[table][column]
        if not rule.holds(value):
            raise DamagedDatabase(
                f"{file_name} holds no readable {column} in row {number} of its {table} (it is not "
                f"{rule.wanted}), so it is refused; export the session again."
            )
    if table == "pages" and (row["byte_count"], row["hash"]) != (
        len(row["data"]),
        page_hash(row["data"]),
    ):
        raise DamagedDatabase(
            f"A checkpoint page in {file_name} is damaged; export the session again."
        )
