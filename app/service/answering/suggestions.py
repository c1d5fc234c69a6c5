"""First questions for a session, made of what its texts name, without the model.

They come from headings, clauses, names that recur (above all those in the notes taken while
reading), speakers, lines of logs and rows of tables, and are put in the language of the text. Only
those are suggested for which a passage is found that is not beside the question.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

import storage
from app.service.answering.overview_questions import is_about_the_whole
from app.service.answering.places_in_question import asked_among
from app.service.answering.retrieval import (
    is_beside_the_question,
    lacks_named_entity,
    retrieve,
)
from app.service.answering.suggestion_material import (
    clauses_of,
    error_messages,
    failing_services,
    frequent_words,
    has_decisions,
    is_tale,
    markdown_headings,
    names_of,
    pairs_of,
    refused_paths,
    speakers_of,
)
from app.service.answering.suggestion_phrases import phrase
from app.service.reading.titles import list_shown_keys
from ingest import is_lettered
from storage import Database, DocumentRow, SessionRow

MAX_QUESTIONS = 4
_MAX_SEGMENTS = 300
_MAX_DOCUMENTS = 50
_CANDIDATES_PER_KIND = 6
_MAX_CHECKED = 24
_CHECKED_PASSAGES = 3
_MAX_NOTES = 200
_MAX_HEADING_CHARS = 60
_CHAPTER_NUMBER = re.compile(r"(chapter|part|section|book)?\W*([ivxlcdm]+|\d+)?\W*", re.IGNORECASE)
_BESIDE = re.compile(
    r"front matter|(?:table of )?contents|title page|cover|copyright|preface|introduction|index|"
    r"notes?|about .*|appendix|inhalt\w*|vorwort|einleitung|impressum|préface|sommaire|"
    r"table des matières|prólogo|índice",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"[\d.]+\s+(?=\D)")
_BOOKS = frozenset({"epub", "fb2"})
_LOGS = frozenset({"log", "jsonl"})
_TABLES = frozenset({"table", "workbook"})
_CELL = re.compile(r"\s*[|\t]\s*")
_NUMBER = re.compile(r"[\d.,%$€£+-]+")


def suggest_questions(
    db: Database, row: SessionRow, asked_of: Collection[int] | None = None
) -> list[str]:
    """At most `MAX_QUESTIONS` questions of different kinds; none while the index lacks something.

    The search would index the rest, which may take minutes: too long for what nobody asked for.

    Args:
        asked_of: ids of the documents that are asked; None: all.
    """
    documents = documents_with_text(db, row.id, asked_of)
    if not documents or storage.lacks_segments(db, row.id):
        return []
    candidates = itertools.islice(
        dict.fromkeys(_candidates(db, row, documents, asked_of)), _MAX_CHECKED
    )
    found = (question for question in candidates if _is_answered(db, row.id, question, asked_of))
    return list(itertools.islice(found, MAX_QUESTIONS))


def _is_answered(
    db: Database, session_id: int, question: str, asked_of: Collection[int] | None
) -> bool:
    """Whether it is of the whole, or passages are found that speak of what it asks about."""
    if is_about_the_whole(question):
        return True
    passages = retrieve(db, session_id, question, _CHECKED_PASSAGES, None, asked_of)
    return not (
        lacks_named_entity(question, passages) or is_beside_the_question(question, passages)
    )


def documents_with_text(
    db: Database, session_id: int, asked_of: Collection[int] | None
) -> list[DocumentRow]:
    """The first documents of a session that have text, with the titles to show."""
    shown = asked_among(list_shown_keys(db, session_id), asked_of)
    titles = {key.id: key.title for key in shown[:_MAX_DOCUMENTS]}
    documents = storage.get_documents(db, list(titles))
    return [replace(d, title=titles[d.id]) for d in documents if d.segment_count]


def _candidates(
    db: Database,
    row: SessionRow,
    documents: list[DocumentRow],
    asked_of: Collection[int] | None,
) -> Iterator[str]:
    """Questions of each kind in turn, the best of each first."""
    share = _MAX_SEGMENTS // len(documents) + 1
    logs: list[str] = []
    tables: list[str] = []
    texts: list[str] = []
    for document in documents:
        segments = itertools.islice(storage.iter_segments(db, document.id), share)
        kind = logs if document.kind in _LOGS else tables if document.kind in _TABLES else texts
        kind += [segment.text for segment in segments]
    language = storage.language_of(texts) if texts else "english"
    kinds = [
        _about_speakers(texts, language),
        _about_names(db, row, asked_of, texts, language),
        _about_headings(db, row, documents, texts, language),
        _about_clauses(texts, language),
        (phrase("english", "event", message) for message in error_messages(logs)),
        (phrase("english", "errors", service) for service in failing_services(logs)),
        (phrase("english", "refused", path) for path in refused_paths(logs)),
        _about_rows(tables),
    ]
    yield from _in_turn(kinds)
    if any(text.strip() for text in texts):
        yield phrase(language, "whole")
    words = frequent_words(texts)[:_CANDIDATES_PER_KIND]
    yield from (phrase(language, "word", word) for word in words)


def _in_turn(kinds: Iterable[Iterable[str]]) -> Iterator[str]:
    firsts = (itertools.islice(kind, _CANDIDATES_PER_KIND) for kind in kinds)
    yield from filter(None, itertools.chain.from_iterable(itertools.zip_longest(*firsts)))


def _about_names(
    db: Database,
    row: SessionRow,
    asked_of: Collection[int] | None,
    texts: list[str],
    language: str,
) -> Iterator[str]:
    """Questions about people, pairs of people and places."""
    if not is_tale(texts):
        return
    notes = storage.list_notes(
        db, row.id, None if asked_of is None else sorted(asked_of), limit=_MAX_NOTES
    )
    names = names_of(texts, " ".join(note.text for note in notes))[: 2 * _CANDIDATES_PER_KIND]
    people = [phrase(language, "person", name.text) for name in names if not name.is_place]
    places = [phrase(language, "place", name.text) for name in names if name.is_place]
    pairs = [phrase(language, "persons", *pair) for pair in pairs_of(texts, names)]
    yield from _in_turn([people, pairs, places])


def _about_headings(
    db: Database, row: SessionRow, documents: list[DocumentRow], texts: list[str], language: str
) -> Iterator[str]:
    ids = [document.id for document in documents]
    titles = [read.chapter_title for read in storage.read_ranges(db, row.id, ids)]
    titles += [heading.title for heading in storage.headings(db, ids)]
    titles += [entry.title for entry in storage.outline(db, ids)]
    in_markdown = markdown_headings(texts)
    titles += in_markdown
    of_documents = {document.title.casefold() for document in documents}
    is_book = all(document.kind in _BOOKS for document in documents)
    is_told = is_book or (not in_markdown and is_tale(texts))
    kind = "told" if is_told else "section"
    for title in dict.fromkeys(titles):
        plain = _NUMBERED.sub("", title).strip()
        is_short = 2 < len(plain) <= _MAX_HEADING_CHARS and not plain.endswith("…")
        if (
            not is_short
            or _BESIDE.fullmatch(plain)
            or _CHAPTER_NUMBER.fullmatch(title)
            or plain.casefold() in of_documents
        ):
            continue
        yield phrase(language, kind, plain)


def _about_speakers(texts: list[str], language: str) -> Iterator[str]:
    """Questions about who says what in the minutes of a meeting, and what was decided."""
    speakers = speakers_of(texts)
    words = set[str]()
    for number, (name, said) in enumerate(speakers.items()):
        word = next((word for word in said if word not in words), None)
        if word is not None:
            words.add(word)
            yield phrase(language, "speaker", name, word)
        if number == 0 and has_decisions(texts):
            yield phrase(language, "decided")


def _about_clauses(texts: list[str], language: str) -> Iterator[str]:
    """Questions about clauses from all over a law or contract."""
    clauses = clauses_of(texts)
    for clause in clauses[1 :: max(1, len(clauses) // _CANDIDATES_PER_KIND)]:
        is_inside = language in ("french", "spanish")
        yield phrase(language, "clause", clause[0].lower() + clause[1:] if is_inside else clause)


def _about_rows(texts: list[str]) -> Iterator[str]:
    """Questions about cells: a column of numbers, for what the first column of a row names."""
    for number, text in enumerate(texts[:: max(1, len(texts) // _CANDIDATES_PER_KIND)]):
        if any(map(is_lettered, text.splitlines())):  # nobody asks for "column B"
            continue
        lines = [_CELL.split(line.strip("| \t")) for line in text.splitlines()]
        header = next((cells for cells in lines if len(cells) > 1), [])
        rows = [cells for cells in lines if len(cells) == len(header) > 1 and cells != header]
        for cells in rows[len(rows) // 2 : len(rows) // 2 + 1]:
            named = next((i for i, cell in enumerate(cells) if _is_label(cell)), None)
            asked = [i for i in range(len(cells)) if i != named and _NUMBER.fullmatch(cells[i])]
            if named is not None and asked:
                column = header[asked[number % len(asked)]].replace("_", " ")
                yield phrase("english", "cell", column, cells[named])


def _is_label(cell: str) -> bool:
    """Whether a cell names what its row is about, rather than being a number or a code."""
    is_named = " " in cell or cell.isalpha()
    return is_named and 2 < len(cell) <= _MAX_HEADING_CHARS and not _NUMBER.fullmatch(cell)
