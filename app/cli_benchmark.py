"""The command `benchmark`: reading and answering, ours beside others'."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from app.cli_options import Json, numbers


def benchmark(
    text: Annotated[Path, typer.Argument(help="A text of as many tokens as the last length.")],
    lengths: Annotated[str, Option(help="Tokens read at which all are compared.")] = "2048,8192",
    ways: Annotated[
        str, Option(help="Ours: of memory, window, full and float32.")
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
    from ahn_runtime.embedded import fetch_embedded
    from benchmarks import report
    from benchmarks.contestant import Worker
    from benchmarks.others import MODULES, is_installed, make_llama_cpp, make_transformers
    from benchmarks.ours import make_ours
    from benchmarks.race import race

    marks = sorted(numbers("lengths", lengths))
    own: dict[str, dict[str, Any]] = {
        "memory": {"window": window, "sinks": sinks, "quantize": "int8"},
        "window": {"window": window, "sinks": sinks, "quantize": "int8", "ahn": None},
        "full": {"window": None, "sinks": 0, "quantize": "int8", "ahn": None},
        "float32": {"window": window, "sinks": sinks},
    }
    chosen = [way.strip() for way in ways.split(",")]
    for way in chosen:
        if way not in own:
            raise ValueError(f"--ways takes {', '.join(own)}; got {way!r}.")
    for other in against or ():
        if other not in MODULES:
            raise ValueError(f"--against takes {' or '.join(MODULES)}; got {other!r}.")
        if not is_installed(other):
            raise ValueError(f"{other} is not installed here: pip install it, or leave it out.")
    fetch_embedded()
    ids = _token_ids(text, marks[-1])
    say = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    options = {"threads": os.cpu_count() or 1, "context": marks[-1] + 2 * answer_tokens}
    workers: list[Worker] = []
    try:
        for way in chosen:
            workers.append(Worker(way, make_ours, {"model": "embedded", **own[way]}))
        for other in against or ():
            make = make_llama_cpp if other == "llama.cpp" else make_transformers
            workers.append(Worker(other, make, options))
        found = race(workers, ids, marks, answer_tokens, say)
    finally:
        for worker in workers:
            worker.close()
    settings = {"text": text.name, "window": window, "sinks": sinks, "answer": answer_tokens}
    if output is not None:
        report.write(found, settings, chosen[0], output)
    print(
        json.dumps(report.as_dict(found, settings))
        if as_json
        else report.table(found, chosen[0]).rstrip()
    )


def _token_ids(text: Path, count: int) -> list[int]:
    """The first tokens of a document, as the embedded model sees them."""
    from ahn_runtime.embedded import fetch_embedded
    from ahn_runtime.weights import open_base
    from ingest import open_document

    tokenizer = open_base(fetch_embedded()).tokenizer
    assert tokenizer is not None
    ids: list[int] = []
    for segment in open_document(text).segments():
        ids += tokenizer.encode(segment.text)
        if len(ids) >= count:
            return ids[:count]
    raise ValueError(f"{text.name} has {len(ids):,} tokens, fewer than {count:,}: a longer text.")
