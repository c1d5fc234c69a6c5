"""The chapters of a session's documents: from outlines, or from headings such as "CHAPTER IV".

A PDF or an EPUB says itself which chapters it has. In a plain text they are found by their
headings, lines that begin with "Chapter" and a number; a table of contents in the text is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import storage
from app.service.answering.places_in_question import CARDINAL, ORDINAL, number_of
from storage import Database, DocumentKey, DocumentRow, OutlineEntry, Passage, SegmentRow

MAX_HEADINGS = 1000
MIN_CHAPTER_CHARS = 120
"""A heading that is nearer than this to the next one is an entry of a table of contents."""
_WORDS = ("chapter", "kapitel", "chapitre", "capítulo", "capitolo")
_HEADING = re.compile(
    rf"^(?:[^\w\n]|_){{0,4}}(?:{'|'.join(_WORDS)})\s+(?:the\s+)?"
    rf"(?P<number>\d{{1,4}}|[ivxlcdm]{{1,8}}|{ORDINAL}|{CARDINAL})"
    r"(?P<title>(?:[.:\]]|\s*[—–-]\s|\s).{0,100})?$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Chapter:
    """A chapter of a document.

    Args:
        where: the place in the document where it begins, such as "page 12"; empty if the chapters
            are themselves the places.
        heading: the passage with its heading, in a text without an outline, and the number of
            characters before the heading there.
        token_start: the token of the document at which it begins.
    """

    document_id: int
    number: int
    title: str
    where: str
    heading: tuple[Passage, int] | None = None
    token_start: int = 0


def chapter_line(number: int, title: str, where: str) -> str:
    """A chapter in a table of contents: "3. The Mill, page 12".

    Args:
        title, where: as `Chapter` has them; either may be empty.
    """
    return f"{number}. {', '.join(filter(None, (title or f'chapter {number}', where)))}"


def list_chapters(
    db: Database,
    session_id: int,
    documents: Sequence[DocumentKey],
    before_position: int | None = None,
) -> list[Chapter]:
    """The chapters of documents, in reading order.

    Args:
        before_position: only what begins before this token of the stream; None: all.
    """
    ids = [document.id for document in documents]
    outlined = [_of_outline(entry) for entry in storage.outline(db, ids, before_position)]
    have = {chapter.document_id for chapter in outlined}
    others = [document_id for document_id in ids if document_id not in have]
    headed = _by_headings(db, session_id, others, before_position)
    order = {document_id: i for i, document_id in enumerate(ids)}
    return sorted([*outlined, *headed], key=lambda chapter: order[chapter.document_id])


def chapter_ends(db: Database, document: DocumentRow) -> list[int]:
    """How many tokens of a document precede the end of each of its chapters, in order.

    In a text without an outline a chapter ends where the next one's heading begins; within its
    passage that is estimated from the characters. Entries of a table of contents count, too.
    """
    if ends := storage.chapter_ends(db, document.id):
        return ends
    for segment in storage.iter_segments(db, document.id):
        found = _HEADING.finditer(segment.text)
        ends += [start_of(segment, heading.start()) for heading in found]
    return ends


def start_of(passage: Passage | SegmentRow, character: int) -> int:
    """The token of its document at which a character of a passage is, about."""
    share = character / max(1, len(passage.text))
    return passage.token_start + int(passage.token_count * share)


def are_headings_cut(
    db: Database, session_id: int, documents: Sequence[DocumentKey], before_position: int | None
) -> bool:
    """Whether there are too many passages with such words to know every heading."""
    ids = [document.id for document in documents]
    for word in _WORDS:
        matches = storage.match_all(
            db, session_id, word, limit=1, document_ids=ids, before_position=before_position
        )
        if matches.total > MAX_HEADINGS:
            return True
    return False


def _of_outline(entry: OutlineEntry) -> Chapter:
    where = "" if entry.locator.startswith("chapter ") else place_name(entry.locator)
    return Chapter(
        entry.document_id, entry.number, entry.title, where, token_start=entry.token_start
    )


def _by_headings(
    db: Database, session_id: int, document_ids: Sequence[int], before_position: int | None
) -> list[Chapter]:
    found: list[Chapter] = []
    if not document_ids:
        return found
    for word in _WORDS:
        matches = storage.match_all(
            db,
            session_id,
            word,
            limit=MAX_HEADINGS,
            document_ids=document_ids,
            before_position=before_position,
        )
        for passage in storage.passages_by_id(db, matches.segment_ids):
            found += _headings(passage)
        if found:
            break
    return _without_table_of_contents(found)


def _headings(passage: Passage) -> list[Chapter]:
    chapters = []
    for match in _HEADING.finditer(passage.text):
        number, _ = number_of(match["number"])
        title = (match["title"] or "").strip(" .:—–-]\t_*#")
        if number and not title[:1].islower():
            where = place_name(passage.locator)
            heading = passage, match.start()
            start = start_of(*heading)
            chapters.append(Chapter(passage.document_id, number, title, where, heading, start))
    return chapters


def _without_table_of_contents(headings: Sequence[Chapter]) -> list[Chapter]:
    """The headings that text follows.

    Headings that follow each other at once are a table of contents; its last one is that after
    which the numbers begin again.
    """
    kept: list[Chapter] = []
    is_entry = False
    for chapter, following in zip(headings, [*headings[1:], None], strict=False):
        is_next_near = following is not None and _is_near(chapter, following)
        begins_again = following is not None and following.number <= chapter.number
        is_entry = is_next_near or (is_entry and begins_again)
        if not is_entry:
            kept.append(chapter)
    return kept


def _is_near(chapter: Chapter, following: Chapter) -> bool:
    if chapter.heading is None or following.heading is None:
        return False
    (passage, start), (other, end) = chapter.heading, following.heading
    return passage.segment_id == other.segment_id and end - start < MIN_CHAPTER_CHARS


def text_of_chapter(
    db: Database,
    chapter: Chapter,
    chapters: Sequence[Chapter],
    before_position: int | None = None,
) -> list[Passage]:
    """The passages of a chapter that was found by its heading, without what is around it.

    Args:
        chapters: of its document, in order.
        before_position: only passages that end at or before this token of the stream; None: all.
    """
    assert chapter.heading is not None
    passage, start = chapter.heading
    later = chapters[chapters.index(chapter) + 1 :]
    ends = (c.heading for c in later if c.document_id == chapter.document_id and c.heading)
    end = next(ends, None)
    return storage.passages_between(
        db,
        (passage.segment_id, start),
        (end[0].segment_id, end[1]) if end else None,
        before_position,
    )


def place_name(locator: str) -> str:
    """A locator without the title of its chapter: "page iii (3)".

    >>> place_name("page 12 (The Mill)"), place_name("page iii (3, The Mill)")
    ('page 12', 'page iii (3)')
    """
    return re.sub(r"\((?:(\d+), )?[^\d\s)].*\)$", _only_number, locator).strip()


def _only_number(match: re.Match[str]) -> str:
    return f"({match[1]})" if match[1] else ""
