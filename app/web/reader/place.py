"""A place in the reader, as its buttons, the browser's storage and its handlers name it.

What a browser sends is data from outside: whatever is no value of the field is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.service import Part
from app.web.events import row_number

MAX_WORDS_CHARS = 200


class Place(NamedTuple):
    """What the reader shows or is to show.

    Args:
        document: number of a document; with `token`, an index into its tokens, where a page begins.
        segment: number of a passage; with `part` and `page`, as `PagePlace` takes them.
        answer: number of the message from which it was opened: as of its place nothing after it is
            shown. Without a segment: the first passage of the answer.
        number: of the passage in the answer.
        words: of a search, which are marked.
    """

    document: int | None = None
    token: int | None = None
    segment: int | None = None
    part: Part = "around"
    page: int | None = None
    answer: int | None = None
    number: int | None = None
    words: str = ""


def place_of(data: Any) -> Place:
    """The place that an event of a browser names; an empty one if it names none."""
    given = data if isinstance(data, Mapping) else {}
    numbers = {
        name: row_number(given.get(name))
        for name in ("document", "token", "segment", "page", "answer", "number")
    }
    part, words = given.get("part"), given.get("words")
    return Place(
        **numbers,
        part=part if part in ("from", "to") else "around",
        words=words[:MAX_WORDS_CHARS] if isinstance(words, str) else "",
    )


def passage_place(passage: Mapping[str, Any], answer: int) -> Place:
    """The place of a passage that was stored with an answer, of this number."""
    stored = {"segment": passage["segment_id"], "number": passage["number"], "answer": answer}
    return place_of(stored)


def place_in_text(text: str | None) -> Place:
    """The place that a page wrote as JSON; an empty one if it is none."""
    try:
        return place_of(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return Place()


def as_text(place: Place) -> str:
    """A place as JSON, without what it leaves open."""
    defaults = Place._field_defaults
    return json.dumps({k: v for k, v in place._asdict().items() if v != defaults[k]})
