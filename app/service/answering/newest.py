"""Recall over versions: passages of the newest version, of an older one only where that has none.

An older version that answers beside the newest would contradict it, and two that say the same would
fill the little room that passages have. So for each question every line of versions is stood for by
the newest that has a passage at all; where that is an older one, its passages are marked so: what
the newest says no more may still be what was asked for. Of equal content the first reading stands
for all. "As of" an earlier place only what was read by then counts, and is not marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import storage
from storage import Database, DocumentRow, Passage


def retrieve(
    db: Database, session_id: int, question: str, limit: int, before_position: int | None
) -> list[Passage]:
    """The passages that best answer to a question, best first; see `storage.search_passages`.

    Args:
        before_position: nothing that ends behind it is known.
    """

    def found(document_ids: list[int] | None, most: int) -> list[Passage]:
        return storage.search_passages(
            db,
            session_id,
            question,
            limit=most,
            document_ids=document_ids,
            before_position=before_position,
        )

    documents = storage.list_documents(db, session_id)
    if len({document.sha256 for document in documents}) == len(documents) and not any(
        document.replaces for document in documents
    ):
        return found(None, limit)
    chosen: dict[str, int] = {}
    replaced: set[int] = set()
    for line in storage.version_chains(documents):
        contents = _contents(line)
        matching_version = next(
            (d for d in contents if len(contents) == 1 or found([d.id], 1)), None
        )
        if matching_version is None:
            continue
        chosen.setdefault(matching_version.sha256, matching_version.id)
        newer = contents[: contents.index(matching_version)]
        if any(_is_known(document, before_position) for document in newer):
            replaced.add(matching_version.id)
    passages = found(list(chosen.values()), limit)
    return [replace(p, is_replaced=p.document_id in replaced) for p in passages]


def _contents(line: Sequence[DocumentRow]) -> list[DocumentRow]:
    """The first reading of each content of a line, the newest content first."""
    newest_first = list(dict.fromkeys(document.sha256 for document in reversed(line)))
    return [next(d for d in line if d.sha256 == sha256) for sha256 in newest_first]


def _is_known(document: DocumentRow, position: int | None) -> bool:
    """Whether a document was begun before a position, or is there at all."""
    start = document.start_position
    return position is None or (start is not None and start < position)
