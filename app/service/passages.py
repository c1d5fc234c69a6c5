"""A document as a person reads it: page by page, from a passage, and by a search inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import storage
from app.service.answering.chapters import place_name
from app.service.answering.contents import range_of
from app.service.context import Context, SessionRef
from app.service.reading.positions import find_position
from app.service.reading.titles import as_shown
from ingest import PagePicture, render_page
from storage import DocumentMatches, DocumentRow, NotFound, SearchedWords, SegmentRow, SessionRow

NEIGHBOURS = 4
"""Passages before and after one that is opened in a text without pages."""
MAX_OF_UNIT = 24
"""Passages before and after one, of a page, slide or message that is shown whole."""
WHOLE_UNITS = ("page", "slide", "message")
PAGE_PIXELS = 1000
"""Width of a page that is to be read as a picture."""
Part = Literal["around", "from", "to"]
"""Whether a page has a passage in its middle, at its beginning or at its end."""


class PagePlace(NamedTuple):
    """Where a page of a document is.

    Args:
        segment_id: of a passage on it; of one near it, on a page without text.
        number: of the page of a PDF; None: that of the passage.
    """

    segment_id: int
    part: Part = "around"
    number: int | None = None


@dataclass(frozen=True)
class DocumentPage:
    """What is shown of a document at once: a page, slide or message, else some passages.

    Args:
        place: where it was asked for.
        segments: the passages on it, in order; none on a page of a PDF without text.
        name: which part of the document it is: "page 3", "lines 1–90".
        page_index: of its picture, from 0 on, for `Passages.render`; None if it cannot be drawn.
        previous, next: None where the document begins, and where it ends or may not be shown.
    """

    document: DocumentRow
    place: PagePlace
    segments: list[SegmentRow]
    name: str
    page_index: int | None
    previous: PagePlace | None
    next: PagePlace | None

    @property
    def segment(self) -> SegmentRow | None:
        """The passage of its place, None if that is not on it."""
        return next((s for s in self.segments if s.id == self.place.segment_id), None)


class Passages:
    """Use cases of passages."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def page(self, session: SessionRef, place: PagePlace, at: str = "") -> DocumentPage:
        """A page of a document.

        Args:
            at: a position as `Questions.ask` takes it; nothing after it is shown or named.

        Raises:
            NotFound: the session has no such passage, or the document no such page.
            NoSuchPlace: `at` names no position that was read.
        """
        row = self._context.session(session)
        bound = find_position(self._db, row, at) if at else None
        reach = MAX_OF_UNIT + 1
        near = storage.segments_around(self._db, place.segment_id, reach, reach, bound)
        here = next((segment for segment in near if segment.id == place.segment_id), None)
        document = storage.get_document(self._db, here.document_id) if here else None
        if here is None or document is None or document.session_id != row.id:
            raise NotFound(
                f"The session {row.name!r} has no passage number {place.segment_id} to show."
            )
        return PageCut(self._context, as_shown(self._db, document), near, here, bound).page(place)

    def place_in(
        self, session: SessionRef, document_id: int | None, token: int = 0, at: str = ""
    ) -> PagePlace:
        """The page that begins with the passage in which a token of a document is.

        Args:
            document_id: None: the first document of the session that has text.
            token: counted from the beginning of the document.
            at: as for `page`.

        Raises:
            NotFound: the session has no such document, or there is no text in it up to there.
            NoSuchPlace: `at` names no position that was read.
        """
        row = self._context.session(session)
        bound = find_position(self._db, row, at) if at else None
        document = self._document(row, document_id)
        segment_id = storage.segment_at(self._db, document.id, token, bound)
        if segment_id is None:
            raise NotFound(f"There is no text of {document.title!r} to show yet.")
        return PagePlace(segment_id, "from")

    def search(
        self,
        session: SessionRef,
        document_id: int,
        words: SearchedWords,
        limit: int,
        at: str = "",
    ) -> DocumentMatches:
        """The first passages of a document that contain each of the words, in reading order.

        Args:
            words: as `searched_words` returns them.
            at: as for `page`.

        Raises:
            NotFound: the session has no such document.
            NoSuchPlace: `at` names no position that was read.
        """
        row = self._context.session(session)
        bound = find_position(self._db, row, at) if at else None
        document = self._document(row, document_id)
        return storage.find_in_document(
            self._db, row.id, document.id, words, limit=limit, before_position=bound
        )

    def searched_words(self, session: SessionRef, words: str) -> SearchedWords:
        """Words as a person typed them, as they are found in the texts of a session."""
        return storage.searched_words(self._db, self._context.session(session).id, words)

    def render(
        self, document_id: int, page_index: int, passage: str = "", width: int = PAGE_PIXELS
    ) -> PagePicture:
        """A page of a PDF as a picture, with the passage marked on it.

        Args:
            page_index: from 0 on.
            passage: its text; nothing is marked if it is empty or not found.
            width: of the picture, in pixels.

        Raises:
            NotFound: the document is not a PDF, or its file is not kept here.
            IngestError: the page cannot be drawn.
        """
        document = storage.get_document(self._db, document_id)
        path = self._context.files.path(document)
        if document.kind != "pdf" or not path.is_file():
            raise NotFound(f"Of {document.title!r} there is no page to be drawn.")
        return render_page(path, page_index, name=document.file_name, passage=passage, width=width)

    def _document(self, row: SessionRow, document_id: int | None) -> DocumentRow:
        if document_id is None:
            document_id = storage.first_with_text(self._db, row.id)
            if document_id is None:
                raise NotFound(f"The session {row.name!r} has no document with text to show yet.")
        found = storage.get_documents(self._db, [document_id])
        if not found or found[0].session_id != row.id:
            raise NotFound(
                f"The session {row.name!r} has no document number {document_id} to show."
            )
        return as_shown(self._db, found[0])


class PageCut:
    """Cuts the page out of the passages near a place.

    Args:
        near: the passages that may be shown, `here` among them.
        bound: the position of the stream behind which nothing is shown; None: there is none.
    """

    def __init__(
        self,
        context: Context,
        document: DocumentRow,
        near: Sequence[SegmentRow],
        here: SegmentRow,
        bound: int | None,
    ) -> None:
        self._context, self._db, self._document = context, context.db, document
        self._near, self._here, self._bound = near, here, bound
        self._is_paged = document.kind == "pdf" and here.locator_kind == "page"

    def page(self, place: PagePlace) -> DocumentPage:
        """The page of a place, whose passage is `here`.

        Raises:
            NotFound: the document has no such page that may be shown.
        """
        number = place.number or self._here.locator_start if self._is_paged else None
        shown = self._shown(place.part, number)
        if not shown and not self._may_show(number):
            raise NotFound(f"{self._document.title!r} has no page {number} to show.")
        before, after = self._beside(shown, number)
        previous = PagePlace(before.id, "to") if before else None
        following = PagePlace(after.id, "from") if after else None
        if number is not None:
            anchor = self._here.id
            if number > 1 and (before is None or before.locator_end < number - 1):
                previous = PagePlace(anchor, "around", number - 1)
            if after.locator_start > number + 1 if after else self._has_page(number + 1):
                following = PagePlace(anchor, "around", number + 1)
        return DocumentPage(
            self._document,
            place,
            shown,
            self._name(shown, number),
            self._page_index(shown, number),
            previous,
            following,
        )

    def _shown(self, part: Part, number: int | None) -> list[SegmentRow]:
        """The passages on the page; those of a whole unit, else a few."""
        is_whole = self._here.locator_kind in WHOLE_UNITS
        before = after = MAX_OF_UNIT if is_whole else NEIGHBOURS
        if part == "from":
            before, after = 0, before + after
        elif part == "to":
            before, after = before + after, 0
        at = self._here.ordinal
        if number is not None and number != self._here.locator_start:
            return [s for s in self._near if s.locator_start <= number <= s.locator_end]
        return [
            s for s in self._near if at - before <= s.ordinal <= at + after and self._belongs(s)
        ]

    def _belongs(self, other: SegmentRow) -> bool:
        """Whether a passage is on the same page or sheet, or in the same chapter."""
        here = self._here
        if here.locator_kind in WHOLE_UNITS:
            return (
                other.locator_kind == here.locator_kind
                and here.locator_start <= other.locator_end
                and other.locator_start <= here.locator_end
            )
        return here.chapter == other.chapter

    def _beside(
        self, shown: Sequence[SegmentRow], number: int | None
    ) -> tuple[SegmentRow | None, SegmentRow | None]:
        """The last passage before the page, and the first one after it."""
        if shown:
            first, last = shown[0].ordinal, shown[-1].ordinal
            before = [s for s in self._near if s.ordinal < first]
            after = [s for s in self._near if s.ordinal > last]
        else:
            before = [s for s in self._near if s.locator_end < (number or 0)]
            after = [s for s in self._near if s.locator_start > (number or 0)]
        return (before[-1] if before else None), (after[0] if after else None)

    def _has_page(self, number: int) -> bool:
        """Whether a page without text is behind the last text, and may be shown."""
        is_last = self._near[-1].ordinal == self._document.segment_count - 1
        return self._bound is None and is_last and number <= (self._document.unit_count or 0)

    def _may_show(self, number: int | None) -> bool:
        """Whether a page without text may be shown: it is between such as may, or behind all."""
        if number is None or number < 1:
            return False
        if self._near[0].ordinal and number < self._near[0].locator_start:
            return False  # not near: it may have text
        return any(s.locator_start > number for s in self._near) or self._has_page(number)

    def _name(self, shown: Sequence[SegmentRow], number: int | None) -> str:
        if not shown:
            return f"page {number}"
        first, last = shown[0], shown[-1]
        is_one = (first.locator_kind, first.locator_start) == (last.locator_kind, last.locator_end)
        if is_one or first.locator_kind != last.locator_kind:
            return place_name(first.locator)
        return range_of(first.locator_kind, first.locator_start, last.locator_end)

    def _page_index(self, shown: Sequence[SegmentRow], number: int | None) -> int | None:
        if number is None or not self._context.files.path(self._document).is_file():
            return None
        # The picture has all of the page, also what is behind the bound.
        return None if self._goes_on(shown, number) else number - 1

    def _goes_on(self, shown: Sequence[SegmentRow], number: int) -> bool:
        """Whether a part of a page may not be shown."""
        if self._bound is None or not shown:
            return False
        behind = storage.segments_around(self._db, shown[-1].id, 0, 1)[1:]
        return any(s.locator_start <= number and s not in self._near for s in behind)
