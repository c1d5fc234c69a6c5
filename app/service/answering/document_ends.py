"""Questions about the beginning or the end of a document, answered from its text there alone.

Which document and which passages these are is found by code: of the document that is named, or the
one that was read last, the outermost passages that fit into the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import storage
from app.service.answering.answer import Question
from app.service.answering.citations import Citation
from app.service.answering.condensing import NO_COST
from app.service.answering.conversation import referred_turns
from app.service.answering.end_questions import AskedEnd, asked_end, speaks_of_a_text
from app.service.answering.key_sentences import rank_sentences
from app.service.answering.line_wrapping import unwrapped
from app.service.answering.material import MIN_SENTENCE_TOKENS, Count
from app.service.answering.overview import (
    EARLIER_SHARE,
    MIN_ROOM,
    Overview,
    count_tokens,
    earlier_text,
    key_lines,
)
from app.service.answering.overview_prompt import (
    ASK_OF_END,
    HEAD_OF_BEGINNING,
    HEAD_OF_END,
    MAX_NUMBER,
    line,
    overview_prompt,
)
from app.service.answering.places_in_question import (
    asked_among,
    is_named,
    names_of,
    searched_documents,
)
from app.service.answering.prompt import LINED, Prompt, budget_tokens
from app.service.answering.text_proper import (
    TextProper,
    without_what_follows,
    without_what_precedes,
)
from app.service.reading.notes import NOTED_KINDS
from app.service.reading.open_session import OpenSession
from app.service.reading.titles import list_shown_keys
from app.settings import Settings
from storage import Database, DocumentKey, Passage

MAX_LOOKED_THROUGH = 480
"""Passages at an end that are looked through for what is not the text."""
MAX_TOKENS = 1024
"""Of the passages that are shown: more distracts a small model from the very end."""
MAX_LITERAL = 3
"""Passages that are shown if the very last or first lines are asked for."""
MAX_KEY_SENTENCES = 3


@dataclass(frozen=True)
class _End:
    """An end of a document.

    Args:
        passages: the outermost ones of the text, in reading order.
        others: how many other documents there are.
    """

    document: DocumentKey
    passages: tuple[Passage, ...]
    text: TextProper
    others: int


def make_end(
    db: Database, settings: Settings, opened: OpenSession, question: Question
) -> Overview | None:
    """Prepare the answer to a question about the beginning or the end of a document.

    Returns:
        None if it is no such question, or there is no text, or no room for it.
    """
    position, runtime = opened.position, opened.session.runtime
    before_position = position if question.as_of else None
    shown = list_shown_keys(db, opened.row.id)
    among = asked_among(shown, question.asked_of)
    titles = [name for document in among for name in names_of(document)]
    asked = asked_end(question.text, titles)
    if asked is None:
        return None
    turns = referred_turns(db, opened.row.id, question, position)[-1:]
    if asked.is_pronoun and turns and not speaks_of_a_text(turns[0].question, titles):
        return None
    tokenizer = runtime.tokenizer
    count = partial(count_tokens, tokenizer.encode)
    budget, _ = budget_tokens(runtime.stream, settings.max_answer_tokens)
    earlier = earlier_text(turns, budget // EARLIER_SHARE, count)
    documents = searched_documents(shown, before_position, question.asked_of)
    found = _find(db, opened.row.id, documents, question.text, asked, before_position)
    if found is None:
        return None
    title = found.document.title
    head = HEAD_OF_END if asked.which == "end" else HEAD_OF_BEGINNING
    frame, _, _ = overview_prompt(tokenizer, question.text, title, earlier, [], head, ASK_OF_END)
    room = budget - len(frame)
    if room < MIN_ROOM:
        return None
    chosen = _fitting(found.passages, asked, min(room, MAX_TOKENS), count)
    if not chosen:
        return None
    citations = tuple(
        Citation.from_passage(number, replace(passage, document_title=title), position)
        for number, passage in enumerate(chosen, 1)
    )
    ids, lines, tail = overview_prompt(
        tokenizer, question.text, title, earlier, [p.text for p in chosen], head, ASK_OF_END
    )
    prompt = Prompt(ids, citations, len(turns) if earlier else 0, lines, False, tail)
    return Overview(
        prompt=prompt,
        known="\n".join([question.text, earlier]),
        looked_at=_looked_at(found, chosen, asked, before_position),
        left_out=tuple(_left_out(found, asked, before_position)),
        cost=NO_COST,
        sentences=_key_sentences(db, opened.row.id, chosen),
        kind="place",
    )


def _find(
    db: Database,
    session_id: int,
    documents: Sequence[DocumentKey],
    question: str,
    asked: AskedEnd,
    before_position: int | None,
) -> _End | None:
    """The end of the document that a question names, or of the one that was read last.

    What tells something goes before logs and tables: "the story" is none of these.
    """
    folded = question.casefold()
    named = [d for d in documents if is_named(d, question, folded)]
    kinds = storage.kinds_of_documents(db, session_id)
    latest = sorted(
        named or documents,
        key=lambda d: (kinds.get(d.id) in NOTED_KINDS, d.start_position or 0, d.ordinal),
        reverse=True,
    )
    for document in latest:
        passages = storage.outer_passages(
            db,
            session_id,
            document.id,
            MAX_LOOKED_THROUGH,
            at_end=asked.which == "end",
            before_position=before_position,
        )
        if not passages:
            continue
        is_told = not asked.is_literal and kinds.get(document.id) in NOTED_KINDS
        if not is_told:
            text = TextProper(tuple(passages))
        elif asked.which == "end":
            # Up to an earlier position there is no end of the document to look at.
            text = without_what_follows(passages)
        else:
            text = without_what_precedes(passages, _tokens(db, session_id, document, passages))
        others = len({d.sha256 for d in documents}) - 1
        return _End(document, text.passages, text, 0 if named else others)
    return None


def _tokens(
    db: Database, session_id: int, document: DocumentKey, passages: Sequence[Passage]
) -> int:
    last = storage.outer_passages(db, session_id, document.id, 1, at_end=True) or passages[-1:]
    return last[-1].token_start + last[-1].token_count


def _fitting(
    passages: Sequence[Passage], asked: AskedEnd, room: int, count: Count
) -> list[Passage]:
    """The outermost passages that there is room for, in reading order, as the model reads them."""
    at_end = asked.which == "end"
    most = MAX_LITERAL if asked.is_literal else MAX_NUMBER
    taken: list[Passage] = []
    for passage in reversed(passages) if at_end else passages:
        is_lined = passage.locator_kind in LINED and passage.locator_kind != "line"
        text = passage.text.strip() if is_lined else unwrapped(passage.text.strip())
        cost = count(line(MAX_NUMBER, text))
        if cost > room and not taken:
            text = _cut(text, room, at_end, count)
            cost = count(line(MAX_NUMBER, text)) if text else 0
        if cost > room or len(taken) == most:
            break
        if text:
            taken.append(replace(passage, text=text))
            room -= cost
    return taken[::-1] if at_end else taken


def _cut(text: str, room: int, at_end: bool, count: Count) -> str:
    """The outer part of a text that is too long; empty if there is no room for any."""
    while (cost := count(line(MAX_NUMBER, text))) > room:
        keep = int(len(text) * room / cost * 0.9)
        if keep < MIN_SENTENCE_TOKENS:
            return ""
        if at_end:
            text = text[-keep:]
            text = f"…{text.partition(' ')[2] or text}"
        else:
            text = f"{text[:keep].rstrip()}…"
    return text


def _looked_at(
    found: _End, chosen: Sequence[Passage], asked: AskedEnd, before_position: int | None
) -> str:
    """What was looked at: "the last 2 pages of Moby Dick"."""
    first, last = chosen[0], chosen[-1]
    kinds = {passage.locator_kind for passage in chosen}
    if len(kinds) == 1 and first.locator_kind != "chapter":
        units, unit = last.locator_end - first.locator_start + 1, first.locator_kind
    else:
        units, unit = len(chosen), "passage"
    outer = "last" if asked.which == "end" else "first"
    number = f"{units:,} {unit}s" if units > 1 else unit
    places = (
        first.locator if first.locator == last.locator else f"{first.locator} to {last.locator}"
    )
    is_cut = asked.which == "end" and before_position is not None
    up_to = " as far as asked" if is_cut else ""
    before = f" before {found.text.left_out}" if found.text.where else ""
    return f"the {outer} {number} of {found.document.title}{before}{up_to} ({places})"


def _left_out(found: _End, asked: AskedEnd, before_position: int | None) -> list[str]:
    notes = []
    if found.text.where:
        notes.append(
            f"What follows from {found.text.left_out} ({found.text.where}) on was taken for no "
            "part of the text."
        )
    elif found.text.left_out:
        notes.append("Title pages and the like were taken for no part of the text.")
    if asked.which == "end" and before_position is not None:
        notes.append("What comes after that place was not looked at, the end of the whole neither.")
    if found.others == 1:
        notes.append("The other document was not looked at; name it to ask about it.")
    elif found.others > 1:
        notes.append(
            f"{found.others:,} other documents were not looked at; name one to ask about it."
        )
    return notes


def _key_sentences(db: Database, session_id: int, chosen: Sequence[Passage]) -> tuple[str, ...]:
    languages = tuple(storage.session_languages(db, session_id))
    ranked = rank_sentences(chosen, set(), languages)[:MAX_KEY_SENTENCES]
    numbers = {passage.segment_id: number for number, passage in enumerate(chosen, 1)}
    in_order = sorted(ranked, key=lambda sentence: sentence.place)
    return key_lines(
        [sentence.text for sentence in in_order],
        [numbers[sentence.passage.segment_id] for sentence in in_order],
    )
