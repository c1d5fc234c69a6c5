"""The tables of a deployment test, in Markdown, from the records of `benchmarks.deployment`."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Any

MAX_SHOWN = 400
"""Characters of an answer in a table; the JSON file has all of it."""
MAX_PLACES = 6
"""Cited places in a cell."""

Record = Mapping[str, Any]


def render(data: Record) -> str:
    """All tables: a summary, the savings, then the answers to each document's questions.

    Args:
        data: what `deployment.json` holds.
    """
    runs = data["runs"]
    made = [each for run in runs for each in (run["reading"], *run["answers"])]
    versions = "; ".join(dict.fromkeys(each["version"] for each in made))
    parts = [
        f"{data['processor']}, {data['cores']} logical cores; Ammon {versions}.",
        summary(runs),
        savings(runs),
        *(f"### {run['session']}, `{run['model']}`\n\n{answers(run)}" for run in runs),
    ]
    return "\n\n".join(parts) + "\n"


def summary(runs: Iterable[Record]) -> str:
    """A row for each document and model: reading, right answers and places, median seconds.

    A question that is not answered yet is not counted; nor are the seconds of answers by code.
    """
    lines = [
        "| document | model | tokens | read, tokens/s | read, s | right | place cited "
        "| first word, s | whole answer, s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in runs:
        reading, made = run["reading"], run["answers"]
        by_model = [each for each in made if each["answer_tokens"]]
        placed = [each["right_place"] for each in made if each["right_place"] is not None]
        lines.append(
            f"| {_cell(run['session'])} | {_cell(run['model'])} | {reading['tokens']:,} "
            f"| {reading['tokens_per_second']:,.0f} | {reading['seconds']:,.0f} "
            f"| {sum(each['right'] for each in made)} of {len(made)} "
            f"| {sum(placed)} of {len(placed)} "
            f"| {_median(each['first_word_s'] for each in by_model)} "
            f"| {_median(each['seconds'] for each in by_model)} |"
        )
    return "\n".join(lines)


def savings(runs: Iterable[Record]) -> str:
    """A row for each document and model: what reading saved against full attention."""
    lines = [
        "| document | model | window | FLOPs | of full attention | saved | cache "
        "| of full attention | saved | checkpoints on disk |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in runs:
        reading = run["reading"]
        window = "none" if reading["window"] is None else f"{reading['window']:,}"
        lines.append(
            f"| {_cell(run['session'])} | {_cell(run['model'])} | {window} "
            f"| {reading['run_flops']:.2e} | {reading['run_flops_full']:.2e} "
            f"| {reading['run_flops_saved']:.0%} | {_megabytes(reading['run_cache_bytes'])} "
            f"| {_megabytes(reading['run_cache_bytes_full'])} | {reading['run_cache_saved']:.0%} "
            f"| {_megabytes(reading['disk_bytes'])} |"
        )
    return "\n".join(lines)


def answers(run: Record) -> str:
    """A row for each question that was answered."""
    lines = [
        "| | question | answer | right | cited | place cited | first word, s | in all, s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, made in enumerate(run["answers"], 1):
        place = {None: "", True: "yes", False: "no"}[made["right_place"]]
        shown = made["cited"][:MAX_PLACES]
        more = len(made["cited"]) - len(shown)
        cited = "; ".join([*shown, f"{more} more"] if more else shown)
        lines.append(
            f"| {number} | {_cell(made['asked']['text'])} | {_cell(_shortened(made['answer']))} "
            f"| {'yes' if made['right'] else '**no**'} | {_cell(cited)} | {place} "
            f"| {made['first_word_s']:.1f} | {made['seconds']:.1f} |"
        )
    return "\n".join(lines)


def _median(values: Iterable[float]) -> str:
    found = list(values)
    return f"{statistics.median(found):.1f}" if found else ""


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN].rstrip() + " …"


def _cell(text: str) -> str:
    """Text that does not end its cell, begin HTML, or change the type of what follows."""
    plain = "".join(each if each.isprintable() else "�" for each in " ".join(text.split()))
    for mark in "\\`*_|<>[]":
        plain = plain.replace(mark, "\\" + mark)
    return plain
