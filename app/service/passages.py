"""A cited passage in its context: its neighbours on the page, and the page as a picture."""

from __future__ import annotations

from dataclasses import dataclass

import storage
from app.service.context import Context, SessionRef
from app.service.reading.positions import find_position
from app.service.reading.titles import as_shown
from ingest import PagePicture, render_page
from storage import DocumentRow, NotFound, SegmentRow

MAX_NEIGHBOURS = 4


@dataclass(frozen=True)
class PassageContext:
    """A passage with its neighbours on the same page, in the same chapter or near it.

    Args:
        before, after: texts of the neighbours, in their order.
        page_index: the page, from 0 on, for `Passages.render`; None if it cannot be drawn.
    """

    document: DocumentRow
    segment_id: int
    locator: str
    text: str
    before: list[str]
    after: list[str]
    page_index: int | None


class Passages:
    """Use cases of passages."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def context(self, session: SessionRef, segment_id: int, at: str = "") -> PassageContext:
        """A passage of a session with its neighbours.

        Args:
            at: a position as `Questions.ask` takes it; nothing after it is shown.

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
        document = as_shown(self._db, document)
        same = [segment for segment in near if _belong_together(here, segment)]
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
        """A page of a PDF as a picture, with the passage marked on it.

        Args:
            page_index: from 0 on.
            passage: its text; nothing is marked if it is empty or not found.

        Raises:
            NotFound: the document is not a PDF, or its file is not kept here.
            IngestError: the page cannot be drawn.
        """
        document = storage.get_document(self._db, document_id)
        path = self._context.files.path(document)
        if document.kind != "pdf" or not path.is_file():
            raise NotFound(f"Of {document.title!r} there is no page to be drawn.")
        return render_page(path, page_index, name=document.file_name, passage=passage)

    def _page_index(self, document: DocumentRow, segment: SegmentRow) -> int | None:
        is_page = document.kind == "pdf" and segment.locator_kind == "page"
        if not is_page or not self._context.files.path(document).is_file():
            return None
        return segment.locator_start - 1


def _belong_together(one: SegmentRow, other: SegmentRow) -> bool:
    """Whether two segments share a page or a chapter; lines and paragraphs always do."""
    if one.locator_kind not in ("page", "chapter"):
        return True
    return one.locator_start <= other.locator_end and other.locator_start <= one.locator_end
