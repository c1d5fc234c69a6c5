"""The command `benchmark`: reading and answering, ours beside others'."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from app.cli.options import Json, numbers, say

if TYPE_CHECKING:
    from benchmarks.engine import Make, Worker

    Entry = tuple[str, Make, dict[str, Any]]
    """Name, maker and the maker's options, as `Worker` takes them."""


def benchmark(
    text: Annotated[Path, typer.Argument(help="A text of as many tokens as the last length.")],
    lengths: Annotated[str, Option(help="Tokens read at which all are compared.")] = "2048,8192",
    ways: Annotated[
        str,
        Option(
            help="Ours: of memory, drafting (memory, answers as the assistant gives them), "
            "window, full and float32."
        ),
    ] = "memory,window,full",
    against: Annotated[
        list[str] | None, Option(help="transformers or llama.cpp, if installed; may be repeated.")
    ] = None,
    answer_tokens: Annotated[int, Option(help="Tokens of each timed answer.")] = 32,
    window: Annotated[int, Option(help="Window.")] = 2048,
    sinks: Annotated[int, Option(help="Sinks.")] = 128,
    output: Annotated[Path | None, Option(help="Folder for speed.json, .md and figures.")] = None,
    as_json: Json = False,
) -> None:
    """Tokens per second and memory of the embedded model, side by side in one run."""
    from benchmarks import report
    from benchmarks.interleaved import run_interleaved

    marks = sorted(numbers("lengths", lengths))
    chosen = [way.strip() for way in ways.split(",")]
    contestants = _ours(chosen, window, sinks)
    contestants += _others(against or (), context=marks[-1] + 2 * answer_tokens)
    ids = _token_ids(text, marks[-1])
    with _started(contestants) as workers:
        found = run_interleaved(workers, ids, marks, answer_tokens, say)
    settings = {"text": text.name, "window": window, "sinks": sinks, "answer": answer_tokens}
    if output is not None:
        report.write(found, settings, chosen[0], output)
    print(
        json.dumps(report.as_dict(found, settings))
        if as_json
        else report.table(found, chosen[0]).rstrip()
    )


def _ours(chosen: Sequence[str], window: int, sinks: int) -> list[Entry]:
    """The embedded model, once for each chosen way.

    Raises:
        ValueError: there is no such way.
    """
    from benchmarks.ammon import make_ammon

    own: dict[str, dict[str, Any]] = {
        "memory": {"window": window, "sinks": sinks, "quantize": "int8"},
        "drafting": {"window": window, "sinks": sinks, "quantize": "int8", "lookup": True},
        "window": {"window": window, "sinks": sinks, "quantize": "int8", "ahn": None},
        "full": {"window": None, "sinks": 0, "quantize": "int8", "ahn": None},
        "float32": {"window": window, "sinks": sinks},
    }
    for way in chosen:
        if way not in own:
            raise ValueError(f"--ways takes {', '.join(own)}; got {way!r}.")
    return [(way, make_ammon, {"model": "embedded", **own[way]}) for way in chosen]


def _others(against: Sequence[str], context: int) -> list[Entry]:
    """Other libraries, with all cores and room for `context` tokens.

    Raises:
        ValueError: one is unknown or not installed.
    """
    from benchmarks.baselines import MODULES, is_installed, make_llama_cpp, make_transformers

    for other in against:
        if other not in MODULES:
            raise ValueError(f"--against takes {' or '.join(MODULES)}; got {other!r}.")
        if not is_installed(other):
            raise ValueError(f"{other} is not installed here: pip install it, or leave it out.")
    makes: dict[str, Make] = {"llama.cpp": make_llama_cpp, "transformers": make_transformers}
    options = {"threads": os.cpu_count() or 1, "context": context}
    return [(other, makes[other], options) for other in against]


@contextmanager
def _started(contestants: Sequence[Entry]) -> Iterator[list[Worker]]:
    """Everyone in a process of their own, which ends with the run, however that ends."""
    from benchmarks.engine import Worker

    workers: list[Worker] = []
    try:
        for name, make, options in contestants:
            workers.append(Worker(name, make, options))
        yield workers
    finally:
        for worker in workers:
            worker.close()


def _token_ids(text: Path, count: int) -> list[int]:
    """The first tokens of a document, as the embedded model sees them; it is fetched for that.

    Raises:
        ValueError: the document has fewer.
    """
    from ahn_runtime.loading.embedded import fetch_embedded
    from ahn_runtime.loading.weights import open_base
    from evaluation.texts import beginning

    tokenizer = open_base(fetch_embedded()).tokenizer
    assert tokenizer is not None
    ids = beginning(text, tokenizer, count)
    if len(ids) < count:
        raise ValueError(
            f"{text.name} has {len(ids):,} tokens, fewer than {count:,}: a longer text."
        )
    return ids[:count]
