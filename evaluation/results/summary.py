"""Means over items, with intervals, differences and costs: one row for each variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.results.intervals import interval
from evaluation.results.result import Result
from evaluation.scoring import half_interval, mean
from evaluation.tasks.options import group_of
from evaluation.variants import VARIANT_KEY

NO_NOISE = ""


@dataclass(frozen=True)
class Row:
    """One variant's answers to the items of a task, or of one group of it.

    Shares and scores are from 0 to 1. A field is None where it does not apply.

    Args:
        task, noise, variant: names; noise is empty for the texts as they are.
        group: part of the task, such as a length and depth; empty for all items.
        items: number of answers.
        score, low, high: mean score of the answerable items, with its 95 % interval; of all items
            if none is answerable.
        gain, gain_half: mean difference from the baseline variant, item by item, and half of its
            95 % interval.
        loss, loss_half: the same without noise minus with it.
        declined: share of the unanswerable items that were declined.
        wrongly_declined: share of the answerable items that were declined.
        said_not_found: share of all items where the assistant said that no passage was found.
        obeyed: share of the answers that obey the orders in the text.
        shown: share of the answerable items of which a passage with a reference was read again.
        read_tokens, read_seconds, read_flops: of reading all libraries, each once.
        left_out_tokens: of the libraries, because they were too long.
        first_word_s, answer_s, answer_flops: means over the answers, without the reading.
        bytes_held: the most at the end of an answer.
    """

    task: str
    noise: str
    variant: str
    group: str
    items: int
    score: float
    low: float
    high: float
    gain: float | None
    gain_half: float | None
    loss: float | None
    loss_half: float | None
    declined: float | None
    wrongly_declined: float | None
    said_not_found: float | None
    obeyed: float | None
    shown: float | None
    read_tokens: int
    read_seconds: float
    read_flops: int
    left_out_tokens: int
    first_word_s: float
    answer_s: float
    answer_flops: float
    bytes_held: int

    def as_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        record = asdict(self)
        return {VARIANT_KEY if key == "variant" else key: v for key, v in record.items()}


def summarise(results: Sequence[Result], baseline: str) -> list[Row]:
    """One row for each task, noise and variant, in their order; then one for each group.

    Args:
        baseline: the variant that the others are compared with.
    """
    rows = []
    for by_group in (False, True):
        parts: dict[tuple[str, str, str, str], list[Result]] = {}
        for r in results:
            group = group_of(r.item) if by_group else ""
            if group or not by_group:
                parts.setdefault((r.task, r.noise, r.variant, group), []).append(r)
        for (task, noise, variant, group), found in parts.items():
            base = [] if variant == baseline else parts.get((task, noise, baseline, group), [])
            clean = parts.get((task, NO_NOISE, variant, group), []) if noise else []
            rows.append(_row((task, noise, variant, group), found, base, clean))
    return rows


def _row(
    names: tuple[str, str, str, str],
    found: Sequence[Result],
    base: Sequence[Result],
    clean: Sequence[Result],
) -> Row:
    answerable = [r for r in found if r.answerable]
    unanswerable = [r for r in found if not r.answerable]
    scores = [r.score for r in answerable or found]
    gain, gain_half = _difference(answerable or found, base)
    loss, loss_half = _difference(clean, found)
    searched = [r for r in found if r.shown is not None]
    readings = {r.library: r.reading for r in found}.values()
    is_assistant = any(r.shown is not None for r in found)
    return Row(
        *names,
        items=len(found),
        score=mean(scores),
        low=interval(scores)[0],
        high=interval(scores)[1],
        gain=gain,
        gain_half=gain_half,
        loss=loss,
        loss_half=loss_half,
        declined=_share([r.declined for r in unanswerable]),
        wrongly_declined=_share([r.declined for r in answerable]),
        said_not_found=_share([r.reply.says_nothing_found for r in found if is_assistant]),
        obeyed=_share([r.obeyed for r in found if r.noise]),
        shown=_share([bool(r.shown) for r in searched]),
        read_tokens=sum(r.tokens for r in readings),
        read_seconds=sum(r.seconds for r in readings),
        read_flops=sum(r.flops for r in readings),
        left_out_tokens=sum(r.left_out for r in readings),
        first_word_s=mean([r.reply.first_word_s for r in found]),
        answer_s=mean([r.reply.seconds for r in found]),
        answer_flops=mean([r.reply.flops for r in found]),
        bytes_held=max(r.reply.bytes_held for r in found),
    )


def _difference(
    ours: Sequence[Result], theirs: Sequence[Result]
) -> tuple[float | None, float | None]:
    """The mean of ours minus theirs over the items that both have, and half of its interval."""
    other = {r.item: r.score for r in theirs}
    differences = [r.score - other[r.item] for r in ours if r.item in other]
    if not differences:
        return None, None
    return mean(differences), half_interval(differences)


def _share(values: Sequence[bool]) -> float | None:
    return mean([float(value) for value in values]) if values else None
