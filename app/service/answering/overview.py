"""Questions about the whole: the material of all parts, condensed until it fits into one prompt.

Nothing is searched for a single passage. What there is of each part is laid before the model in
reading order; a question about somebody gives more room to the parts that speak of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import storage
from app.service.answering.answer import Question
from app.service.answering.citations import Citation
from app.service.answering.condensing import NO_COST, Cost, Group, condense
from app.service.answering.conversation import referred_turns, with_referred
from app.service.answering.events import Condensed
from app.service.answering.material import (
    MIN_WEIGHT,
    Chosen,
    Count,
    Material,
    choose,
    first_of,
    gather,
    least_tokens,
)
from app.service.answering.named_places import PlaceLookup
from app.service.answering.overview_prompt import HEAD, HEAD_OF_SEVERAL, MAX_NUMBER, overview_prompt
from app.service.answering.overview_questions import without_titles
from app.service.answering.places_in_question import (
    asked_among,
    is_named,
    names_of,
    searched_documents,
)
from app.service.answering.prompt import (
    Prompt,
    Turn,
    budget_tokens,
    history_text,
    without_numbers,
)
from app.service.answering.question_kinds import Kind, recognise
from app.service.answering.support import CheckedSentence
from app.service.answering.words import content_words
from app.service.reading.open_session import OpenSession
from app.service.reading.titles import list_shown_keys
from app.settings import Settings
from storage import Database, DocumentKey

MIN_ROOM = 48
"""Tokens for the parts; in a window with less, the question is answered from passages."""
EARLIER_SHARE = 4
"""The turn before a follow-up is shown if it takes at most this part of the room."""
KEY_SENTENCES = "The model found no words of its own. The text has this:"
MAX_KEY_LINES = 12
"""Of an answer that is made of key sentences."""
# What is asked about any text; the other words say whom or what the question is about.
_FRAME = frozenset(
    """
    about abschnitt account all analyse analyze answer arc argument arguments article artikel
    aspects attitude beginning bericht beschreibe besprochen between beziehung book books brief
    briefly buch buches call central change changed changes chapter character characteristics
    characters comment conclusion conclusions content contents conversation cours course cover de
    decided decisions deeply describe description detail details develop developed development
    develops discuss discussed discussion document documents dokument décris end entire entwickelt
    erkläre erzählt essay event events everything evolution evolve evolved evolves explain fass
    fasse figuren file files findings follow full ganze ganzen ganzes gebe geht general geschichte
    geschieht gib gist give goes grow handelt handlung happen happened happening happens hauptfigur
    hauptfiguren hauptthemen hero heroine histoire idea ideas importance important inhalt interview
    intrigue journey key laufe lecture letter letters library life like livre long main major make
    manual material matter mean meaning meeting meetings message moral narrator novel number outline
    outlook overall overview paper paragraph parle part parts passiert people personality
    personnages place play please plot point points premise principaux progress protagonist provide
    purpose quoi raconte read relation relationship relationships report resolutions result results
    retell role roman romane romans récit résume résumé réunion said schreibe sentences setting
    settings short show significance significant sitzung speak speech stories story storyline
    subject sujet sum summaries summarise summarize summary synopsis sätzen take takes tale talk
    talked tell text texte texts theme themen themes thing things throughout thème thèmes time topic
    topics trace traite traits transcript transform transformation unfold verhältnis verlauf
    verändert view views was way whole wichtigsten words work worum write zusammen zusammenfassung
    évolue überblick
    """.split()
)
_CAPITALISED = re.compile(r"\b[^\W\d_a-z][\w'’-]*")
_FRAME_WORDS = frozenset(word for text in _FRAME for word in content_words(text)).union(
    *storage.STOP_WORDS_OF.values()
)


@dataclass(frozen=True)
class Overview:
    """What an answer about the whole is made from.

    Args:
        known: the question and the turn before it.
        cost: of what was condensed.
        sentences: the answer if the model says nothing: key sentences, with their numbers.
        kind: see `Answer`.
    """

    prompt: Prompt
    known: str
    looked_at: str
    left_out: tuple[str, ...]
    cost: Cost
    sentences: tuple[str, ...]
    kind: Kind = "overview"

    @property
    def in_sentences_of_the_text(self) -> str:
        """The answer if the model says nothing."""
        return "\n".join([KEY_SENTENCES, *self.sentences])


def overview_documents(
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    lookup: PlaceLookup | None = None,
    asked_of: Collection[int] | None = None,
) -> list[DocumentKey]:
    """The documents that a question about the whole is about; none if it is no such question.

    These are those that it names, or all: of a file's versions the newest, and equal files once.

    Args:
        before_position: only documents that were begun before this token of the stream; None: all.
        lookup: keeps the place that the question names; see `PlaceLookup`.
        asked_of: ids of the documents that are asked; None: all.
    """
    shown = list_shown_keys(db, session_id)
    titles = [document.title for document in asked_among(shown, asked_of)]
    if recognise(question, titles=titles).kind != "overview":
        return []
    lookup = lookup or PlaceLookup(db, session_id, asked_of=asked_of)
    if lookup.find(question, before_position) is not None:
        return []
    searched = searched_documents(shown, before_position, asked_of)
    alone = list({(d.sha256, d.encoding): d for d in reversed(searched)}.values())[::-1]
    folded = question.casefold()
    return [d for d in alone if is_named(d, question, folded)] or alone


def make_overview(
    db: Database,
    settings: Settings,
    opened: OpenSession,
    question: Question,
    lookup: PlaceLookup | None = None,
) -> Generator[Condensed, None, Overview | None]:
    """Prepare the answer to a question about the whole.

    Yields `Condensed` while the model condenses what does not fit into one prompt.

    Returns:
        None if it is no such question, or there is no text, or no room for what is least.
    """
    position, runtime = opened.position, opened.session.runtime
    before_position = position if question.as_of else None
    documents = overview_documents(
        db, opened.row.id, question.text, before_position, lookup, question.asked_of
    )
    if not documents:
        return None
    turns = referred_turns(db, opened.row.id, question, position)[-1:]
    focus = focus_of(with_referred(question, turns), documents)
    material = gather(db, opened.row.id, documents, focus, before_position)
    title = documents[0].title if len(documents) == 1 else f"{len(documents):,} documents"
    tokenizer = runtime.tokenizer
    count = partial(count_tokens, tokenizer.encode)
    budget, _ = budget_tokens(runtime.stream, settings.max_answer_tokens)
    earlier = earlier_text(turns, budget // EARLIER_SHARE, count)
    head = HEAD if len(documents) == 1 else HEAD_OF_SEVERAL
    frame, _, _ = overview_prompt(tokenizer, question.text, title, earlier, [], head)
    room = budget - len(frame)
    if room < MIN_ROOM or not material.parts:
        return None
    parts = material.parts
    if least_tokens(parts, count) > room and material.focus:
        parts = tuple(part for part in parts if part.weight > MIN_WEIGHT) or parts
    left_out = _without_words(len(material.parts) - len(parts))
    cost = NO_COST
    if least_tokens(parts, count) <= room:
        chosen = choose(parts, room, count)
        groups = [Group(each.text, (each,), each.part.label) for each in chosen]
    else:
        groups, cost = yield from condense(opened.session, parts, room, count)
    if not groups:  # each part's best sentence is longer than the room, as in Chinese without stops
        return None
    groups = groups[:MAX_NUMBER]
    used = [each for group in groups for each in group.parts]
    left_out += _left_out(material, len(parts) - len(used))
    ids, lines, tail = overview_prompt(
        tokenizer, question.text, title, earlier, [group.told for group in groups], head
    )
    citations = tuple(_citation(i, group, position) for i, group in enumerate(groups, 1))
    prompt = Prompt(ids, citations, len(turns) if earlier else 0, lines, False, tail)
    known = "\n".join([question.text, earlier])
    looked_at = _looked_at(used, title, len(groups) if cost.tokens else 0)
    best = [first_of(group.parts[0].part) for group in groups]
    sentences = key_lines(best, range(1, len(groups) + 1))
    return Overview(prompt, known, looked_at, tuple(left_out), cost, sentences)


def cite_supporting(
    text: str, passages: Sequence[Citation], sentences: Sequence[CheckedSentence]
) -> tuple[Citation, ...]:
    """Mark the parts that an answer names, and those that support its sentences."""
    supporting = {number for sentence in sentences for number in sentence.supported_by}
    return tuple(
        replace(p, cited=p.number in supporting or f"[{p.number}]" in text) for p in passages
    )


def key_lines(sentences: Sequence[str], numbers: Sequence[int]) -> tuple[str, ...]:
    """Sentences as lines of an answer, spread evenly if there are many.

    Args:
        numbers: of the parts or passages that they are from.
    """
    step = -(-len(sentences) // MAX_KEY_LINES) or 1
    numbered = list(zip(numbers, sentences, strict=True))[::step]
    return tuple(f"- {without_numbers(text, MAX_NUMBER)} [{number}]" for number, text in numbered)


def focus_of(question: str, documents: Sequence[DocumentKey]) -> str:
    """The words of a question about the whole that say whom or what it is about; may be empty.

    >>> focus_of("How does Cornelia change throughout the novel?", [])
    'cornelia'
    """
    titles = [name for document in documents for name in names_of(document)]
    bare = without_titles(question, titles)
    of_titles = {w for title in titles for w in content_words(title)}
    # Of "Emma Woodhouse" only "Emma" may be named: a name is no word of the title.
    of_titles -= set(content_words(" ".join(_CAPITALISED.findall(bare))))
    words = content_words(bare)
    return " ".join(w for w in words if w not in _FRAME_WORDS and w not in of_titles)


def count_tokens(encode: Callable[[str], list[int]], text: str) -> int:
    """The tokens of a text."""
    return len(encode(text))


def earlier_text(turns: Sequence[Turn], room: int, count: Count) -> str:
    """The turns before a follow-up as the model reads them; empty if they take too much room."""
    text = "".join(history_text(turn) for turn in turns)
    return text if count(text) <= room else ""


def _citation(number: int, group: Group, position: int) -> Citation:
    """The parts of a group under their number, with all that the model was told of them."""
    citation = Citation.from_passage(number, group.parts[0].source, position)
    titles = {chosen.part.title for chosen in group.parts}
    text = "\n".join(chosen.told if len(titles) > 1 else chosen.text for chosen in group.parts)
    return replace(citation, document=group.parts[0].part.title, text=text)


def _looked_at(used: Sequence[Chosen], title: str, groups: int) -> str:
    noted = sum(bool(chosen.part.note) for chosen in used)
    other = len(used) - noted
    kinds = [f"the notes on {_parts(noted)}"] if noted else []
    kinds += [f"sentences of {_parts(other, further=bool(noted))}"] if other else []
    condensed = f", condensed in {groups:,} groups" if groups else ""
    return f"{' and '.join(kinds)} of {title}{condensed}"


def _parts(count: int, further: bool = False) -> str:
    return f"{count:,} {'further ' if further else ''}part{'' if count == 1 else 's'}"


def _without_words(count: int) -> list[str]:
    if not count:
        return []
    return [f"{_parts(count).capitalize()} without the words of the question left out."]


def _left_out(material: Material, dropped: int) -> list[str]:
    notes = []
    if dropped > 0:
        notes.append(f"{_parts(dropped).capitalize()} left out, as there was no room.")
    if material.looked_through < material.passages:
        notes.append(
            f"Sentences were taken from {material.looked_through:,} of {material.passages:,} "
            "passages, spread evenly."
        )
    return notes
