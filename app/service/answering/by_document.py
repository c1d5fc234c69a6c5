"""What belongs to documents, put together by document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol, TypeVar


class OfDocument(Protocol):
    """Belongs to a document."""

    @property
    def document_id(self) -> int:
        """The id of the document."""


Item = TypeVar("Item", bound=OfDocument)


def by_document(items: Iterable[Item]) -> dict[int, list[Item]]:
    """The items of each document that has any, by its id, in their order."""
    found: defaultdict[int, list[Item]] = defaultdict(list)
    for item in items:
        found[item.document_id].append(item)
    return dict(found)
