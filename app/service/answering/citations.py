"""Citations: the passages that an answer was given; some of them are what it is based on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from storage import Passage


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


def stored_passages(details: Mapping[str, Any], citations: Any) -> list[dict[str, Any]]:
    """The passages that were re-read for a stored answer, those that it cites first.

    Of some old answers only those are stored that they cite.

    Args:
        details, citations: as stored with the answer, or with a note that was kept from it.
    """
    passages = readable_citations(details.get("passages")) or readable_citations(citations)
    return sorted(passages, key=lambda passage: not passage["cited"])
