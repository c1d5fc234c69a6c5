"""The material of an overview: all parts of the documents, in reading order.

Of a part there are the note that was taken while it was read, if one was, and its key sentences,
word for word. Parts without notes are even pieces of what was not noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import storage
from app.service.answering.by_document import by_document
from app.service.answering.key_sentences import KeySentence, rank_sentences, stems_of
from ingest.naming import clean_line
from storage import Database, DocumentKey, Note, Passage

MAX_PASSAGES = 480
"""Passages from which key sentences are chosen; of more, these are spread evenly."""
MAX_HITS = 32
"""Passages that have the words that are asked for, beside those."""
MIN_PART_TOKENS = 768
MAX_PIECES = 48
"""Even pieces, of all documents together, where there are no notes."""
FRAME_TOKENS = 6
"""For the number of a part, and the line's end."""
MIN_SENTENCE_TOKENS = 12
"""Less room than this is not filled."""
MAX_LABEL_CHARS = 40
"""Of a document's title before each of its parts."""
MIN_WEIGHT = 0.25
"""Of a part without a word that is asked for, against one that has most of them."""

Count = Callable[[str], int]
"""Tokens of a text."""


@dataclass(frozen=True)
class Part:
    """A part of a document.

    Args:
        title: of the document.
        note: what was noted while it was read; empty if nothing was.
        first: a passage where it begins; it may be the one before.
        ranked: its key sentences, the first one to take first.
        weight: how much of the room it gets, against the others.
        label: what it is called before the model; empty if all parts are of one document.
    """

    title: str
    note: str
    first: Passage
    ranked: tuple[KeySentence, ...]
    weight: float = 1.0
    label: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say of it."""
        return not (self.note or self.ranked)


@dataclass(frozen=True)
class Chosen:
    """What is taken of a part.

    Args:
        text: the note, then the sentences in reading order.
        source: the passage to cite for it.
    """

    part: Part
    text: str
    source: Passage

    @property
    def told(self) -> str:
        """What the model is told of it: of several documents each part has its own one's title."""
        return labelled(self.part.label, self.text)


@dataclass(frozen=True)
class Material:
    """All parts, and how many of the passages were looked through.

    Args:
        focus: stems of the words that are asked for.
    """

    parts: tuple[Part, ...]
    focus: frozenset[str]
    looked_through: int
    passages: int


def gather(
    db: Database,
    session_id: int,
    documents: Sequence[DocumentKey],
    focus: str,
    before_position: int | None,
) -> Material:
    """Gather the parts of documents.

    Args:
        documents: with the titles to show.
        focus: the words that are asked for; empty: the whole as it is.
        before_position: only what ends at or before this token of the stream; None: all.
    """
    ids = [document.id for document in documents]
    titles = {document.id: document.title for document in documents}
    languages = tuple(storage.session_languages(db, session_id))
    stems = stems_of(focus, languages) if focus else set()
    passages, total = storage.spread_passages(db, session_id, ids, MAX_PASSAGES, before_position)
    looked_through = len(passages)
    if stems and total > looked_through:
        hits = storage.search_passages(
            db,
            session_id,
            focus,
            limit=MAX_HITS,
            document_ids=ids,
            before_position=before_position,
        )
        passages = list({p.segment_id: p for p in [*passages, *hits]}.values())
        looked_through = len(passages)
    order = {document_id: place for place, document_id in enumerate(ids)}
    passages.sort(key=lambda p: (order[p.document_id], p.token_start, p.segment_id))
    notes = storage.list_notes(db, session_id, ids, before_position)
    tokens = sum(p.token_count for p in passages) * total // max(1, looked_through)
    size = max(MIN_PART_TOKENS, tokens // MAX_PIECES)
    passages_of = by_document(replace(p, document_title=titles[p.document_id]) for p in passages)
    notes_of = by_document(notes)
    parts: list[Part] = []
    for document_id in ids:
        own = passages_of.get(document_id, [])
        for of, inside in _pieces(own, notes_of.get(document_id, []), size):
            ranked = rank_sentences(inside, stems, languages)
            first = inside[0] if inside else _before(own, of)
            if first is not None:
                note = of.text if of else ""
                title = titles[document_id]
                label = clean_line(title, MAX_LABEL_CHARS) if len(ids) > 1 else ""
                parts.append(Part(title, note, first, ranked, label=label))
    weighed = _weighed([part for part in parts if not part.is_empty], stems, languages)
    return Material(tuple(weighed), frozenset(stems), looked_through, total)


def choose(parts: Sequence[Part], room: int, count: Count) -> list[Chosen]:
    """Take notes and key sentences of parts, in reading order, as many as there is room for.

    First each part gets its note, or its best sentence, the parts with the greatest weight first;
    then further sentences are shared out by weight.

    Args:
        room: tokens.
        count: of the tokens of a text.
    """
    taken: dict[int, list[KeySentence]] = {}
    left = room
    # Where not all fit, those that do are spread evenly.
    for i in sorted(range(len(parts)), key=lambda i: (-parts[i].weight, _mirrored(i))):
        cost = _least(parts[i], count)
        if cost <= left:
            left -= cost
            taken[i] = [] if parts[i].note else list(parts[i].ranked[:1])
    open_parts = {i: len(sentences) for i, sentences in taken.items()}
    while open_parts:
        # As seats are shared out by D'Hondt's method.
        i = max(open_parts, key=lambda i: (parts[i].weight / (1 + len(taken[i])), -i))
        at = open_parts[i]
        if at >= len(parts[i].ranked):
            del open_parts[i]
            continue
        open_parts[i] = at + 1
        sentence = parts[i].ranked[at]
        cost = count(f" {sentence.text}")
        if cost <= left:
            left -= cost
            taken[i].append(sentence)
        elif left < MIN_SENTENCE_TOKENS:
            break
    return [_chosen(parts[i], taken[i]) for i in sorted(taken)]


def least_tokens(parts: Sequence[Part], count: Count) -> int:
    """The room that parts need if each is told with its note or one sentence."""
    return sum(_least(part, count) for part in parts)


def labelled(label: str, text: str) -> str:
    """A text with the title of its document before it."""
    return f"{label}: {text}" if label else text


def _least(part: Part, count: Count) -> int:
    return count(f" {labelled(part.label, first_of(part))}") + FRAME_TOKENS


def _mirrored(i: int) -> float:
    """A number from 0 to 1, so that the first ones in its order are spread over all numbers."""
    return sum((i >> bit & 1) / (2 << bit) for bit in range(i.bit_length()))


def first_of(part: Part) -> str:
    """What a part is told with if there is room for no more."""
    return part.note or (part.ranked[0].text if part.ranked else "")


def _chosen(part: Part, taken: Sequence[KeySentence]) -> Chosen:
    in_order = sorted(taken, key=lambda sentence: sentence.place)
    text = " ".join(filter(None, [_ended(part.note), *(s.text for s in in_order)]))
    best = next((s.passage for s in taken), part.first)
    return Chosen(part, text, best if taken and not part.note else part.first)


def _ended(note: str) -> str:
    return note if not note or note[-1] in ".!?…" else f"{note}."


def _pieces(
    passages: Sequence[Passage], notes: Sequence[Note], size: int
) -> Iterable[tuple[Note | None, list[Passage]]]:
    """The parts of one document: those that were noted, and even pieces of what lies between.

    Args:
        size: tokens of a piece, about.
    """
    between: list[Passage] = []
    rest = list(passages)
    for note in notes:
        while rest and rest[0].token_start < note.token_start:
            between.append(rest.pop(0))
        yield from ((None, piece) for piece in _even(between, size))
        between = []
        inside: list[Passage] = []
        while rest and rest[0].token_start < note.token_end:
            inside.append(rest.pop(0))
        yield note, inside
    yield from ((None, piece) for piece in _even(rest, size))


def _even(passages: Sequence[Passage], size: int) -> list[list[Passage]]:
    if not passages:
        return []
    begin = passages[0].token_start
    extent = passages[-1].token_start + passages[-1].token_count - begin
    count = max(1, min(len(passages), round(extent / size)))
    pieces: list[list[Passage]] = [[] for _ in range(count)]
    for passage in passages:
        pieces[min(count - 1, (passage.token_start - begin) * count // max(1, extent))].append(
            passage
        )
    return [piece for piece in pieces if piece]


def _before(passages: Sequence[Passage], note: Note | None) -> Passage | None:
    """The last passage before a part; the first of the document if none is known."""
    if note is None:
        return None
    earlier = [p for p in passages if p.token_start <= note.token_start]
    return earlier[-1] if earlier else next(iter(passages), None)


def _weighed(parts: Sequence[Part], focus: set[str], languages: Sequence[str]) -> list[Part]:
    """The parts with weights: those with more of the words that are asked for get more room."""
    if not focus:
        return list(parts)
    having = [
        sum(s.has_focus for s in part.ranked)
        + 2 * (not focus.isdisjoint(stems_of(part.note, languages)))
        for part in parts
    ]
    most = max(having, default=0)
    if not most:
        return list(parts)
    return [
        replace(part, weight=MIN_WEIGHT + (1 - MIN_WEIGHT) * have / most)
        for part, have in zip(parts, having, strict=True)
    ]
