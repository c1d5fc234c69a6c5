"""Looks for what a session has at a page, a chapter, a clause or a range of lines.

`named_places.py` says for which questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import storage
from app.service.answering.absent_places import MAX_NAMED, AbsentPlaces, name_of_place
from app.service.answering.chapters import Chapter, are_headings_cut, list_chapters, text_of_chapter
from app.service.answering.clauses import (
    clause_labels,
    clause_text,
    is_called_a_clause,
    numbered_clauses,
    single_clause,
    without_label,
)
from app.service.answering.end_questions import Which, asked_end_of_place
from app.service.answering.places_in_question import (
    Place,
    has_ordinal,
    names_of,
    places_in,
)
from app.service.answering.quoting import Wanted, is_quoted, wanted_of
from app.service.answering.units import SMALL_UNITS, cut_to
from app.service.answering.words import content_words, count_shared
from app.service.reading.titles import listed_titles
from storage import Database, DocumentKey, Passage

# What is asked about a place as a whole; other words say what is looked for there.
_ABOUT_ALL = frozenset(
    """
    content contents contain contains describe explain give happen happened happens in list on read
    state stated states summarise summarize summary summaries talk talks tell text there within
    written wrote document book file section part
    """.split()
)
_LONG_WORD = re.compile(r"\w{4,}")
_NAME_WORD = re.compile(r"[^\W\d_]+")
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
        text: all passages in reading order; of lines, rows and paragraphs only these.
        is_small: it is of a kind that is mostly short, such as a line.
        wanted: what is asked about it.
    """

    passages: list[Passage]
    total: int
    looked_at: str
    missing: str = ""
    text: Sequence[Passage] = ()
    is_small: bool = False
    wanted: Wanted = "other"

    @property
    def is_quoted(self) -> bool:
        """Whether it is to be quoted, not retold."""
        return is_quoted(self.text, self.wanted, self.is_small)


@dataclass(frozen=True)
class PlaceSearch:
    """Looks for the places that a question names in documents.

    Args:
        limit: the maximum number of passages.
        before_position: only passages that end at or before this token of the stream; None: all.
    """

    db: Database
    session_id: int
    documents: Sequence[DocumentKey]
    limit: int
    before_position: int | None

    def numbered(self, question: str) -> NamedPlace | None:
        """Pages, chapters and lines by their numbers or labels."""
        kinds = storage.locator_kinds(self.db, self.session_id)
        titles = ordered_titles(self.documents, question)
        places, rest = places_in(question, kinds, titles=titles)
        if not places:  # chapters may be found by their headings
            places, rest = places_in(question, {"chapter"} - set(kinds), titles=titles)
        if not places:
            places, rest = places_in(question, {"page"} - set(kinds), ordinals=False)
        if not places:
            return None
        found = _within_each_other(
            places, [self._at(place, place.kind in kinds) for place in places]
        )
        found = [
            self._cut_to_units(place, passages, total)
            for place, (passages, total) in zip(places, found, strict=True)
        ]
        without = _ABOUT_ALL | _words_of(self.documents)
        words = {w: form for w, form in content_words(rest).items() if w not in without}
        end = asked_end_of_place(rest)
        words = {} if end else words
        missing = [p for p, (passages, _) in zip(places, found, strict=True) if not passages]
        if len(missing) == len(places) and not any(p.kind in kinds for p in places):
            # What is not counted in pages may still have such words.
            if words or not self._are_counted(places):
                return None
        if len(missing) == len(places) and any(p.kind == "chapter" for p in missing):
            # Behind the headings that were looked through there may be such a chapter.
            if are_headings_cut(self.db, self.session_id, self.documents, self.before_position):
                return None
        absent = AbsentPlaces(self.db, self.session_id, self.documents, self.before_position)
        share = max(1, self.limit // len(places))
        chosen = [
            _at_end(passages, end, share) if end else chosen_passages(passages, words, share)
            for passages, _ in found
        ]
        mixed = [p for rank in range(self.limit) for c in chosen for p in c[rank : rank + 1]]
        once = list({p.segment_id: p for p in mixed}.values())  # places may overlap
        total = sum(count for _, count in found)
        names = " and ".join(name_of_place(place) for place in places if place not in missing)
        of_end = f"the {end} of " if end else ""
        looked_at = f"{of_end}{names} of {self._titles(once)}" if once else ""
        whole = {(p.segment_id, p.locator): p for passages, _ in found for p in passages}
        return NamedPlace(
            once[: self.limit],
            total,
            looked_at,
            absent.said_of(missing) or absent.beyond_the_end(places),
            list(whole.values()),
            all(place.kind in SMALL_UNITS for place in places) and not end,
            wanted_of(question, rest, self._document_words()),
        )

    def titled(self, question: str) -> NamedPlace | None:
        """Chapters by their titles, if the question asks about a chapter as such."""
        chapters = list_chapters(self.db, self.session_id, self.documents, self.before_position)
        for chapter in chapters:
            if not is_asked_for(chapter.title, question):
                continue
            passages, total = self._chapter(chapter, chapters)
            name = f"chapter {chapter.number} ({chapter.title})"
            rest = _without(chapter.title, question)
            words = content_words(rest)
            words = {w: form for w, form in words.items() if w not in _ABOUT_ALL}
            chosen = chosen_passages(passages, words, self.limit)
            return NamedPlace(
                chosen,
                total,
                f"{name} of {self._titles(chosen)}",
                text=passages,
                wanted=wanted_of(question, rest, self._document_words()),
            )
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
                return NamedPlace(
                    found[: self.limit],
                    len(found),
                    looked_at,
                    text=found,
                    is_small=True,
                    wanted=self._wanted_of_clause(question, label),
                )
            if others and is_called_a_clause(question, label):
                missing = f"There is no {label}; there is {', '.join(others)}."
                return NamedPlace([], 0, "", missing)
        return None

    def section(self, question: str) -> NamedPlace | None:
        """A section or article with a number of one part, if it is to be quoted.

        Whatever else is asked about it is answered by search: such a number is often no label.
        """
        for label in clause_labels(question):
            wanted = self._wanted_of_clause(question, label)
            if wanted == "other" or not is_called_a_clause(question, label):
                continue
            ids = [document.id for document in self.documents]
            found = single_clause(self.db, self.session_id, label, ids, self.before_position)
            if is_quoted(found, wanted, is_small=True):
                looked_at = f"{label} of {self._titles(found)}"
                shown = found[: self.limit]
                return NamedPlace(shown, len(found), looked_at, "", found, True, wanted)
        return None

    def _wanted_of_clause(self, question: str, label: str) -> Wanted:
        return wanted_of(question, without_label(question, label), self._document_words())

    def _document_words(self) -> set[str]:
        names = (name for document in self.documents for name in names_of(document))
        return {word for name in names for word in _NAME_WORD.findall(name.casefold())}

    def _cut_to_units(
        self, place: Place, passages: list[Passage], total: int
    ) -> tuple[list[Passage], int]:
        """What was found at a place, without other lines; nothing if it is an empty line."""
        if place.kind not in SMALL_UNITS:
            return passages, total
        cut = [cut_to(self.db, p, place.first, place.last) for p in passages]
        inside = [p for p in cut if p.text.strip()]
        return inside, total if inside else 0

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

    def _titles(self, passages: Iterable[Passage]) -> str:
        titles = {document.id: document.title for document in self.documents}
        return listed_titles((titles[p.document_id] for p in passages), MAX_NAMED)


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


def _at_end(found: Sequence[Passage], end: Which, limit: int) -> list[Passage]:
    """The outermost passages of a place, the one at its very end first."""
    return list(found[:limit]) if end == "beginning" else list(found[-limit:][::-1])


def ordered_titles(documents: Iterable[DocumentKey], question: str) -> set[str]:
    """The names of documents that a question has in it, if it may have "third page of" before.

    A word of a name counts, too: of "Letter to Anna" people say "the second page of the letter".
    """
    if not has_ordinal(question):
        return set()
    folded = question.casefold()
    names = {name.casefold() for document in documents for name in names_of(document)}
    words = {word for name in names for word in _LONG_WORD.findall(name)}
    return {name for name in names if name in folded} | (words & {*_LONG_WORD.findall(folded)})


def _within_each_other(
    places: Sequence[Place], found: list[tuple[list[Passage], int]]
) -> list[tuple[list[Passage], int]]:
    """What was found at places; of "page 1 of chapter 2" only what is at both, if anything is."""
    if len({place.kind for place in places}) < len(places):
        return found
    common = set.intersection(*({p.segment_id for p in passages} for passages, _ in found))
    if not common:
        return found
    kept = [[p for p in passages if p.segment_id in common] for passages, _ in found]
    return [(passages, len(passages)) for passages in kept]


def _without(title: str, question: str) -> str:
    return re.sub(re.escape(title), " ", question, flags=re.IGNORECASE)


def _words_of(documents: Iterable[DocumentKey]) -> set[str]:
    return {w for d in documents for w in content_words(f"{d.title} {d.file_name}")}
