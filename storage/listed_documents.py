"""The documents of a list: each with what a list shows beside its own values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storage.database import Database
from storage.documents import DocumentRow, document_from
from storage.values import to_json


class ListedDocument(NamedTuple):
    """A document of a list.

    ``is_followed`` says whether it is a log whose following has not ended.
    """

    document: DocumentRow
    is_followed: bool


def listed_documents(
    db: Database, session_id: int, document_ids: Sequence[int] | None = None
) -> list[ListedDocument]:
    """Return the documents of a session in reading order, in one statement.

    Args:
        document_ids: only these; None: all.
    """
    among = "" if document_ids is None else "id IN (SELECT value FROM json_each(:ids)) AND"
    rows = db.rows(
        "SELECT documents.*, "
        "EXISTS (SELECT 1 FROM follows WHERE document_id = documents.id AND NOT ended) "
        f"AS is_followed FROM documents WHERE {among} session_id = :session ORDER BY ordinal",
        {"session": session_id, "ids": to_json(list(document_ids or []))},
    )
    return [
        ListedDocument(is_followed=bool(row.pop("is_followed")), document=document_from(row))
        for row in rows
    ]
