"""What every task is made with: where its data is, how much of it is used, and the seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from evaluation.tasks.item import Item

Encode = Callable[[str], Sequence[int]]
"""Token ids of a text, as the evaluated model's tokenizer makes them."""

DEPTHS = (0, 25, 50, 75, 100)


@dataclass(frozen=True)
class TaskOptions:
    """How the items of a task are chosen or generated.

    Args:
        encode: tokenizer of the evaluated model, which counts lengths.
        data: file or folder with the task's data; None for generated tasks.
        items: how many items at most, of each length; None: all (generated tasks: 10).
        seed: decides which items are drawn, and what generated ones say.
        lengths: generated texts have about these many tokens, one set of items for each; documents
            of a data set are joined into libraries of about the first length. Empty: the task's
            default.
        sets: names of a benchmark's sets; empty: all that are there.
        depths: per cent of the text before the needle, taken in turn by the items of a length.
        one_text_tokens: all items drawn from files are asked of the same documents, which have
            together at most about these many tokens if there are such; None: of any documents.
    """

    encode: Encode
    data: Path | None = None
    items: int | None = None
    seed: int = 0
    lengths: tuple[int, ...] = ()
    sets: tuple[str, ...] = ()
    depths: tuple[int, ...] = DEPTHS
    one_text_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.items is not None and self.items < 1:
            raise ValueError(f"--items takes a number from 1 on; got {self.items}.")
        if any(length < 1 for length in self.lengths):
            raise ValueError(f"--length takes numbers of tokens from 1 on; got {self.lengths}.")
        if not self.depths or not all(0 <= depth <= 100 for depth in self.depths):
            raise ValueError(f"--depths takes per cents from 0 to 100; got {self.depths}.")


def sample(items: Sequence[Item], options: TaskOptions) -> list[Item]:
    """At most `options.items` of the items, drawn with the seed, in their order.

    Raises:
        ValueError: there are no items.
    """
    if not items:
        raise ValueError(f"{options.data} has no questions; name a data set that has some.")
    if options.one_text_tokens is not None:
        items = _of_one_text(items, options.one_text_tokens, options)
    if options.items is None or options.items >= len(items):
        return list(items)
    chosen = sorted(Random(options.seed).sample(range(len(items)), options.items))
    return [items[i] for i in chosen]


def _of_one_text(items: Sequence[Item], tokens: int, options: TaskOptions) -> list[Item]:
    """The items of the same documents: of some with at most `tokens`, else of the shortest ones."""
    texts = list(dict.fromkeys(item.documents for item in items))
    Random(options.seed).shuffle(texts)
    shortest = min(texts, key=lambda documents: sum(len(text) for _, text in documents))
    fitting = (
        documents
        for documents in texts
        if sum(len(options.encode(text)) for _, text in documents) <= tokens
    )
    chosen = next(fitting, shortest)
    return [item for item in items if item.documents == chosen]


def group_of(item_id: str) -> str:
    """The group that an item is reported in: its id up to the last slash; empty without one."""
    return item_id.rpartition("/")[0]
