"""The passages of the places that a question names: a page, a chapter, a clause, a range of lines.

The place is found first, and only its text is used: passages of other places would mislead. If
there is no such place, that is said, with what there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import storage
from app.service.answering.chapters import Chapter, are_headings_cut, list_chapters, text_of_chapter
from app.service.answering.clauses import clause_text, is_called_a_clause, numbered_clauses
from app.service.answering.contents import extent_of, range_of
from app.service.answering.places_in_question import (
    Place,
    is_named,
    places_in,
    searched_documents,
)
from app.service.answering.words import content_words, count_shared
from app.service.reading.titles import list_shown_keys
from storage import Database, DocumentKey, Passage

MAX_NAMED = 5
"""Documents that are named where all are meant."""
# What is asked about a place as a whole; other words say what is looked for there.
_ABOUT_ALL = frozenset(
    """
    content contents contain contains describe explain give happen happened happens in list on read
    state stated states summarise summarize summary summaries talk talks tell text there within
    written wrote document book file section part
    """.split()
)
_QUOTED = re.compile(r"[\"“«„]([^\"”»“]+)[\"”»“]")
_CHAPTER_WORD = r"(?:chapter|section|part|story|kapitel|abschnitt|chapitre)"


@dataclass(frozen=True)
class NamedPlace:
    """What a session has at the places that a question names.

    Args:
        passages: the best first.
        total: how many passages there are.
        looked_at: the place in words, such as "page 3 of Moby Dick".
        missing: a sentence about a place that is not there, with what there is; may be empty.
    """

    passages: list[Passage]
    total: int
    looked_at: str
    missing: str = ""


def find_named_place(
    db: Database, session_id: int, question: str, limit: int, before_position: int | None
) -> NamedPlace | None:
    """The passages of the places that a question names; None if it names none.

    Args:
        limit: the maximum number of passages.
        before_position: only passages that end at or before this token of the stream; None: all.
    """
    shown = list_shown_keys(db, session_id)
    documents = searched_documents(shown, before_position)
    folded = question.casefold()
    named = [d for d in documents if is_named(d, question, folded)] or documents
    search = _Search(db, session_id, named, limit, before_position)
    return search.numbered(question) or search.titled(question) or search.clause(question)


def missing_place(db: Database, session_id: int, question: str, before_position: int | None) -> str:
    """A sentence about a place that a question names and that is nowhere there, else empty.

    Only places with a number can be missing: the words of a title may mean something else. So most
    questions cost no search.

    Args:
        before_position: only what ends at or before this token of the stream counts; None: all.
    """
    kinds = {*storage.locator_kinds(db, session_id), "chapter", "page"}
    if not places_in(question, kinds)[0] and not numbered_clauses(question):
        return ""
    place = find_named_place(db, session_id, question, 1, before_position)
    return place.missing if place is not None and not place.passages else ""


@dataclass(frozen=True)
class _Search:
    """Looks for places in documents; see `find_named_place`."""

    db: Database
    session_id: int
    documents: Sequence[DocumentKey]
    limit: int
    before_position: int | None

    def numbered(self, question: str) -> NamedPlace | None:
        """Pages, chapters and lines by their numbers or labels."""
        kinds = storage.locator_kinds(self.db, self.session_id)
        places, rest = places_in(question, kinds)
        if not places:  # chapters may be found by their headings
            places, rest = places_in(question, {"chapter"} - set(kinds))
        if not places:
            places, rest = places_in(question, {"page"} - set(kinds), ordinals=False)
        if not places:
            return None
        found = [self._at(place, place.kind in kinds) for place in places]
        without = _ABOUT_ALL | _words_of(self.documents)
        words = {w: form for w, form in content_words(rest).items() if w not in without}
        missing = [p for p, (passages, _) in zip(places, found, strict=True) if not passages]
        if len(missing) == len(places) and not any(p.kind in kinds for p in places):
            # What is not counted in pages may still have such words.
            if words or not self._are_counted(places):
                return None
        if len(missing) == len(places) and any(p.kind == "chapter" for p in missing):
            # Behind the headings that were looked through there may be such a chapter.
            if are_headings_cut(self.db, self.session_id, self.documents, self.before_position):
                return None
        share = max(1, self.limit // len(places))
        chosen = [chosen_passages(passages, words, share) for passages, _ in found]
        mixed = [p for rank in range(self.limit) for c in chosen for p in c[rank : rank + 1]]
        once = list({p.segment_id: p for p in mixed}.values())  # places may overlap
        total = sum(count for _, count in found)
        names = " and ".join(_name(place) for place in places if place not in missing)
        looked_at = f"{names} of {self._titles(once)}" if once else ""
        return NamedPlace(once[: self.limit], total, looked_at, self._missing(missing))

    def titled(self, question: str) -> NamedPlace | None:
        """Chapters by their titles, if the question asks about a chapter as such."""
        chapters = list_chapters(self.db, self.session_id, self.documents, self.before_position)
        for chapter in chapters:
            if not is_asked_for(chapter.title, question):
                continue
            passages, total = self._chapter(chapter, chapters)
            name = f"chapter {chapter.number} ({chapter.title})"
            words = content_words(_without(chapter.title, question))
            words = {w: form for w, form in words.items() if w not in _ABOUT_ALL}
            chosen = chosen_passages(passages, words, self.limit)
            return NamedPlace(chosen, total, f"{name} of {self._titles(chosen)}")
        return None

    def clause(self, question: str) -> NamedPlace | None:
        """Clauses by their numbers, such as 2.2, where lines begin with them."""
        for label in numbered_clauses(question):
            found, others = clause_text(
                self.db,
                self.session_id,
                label,
                [document.id for document in self.documents],
                self.before_position,
            )
            if found:
                looked_at = f"{label} of {self._titles(found)}"
                return NamedPlace(found[: self.limit], len(found), looked_at)
            if others and is_called_a_clause(question, label):
                missing = f"There is no {label}; there is {', '.join(others)}."
                return NamedPlace([], 0, "", missing)
        return None

    def _at(self, place: Place, is_counted: bool) -> tuple[list[Passage], int]:
        found: list[Passage] = []
        total = 0
        if is_counted:
            found, total = storage.passages_at(
                self.db,
                self.session_id,
                place.kind,
                place.first,
                place.last,
                label=place.label,
                document_ids=[document.id for document in self.documents],
                before_position=self.before_position,
            )
        if place.kind == "chapter":
            chapters = self._chapters()
            for chapter in chapters:
                if chapter.heading and place.first <= chapter.number <= place.last:
                    text = text_of_chapter(self.db, chapter, chapters, self.before_position)
                    found, total = [*found, *text], total + len(text)
        return found, total

    def _chapters(self) -> list[Chapter]:
        return list_chapters(self.db, self.session_id, self.documents, self.before_position)

    def _chapter(self, chapter: Chapter, chapters: Sequence[Chapter]) -> tuple[list[Passage], int]:
        if chapter.heading:
            text = text_of_chapter(self.db, chapter, chapters, self.before_position)
            return text, len(text)
        return storage.passages_at(
            self.db,
            self.session_id,
            "chapter",
            chapter.number,
            chapter.number,
            document_ids=[chapter.document_id],
            before_position=self.before_position,
        )

    def _are_counted(self, places: Sequence[Place]) -> bool:
        """Whether it is known that there are no such places: pages are counted, or none are."""
        has_chapters = any(place.kind == "chapter" for place in places) and bool(self._chapters())
        return has_chapters or all(place.kind == "page" for place in places)

    def _missing(self, places: Sequence[Place]) -> str:
        if not places:
            return ""
        names = " and no ".join(_name(place) for place in places)
        ids = [document.id for document in self.documents]
        units = storage.unit_ranges(self.db, ids, self.before_position)
        chapters = self._chapters()
        parts = []
        for document in self.documents[:MAX_NAMED]:
            numbers = [c.number for c in chapters if c.document_id == document.id]
            counted = f"{range_of('chapter', min(numbers), max(numbers))}, " if numbers else ""
            extent = extent_of(document, units)
            if extent.startswith("chapter"):
                counted = ""
            parts.append(f"{document.title} has {counted}{extent}")
        more = len(self.documents) - MAX_NAMED
        parts += [f"{more:,} further documents are not named here"] if more > 0 else []
        bound = " up to there" if self.before_position is not None else ""
        there = "; ".join(parts) or "nothing was read"
        return f"There is no {names}{bound}: {there}."

    def _titles(self, passages: Iterable[Passage]) -> str:
        titles = {document.id: document.title for document in self.documents}
        found = list(dict.fromkeys(titles[p.document_id] for p in passages))
        more = len(found) - MAX_NAMED
        return ", ".join(found[:MAX_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def is_asked_for(title: str, question: str) -> bool:
    """Whether a question asks about the chapter of a title, not only about the title's words.

    >>> is_asked_for("The Mill", "What happens in The Mill?")
    True
    >>> is_asked_for("The Mill", "Who built the mill?")
    False
    """
    if not any(map(str.isalpha, title)):
        return False
    folded, text = " ".join(title.casefold().split()), " ".join(question.casefold().split())
    if folded not in text:
        return False
    if any(" ".join(q.casefold().split()) == folded for q in _QUOTED.findall(question)):
        return True
    whole = rf"(?<!\w){re.escape(folded)}(?!\w)"
    called = r"(?:\s+(?:called|named|titled|entitled|on|about))?\s+(?:the\s+)?"
    if re.search(rf"\b{_CHAPTER_WORD}{called}{whole}|{whole}\s+{_CHAPTER_WORD}\b", text):
        return True
    about = rf"\b(?:in|of|summari[sz]e|describe|explain)\s+{whole}"
    rest = set(content_words(_without(title, question)))
    return bool(re.search(about, text)) and rest <= _ABOUT_ALL


def chosen_passages(found: Sequence[Passage], words: dict[str, str], limit: int) -> list[Passage]:
    """The passages with most of the words; without such, the first and some between it and the end.

    They are in reading order where they have equally many of the words.
    """
    shared = {p.segment_id: count_shared(words, content_words(p.text)) for p in found}
    if any(shared.values()):
        ranked = sorted(found, key=lambda p: -shared[p.segment_id])
        return [p for p in ranked if shared[p.segment_id]][:limit]
    step = max(1, -(-len(found) // limit))
    return list(found[::step])


def _name(place: Place) -> str:
    if place.first < place.last:
        return f"{place.kind} {place.first}–{place.last}"
    return f"{place.kind} {place.label or place.first}"


def _without(title: str, question: str) -> str:
    return re.sub(re.escape(title), " ", question, flags=re.IGNORECASE)


def _words_of(documents: Iterable[DocumentKey]) -> set[str]:
    return {w for d in documents for w in content_words(f"{d.title} {d.file_name}")}
