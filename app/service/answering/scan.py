""" "List all" and "how many": every passage that matches is gone through, and counted by code.

A passage matches if it contains each word that was asked for. In it the sentences (of a log or a
table: the lines) are taken that have all of the words, or else, in a text, most of them. What is
counted are these, not the things that they speak of: the answer says so.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass, replace

import storage
from app.service.answering.events import Scanned
from app.service.answering.line_wrapping import joined_lines
from app.service.answering.places_in_question import asked_among, searched_documents
from app.service.answering.question_kinds import Asked
from app.service.answering.support import sentences
from app.service.reading.titles import list_shown_keys
from storage import Database, Matches, Passage

MAX_SCANNED = 5_000
"""Passages that are gone through; how many were not is said."""
MAX_LISTED = 50
"""Sentences that a list shows, and passages that a count cites; how many more there are is said."""
MAX_ITEM_CHARS = 300
BATCH = 100
RECORD_KINDS = frozenset(("log", "jsonl", "table", "workbook", "code", "subtitles"))
"""Kinds of documents whose lines are what is counted."""
TABLE_KINDS = frozenset(("table", "workbook"))
ENTRY_KINDS = TABLE_KINDS | {"log", "jsonl"}
"""Each of their lines stands alone: words on two lines have nothing to do with each other."""


@dataclass(frozen=True)
class Item:
    """A sentence or line that matches, and how many times it contains the words.

    Args:
        is_whole: it has all of the words; else it is one of those of its passage that have most.
    """

    text: str
    passage: Passage
    count: int
    is_whole: bool = True


@dataclass(frozen=True)
class Scan:
    """What was found in every passage that matches.

    Args:
        items: in reading order.
        scanned: how many passages were gone through.
        matches: which passages match, and how many match in part.
        is_records: the items are lines.
        documents: how many documents were looked into.
        notes: sentences about what was left out.
    """

    items: list[Item]
    scanned: int
    matches: Matches
    is_records: bool
    documents: int
    notes: list[str]


def holds_records(db: Database, session_id: int, asked_of: Collection[int] | None = None) -> bool:
    """Whether all documents of a session are logs or tables.

    Args:
        asked_of: ids of the documents that are asked; None: all.
    """
    kinds_of = storage.kinds_of_documents(db, session_id)
    kinds = {kind for number, kind in kinds_of.items() if asked_of is None or number in asked_of}
    return bool(kinds) and kinds <= RECORD_KINDS


def scan(
    db: Database,
    session_id: int,
    subject: str,
    before_position: int | None,
    within: Collection[int] | None = None,
    from_end: bool = False,
    asked_of: Collection[int] | None = None,
) -> Generator[Scanned, None, Scan]:
    """Go through every passage that has the words of a subject.

    Of a file's versions the newest is looked into, and equal files once. Yields how far it is.

    Args:
        before_position: only passages that end at or before this token of the stream; None: all.
        within: ids of the documents to look into; None: all.
        from_end: where too many match, the last ones are gone through, not the first.
        asked_of: ids of the documents that are asked; None: all.
    """
    all_shown = list_shown_keys(db, session_id)
    searched = searched_documents(all_shown, before_position, asked_of)
    shown = asked_among(all_shown, asked_of)
    if within is not None:
        shown = [document for document in shown if document.id in within]
        searched = [document for document in searched if document.id in within]
    rows = {row.id: row for row in storage.list_documents(db, session_id)}
    alone = list({(d.sha256, d.encoding): d for d in reversed(searched)}.values())[::-1]
    titles = {document.id: document.title for document in shown}
    matches = storage.match_all(
        db,
        session_id,
        subject,
        limit=MAX_SCANNED,
        document_ids=[document.id for document in alone],
        before_position=before_position,
        from_end=from_end,
    )
    ids, items = matches.segment_ids, []
    headers: dict[int, set[str]] = {}
    for start in range(0, len(ids), BATCH):
        yield Scanned(start, len(ids))
        for passage in storage.passages_by_id(db, ids[start : start + BATCH]):
            kind = rows[passage.document_id].kind
            passage = replace(passage, document_title=titles[passage.document_id])
            header = headers.setdefault(passage.document_id, set())
            items += _items(passage, matches, kind, header)
    notes = []
    if matches.partial:
        notes.append(
            f"{_counted(matches.partial, 'passage')} with only some of the words left out."
        )
    if matches.total > len(ids):
        notes.append(f"{matches.total - len(ids):,} further passages were not gone through.")
    if len(shown) > len(alone):
        left = _counted(len(shown) - len(alone), "document")
        notes.append(f"{left} left out: older versions, copies, or what was read later.")
    unfinished = [titles[d.id] for d in alone if rows[d.id].token_count is None]
    if unfinished:
        notes.append(f"Not indexed to the end yet: {', '.join(unfinished)}.")
    kinds = {rows[item.passage.document_id].kind for item in items}
    return Scan(items, len(ids), matches, kinds <= RECORD_KINDS, len(alone), notes)


def scan_answer(found: Scan, asked: Asked, numbers: dict[int, int]) -> str:
    """The answer to a list or a count.

    Args:
        numbers: the number of each cited passage, by its id.
    """
    what = words_sought(asked.subject)
    if not found.items:
        return f"No passage has {what}."
    total = counted_items(found)
    head = f"{what}: in {total}"
    partly = sum(not item.is_whole for item in found.items)
    if partly:
        head += f", {partly:,} of them with only some of the words"
    if len(found.matches.terms) == 1:
        times = sum(item.count for item in found.items)
        head = f"{what}: {_counted(times, 'time')}, in {total}"
    if asked.kind == "count":
        return f"{head}."
    lines = [
        f"- {_clipped(item.text)} [{numbers[item.passage.segment_id]}]"
        for item in found.items[:MAX_LISTED]
    ]
    return "\n".join([f"{head}:", *lines])


def words_sought(subject: str) -> str:
    """The words of a subject that are looked for: “failed” and “password”, without "the", "of"."""
    words = subject.split()
    sought = [word for word in words if word.lower() not in storage.STOP_WORDS or word.isupper()]
    return " and ".join(f"“{word}”" for word in sought or words)


def counted_items(found: Scan) -> str:
    """How much was found: "9 lines of 5 passages"."""
    unit = "line" if found.is_records else "sentence"
    passages = _counted(len({item.passage.segment_id for item in found.items}), "passage")
    return f"{_counted(len(found.items), unit)} of {passages}"


def cited_passages(found: Scan, asked: Asked) -> list[Passage]:
    """The passages that the answer cites, each once, in reading order."""
    items = found.items[:MAX_LISTED] if asked.kind == "list" else found.items
    once = {item.passage.segment_id: item.passage for item in items}
    return list(once.values())[:MAX_LISTED]


def left_out(found: Scan, asked: Asked) -> list[str]:
    """Sentences about what the answer leaves out."""
    notes = list(found.notes)
    unit = "line" if found.is_records else "sentence"
    if asked.kind == "list" and len(found.items) > MAX_LISTED:
        notes.insert(0, f"Only the first {MAX_LISTED} of {len(found.items):,} {unit}s are listed.")
    elif asked.kind == "count" and found.scanned > MAX_LISTED:
        notes.insert(0, f"All were counted; the first {MAX_LISTED} passages are cited.")
    return notes


def _items(passage: Passage, matches: Matches, kind: str, header: set[str]) -> list[Item]:
    if kind in RECORD_KINDS:
        parts = [line.strip() for line in passage.text.splitlines() if line.strip()]
    else:
        parts = sentences(joined_lines(passage.text))
    if kind in TABLE_KINDS:  # the lines above the rows are in every passage
        parts, repeated = [p for p in parts if p not in header], parts[:2]
        header.update(repeated)
    counts = [matches.count_in(part) for part in parts]
    having = [sum(map(bool, count)) for count in counts]
    most = max(having, default=0)
    if most < len(matches.terms) > 1 and kind in ENTRY_KINDS:
        return []
    if most == 0:  # the words are over two parts, as in a broken word
        return [Item(passage.text.strip(), passage, 1)]
    return [
        Item(part, passage, sum(count), most == len(count))
        for part, count, have in zip(parts, counts, having, strict=True)
        if have == most
    ]


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_ITEM_CHARS else f"{text[:MAX_ITEM_CHARS].rstrip()}…"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
