"""Condenses groups of parts: the map step of an overview of what is too long for one prompt.

Each group of parts that follow one another is read in a fork of the session, and the model says in
a few sentences what is in it. How many groups there are is bounded, so that the time is.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ahn_runtime import Session
from app.service.answering.events import Condensed
from app.service.answering.fresh_sentences import FreshSentences, goes_round
from app.service.answering.material import Chosen, Count, Part, choose, labelled
from app.service.answering.overview_prompt import group_prompt
from app.service.reading.titles import listed_titles

MAX_GROUPS = 8
MIN_GROUP_TOKENS = 64
"""Of a condensed group, if the room allows two of them."""
GROUP_ROOM = 480
"""Tokens of a group's parts that are read: more would take a small model longer than it helps."""
MARGIN_TOKENS = 8
MIN_SAID_TOKENS = 16
"""Of a condensed group, beside the titles of its documents."""
MAX_TITLES = 2
"""Documents of a group that are named; how many more there are is said."""
MAX_TOKEN_CHARACTERS = 3
"""What a token holds at least, in texts that are read; a group that is not told well is cut so."""


@dataclass(frozen=True)
class Group:
    """A condensed group.

    Args:
        text: what the model says of it.
        parts: what it was told of each part.
        label: the titles of its documents; empty if all parts are of one.
    """

    text: str
    parts: tuple[Chosen, ...]
    label: str = ""

    @property
    def told(self) -> str:
        """What the model is told of it."""
        return labelled(self.label, self.text)


@dataclass(frozen=True)
class Cost:
    """Tokens fed, and FLOPs."""

    tokens: int = 0
    flops: int = 0


NO_COST = Cost()


def condense(
    session: Session, parts: Sequence[Part], room: int, count: Count
) -> Generator[Condensed, None, tuple[list[Group], Cost]]:
    """Condense parts in groups that together fit into a prompt.

    Yields how many groups are done, for each chunk that is read and each sentence that is said.

    Args:
        session: is forked for each group.
        room: tokens of all condensed groups together.
        count: of the tokens of a text.
    """
    total = max(2, min(MAX_GROUPS, room // (MIN_GROUP_TOKENS + MARGIN_TOKENS), len(parts)))
    max_tokens = max(1, room // total - MARGIN_TOKENS)
    groups: list[Group] = []
    tokens = flops = 0
    for number in range(total):
        own = parts[number * len(parts) // total : (number + 1) * len(parts) // total]
        chosen = choose(own, min(room, GROUP_ROOM), count)
        if not chosen:
            continue
        yield Condensed(number, total)
        runtime = session.runtime
        fork = session.fork()
        ids = group_prompt(runtime.tokenizer, [each.told for each in chosen])
        for start in range(0, len(ids), runtime.block_tokens):
            fork.feed(ids[start : start + runtime.block_tokens], logits=None)
            yield Condensed(number, total)
        label = listed_titles(filter(None, (each.part.label for each in chosen)), MAX_TITLES)
        own_tokens = max_tokens - count(f"{label}: ") if label else max_tokens
        if own_tokens < MIN_SAID_TOKENS:
            label, own_tokens = "", max_tokens
        fresh = FreshSentences(fork, own_tokens, ids)
        said = []
        for sentence in fresh:
            said.append(sentence)
            yield Condensed(number, total)
        text = " ".join("".join(said).split())
        if not text or goes_round(text):
            text = " ".join(each.text for each in chosen)[: MAX_TOKEN_CHARACTERS * own_tokens]
        groups.append(Group(text, tuple(chosen), label))
        tokens += len(ids)
        flops += fresh.session.state.flops - session.state.flops + fresh.flops_taken_back
    yield Condensed(total, total)
    return groups, Cost(tokens, flops)
