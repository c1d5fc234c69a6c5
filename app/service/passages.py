"""A cited passage where it stands: its neighbours on the page, and the page as a picture."""

from __future__ import annotations

from dataclasses import dataclass

import storage
from app.service.context import Context
from app.service.library.indexing import kept_path
from app.service.reading.replay import find_position
from ingest import PagePicture, render_page
from storage import DocumentRow, NotFound, SegmentRow

MAX_NEIGHBOURS = 4


@dataclass(frozen=True)
class PassageContext:
    """A passage with what stands around it on the same page, in the same chapter or near it.

    `page_index` counts from 0 and is for `render`; None where there is no page to be drawn.
    """

    document: DocumentRow
    segment_id: int
    locator: str
    text: str
    before: list[str]
    after: list[str]
    page_index: int | None


class Passages:
    """What the service does about passages."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def context(self, session: str, segment_id: int, at: str = "") -> PassageContext:
        """A passage of a session with its neighbours.

        Args:
            at: a place as `ask` takes it: nothing from behind it is shown.

        Raises:
            NotFound: the session has no such passage.
        """
        row = self._context.session(session)
        bound = find_position(self._db, row, at) if at else None
        reach = MAX_NEIGHBOURS
        near = storage.segments_around(self._db, segment_id, reach, reach, bound)
        here = next((segment for segment in near if segment.id == segment_id), None)
        document = storage.get_document(self._db, here.document_id) if here else None
        if here is None or document is None or document.session_id != row.id:
            raise NotFound(f"The session {row.name!r} has no passage number {segment_id} to show.")
        same = [segment for segment in near if _share_a_place(here, segment)]
        return PassageContext(
            document,
            segment_id,
            here.locator,
            here.text,
            [segment.text for segment in same if segment.ordinal < here.ordinal],
            [segment.text for segment in same if segment.ordinal > here.ordinal],
            self._page_index(document, here),
        )

    def render(self, document_id: int, page_index: int, passage: str = "") -> PagePicture:
        """A page of a PDF as a picture, and where on it a passage stands.

        Raises:
            NotFound: the document is no PDF, or its file is not kept here.
            IngestError: the page cannot be drawn.
        """
        document = storage.get_document(self._db, document_id)
        path = kept_path(self._context.settings, document)
        if document.kind != "pdf" or not path.is_file():
            raise NotFound(f"Of {document.title!r} there is no page to be drawn.")
        return render_page(path, page_index, name=document.file_name, passage=passage)

    def _page_index(self, document: DocumentRow, segment: SegmentRow) -> int | None:
        is_page = document.kind == "pdf" and segment.locator_kind == "page"
        if not is_page or not kept_path(self._context.settings, document).is_file():
            return None
        return segment.locator_start - 1


def _share_a_place(one: SegmentRow, other: SegmentRow) -> bool:
    """On one page, or in one chapter; lines and paragraphs are each of their own: those near."""
    if one.locator_kind not in ("page", "chapter"):
        return True
    return one.locator_start <= other.locator_end and other.locator_start <= one.locator_end
