"""Citations: the passages that an answer was given, and which of them it is based on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from app.service.answering.declining import says_not_found
from app.service.answering.words import content_words, count_shared
from storage import Passage

MAX_INFERRED = 2
"""An answer that names no passage is based on at most this many."""
INFERRED_SHARE = 0.75
"""They share at least this part of the words that the best of them shares with the answer."""
_NAMED = re.compile(r"\[(\d{1,2})\]")


@dataclass(frozen=True)
class Citation:
    """A passage that was re-read for an answer.

    Args:
        number: in the prompt, from 1 on; the answer names the passage by it.
        document: title of the document.
        locator: where in the document, such as "page 12".
        is_read: whether the session had read to the passage's end when the question was asked.
        cited: whether the answer names it, or takes its words from it.
        is_replaced: whether it is from an older version of its document.
    """

    number: int
    document: str
    locator: str
    text: str
    document_id: int
    segment_id: int
    is_read: bool
    cited: bool = False
    is_replaced: bool = False

    @classmethod
    def from_passage(cls, number: int, passage: Passage, position: int) -> Citation:
        """A passage under a number; `position`: tokens that the session has read."""
        end = None if passage.position is None else passage.position + passage.token_count
        return cls(
            number=number,
            document=passage.document_title,
            locator=passage.locator,
            text=passage.text.strip(),
            document_id=passage.document_id,
            segment_id=passage.segment_id,
            is_read=end is not None and end <= position,
            is_replaced=passage.is_replaced,
        )

    @property
    def marks(self) -> list[str]:
        """Remarks to be shown beside the document's title."""
        older = ["of an older version"] if self.is_replaced else []
        return older if self.is_read else [*older, "not yet read"]


_REQUIRED = {field.name for field in fields(Citation) if field.default is MISSING}
_DEFAULTS = {f.name: f.default for f in fields(Citation) if f.default is not MISSING}


def readable_citations(stored: Any) -> list[dict[str, Any]]:
    """Citations that were stored with a message, as `asdict` makes them of a `Citation`.

    What older versions did not store has its default; what lacks more, or is no list of citations,
    is left out, so that one damaged message does not hide a conversation.
    """
    found = stored if isinstance(stored, list) else []
    whole = (each for each in found if isinstance(each, dict) and each.keys() >= _REQUIRED)
    return [{**_DEFAULTS, **each} for each in whole]


def mark_cited(answer: str, passages: Sequence[Citation]) -> tuple[Citation, ...]:
    """Mark the passages that an answer is based on.

    These are the passages that it names ("[2]"). A small model often forgets to name one; then they
    are the one or two that share most of the answer's content words. An answer which says that it
    found nothing is based on none.
    """
    numbers = {int(number) for number in _NAMED.findall(answer)}
    if not numbers & {passage.number for passage in passages}:
        numbers = set() if says_not_found(answer) else _sharing_words(answer, passages)
    return tuple(replace(passage, cited=passage.number in numbers) for passage in passages)


def _sharing_words(answer: str, passages: Sequence[Citation]) -> set[int]:
    words = content_words(answer)
    shared = {p.number: count_shared(words, content_words(p.text)) for p in passages}
    most = max(shared.values(), default=0)
    if most == 0:
        return set()
    ranked = sorted(shared, key=lambda number: (-shared[number], number))
    least = max(1, INFERRED_SHARE * most)
    return {number for number in ranked[:MAX_INFERRED] if shared[number] >= least}
