"""Runs one variant over items: library by library, each answer kept when it is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.answering.variant import AnsweringVariant
from evaluation.progress import RunProgress
from evaluation.results.result import Result, is_declined, obeys, score, shows_answer
from evaluation.results.result_file import ResultFile, fingerprint_of
from evaluation.tasks.item import Item
from evaluation.variants import Log


@dataclass(frozen=True)
class Batch:
    """The items of a task, with one kind of noise or, with an empty one, as they are."""

    task: str
    noise: str
    items: tuple[Item, ...]


def run_variant(
    batches: Sequence[Batch],
    variant: AnsweringVariant,
    options: Mapping[str, Any],
    finished: ResultFile,
    log: Log,
) -> list[Result]:
    """Answer all items that are not finished.

    Args:
        options: what else an answer depends on, for its fingerprint.
        finished: answers of earlier runs; new ones are added.
        log: receives progress messages.

    Returns:
        The results of all items, in their order.

    Raises:
        ValueError, AhnError, OSError: with the reason; what is finished is kept.
    """
    keys = {
        (batch.task, batch.noise, item.id): fingerprint_of(
            batch.task, batch.noise, variant.name, options, item
        )
        for batch in batches
        for item in batch.items
    }
    libraries: dict[str, list[tuple[Batch, Item]]] = {}
    for batch in batches:
        for item in batch.items:
            if finished.find(keys[batch.task, batch.noise, item.id]) is None:
                libraries.setdefault(variant.library_key(item), []).append((batch, item))
    progress = RunProgress(variant.name, list(libraries.values()), len(keys), log)
    for key, waiting in libraries.items():
        progress.library_begins(waiting)
        with variant.read(waiting[0][1], progress.reading) as library:
            progress.library_is_read()
            for batch, item in waiting:
                reply = library.answer(item)
                result = Result(
                    fingerprint=keys[batch.task, batch.noise, item.id],
                    task=batch.task,
                    noise=batch.noise,
                    variant=variant.name,
                    item=item.id,
                    library=key,
                    score=score(item, reply),
                    answerable=bool(item.references),
                    declined=is_declined(reply),
                    obeyed=obeys(reply),
                    shown=shows_answer(item, reply),
                    reading=library.reading,
                    reply=reply,
                )
                finished.add(result)
                progress.answered(batch.task, result.score)
    found = (finished.find(key) for key in keys.values())
    return [result for result in found if result is not None]
