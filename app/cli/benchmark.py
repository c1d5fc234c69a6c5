"""The command `benchmark`: the speed of reading and answering, beside other libraries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from app.cli.fetching import fetch_model
from app.cli.options import Json, numbers
from app.terminal import show, show_json, show_status

if TYPE_CHECKING:
    from benchmarks.engine import Make, Worker

    Entry = tuple[str, Make, dict[str, Any]]
    """An engine: its name, the function that makes it and that function's options."""


def benchmark(
    text: Annotated[
        Path, typer.Argument(help="A text with at least as many tokens as the longest length.")
    ],
    lengths: Annotated[
        str, Option(help="Numbers of tokens read at which to compare.")
    ] = "2048,8192",
    ways: Annotated[
        str,
        Option(
            help="Variants of Ammon: any of memory, drafting (memory, with speculative decoding as "
            "in answers), retained (memory, and half of the window as a retained set), window, "
            "full and float32."
        ),
    ] = "memory,window,full",
    against: Annotated[
        list[str] | None,
        Option(
            help="An installed library to compare with, transformers or llama.cpp; may be repeated."
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        Option(help="A preset, directory or .gguf; may be repeated. Default: embedded."),
    ] = None,
    answer_tokens: Annotated[int, Option(help="Tokens of each timed answer.")] = 32,
    window: Annotated[int, Option(help="Window.")] = 2048,
    sinks: Annotated[int, Option(help="Sinks.")] = 128,
    output: Annotated[Path | None, Option(help="Folder for speed.json, .md and figures.")] = None,
    as_json: Json = False,
) -> None:
    """Measure tokens per second and memory of models, all variants in one run."""
    from benchmarks import report
    from benchmarks.interleaved import run_interleaved

    marks = sorted(numbers("lengths", lengths))
    variants = [way.strip() for way in ways.split(",")]
    models = model or ["embedded"]
    engines = [engine for name in models for engine in _ammon(name, variants, window, sinks)]
    engines += _baselines(models[0], against or (), context=marks[-1] + 2 * answer_tokens)
    if len(models) > 1:
        engines = [(f"{options['model']} {name}", make, options) for name, make, options in engines]
    reference = engines[0][0]
    ids = _token_ids(text, models, marks[-1])
    with _started(engines) as workers:
        found = run_interleaved(workers, ids, marks, answer_tokens, show_status)
    settings = {
        "text": text.name,
        "model": ", ".join(models),
        "window": window,
        "sinks": sinks,
        "answer": answer_tokens,
    }
    if output is not None:
        report.write(found, settings, reference, output)
    if as_json:
        show_json(report.as_dict(found, settings))
    else:
        show(report.table(found, reference).rstrip())


def _ammon(model: str, variants: Sequence[str], window: int, sinks: int) -> list[Entry]:
    """The model in each variant.

    Raises:
        ValueError: a variant is unknown.
    """
    from benchmarks.ammon import make_ammon

    options: dict[str, dict[str, Any]] = {
        "memory": {"window": window, "sinks": sinks, "quantize": "int8"},
        "drafting": {"window": window, "sinks": sinks, "quantize": "int8", "lookup": True},
        "retained": {
            "window": window - window // 2,
            "sinks": sinks,
            "quantize": "int8",
            "retain": window // 2,
        },
        "window": {"window": window, "sinks": sinks, "quantize": "int8", "ahn": None},
        "full": {"window": None, "sinks": 0, "quantize": "int8", "ahn": None},
        "float32": {"window": window, "sinks": sinks},
    }
    for variant in variants:
        if variant not in options:
            raise ValueError(f"--ways takes {', '.join(options)}; got {variant!r}.")
    return [(name, make_ammon, {"model": model, "retain": 0, **options[name]}) for name in variants]


def _baselines(model: str, libraries: Sequence[str], context: int) -> list[Entry]:
    """Other libraries, with all cores and room for `context` tokens.

    Raises:
        ValueError: a library is unknown or not installed, or the model is not one of its files.
    """
    from ahn_runtime.loading.presets import PACKAGED
    from benchmarks.baselines import MODULES, is_installed, make_llama_cpp, make_transformers

    for name in libraries:
        if name not in MODULES:
            raise ValueError(f"--against takes {' or '.join(MODULES)}; got {name!r}.")
        if not is_installed(name):
            raise ValueError(f"{name} is not installed here: pip install it, or leave it out.")
        if model not in PACKAGED and not model.endswith(".gguf"):
            raise ValueError(f"--against takes {' or '.join(PACKAGED)} or a .gguf; got {model!r}.")
    makes: dict[str, Make] = {"llama.cpp": make_llama_cpp, "transformers": make_transformers}
    options = {"model": model, "threads": os.cpu_count() or 1, "context": context}
    return [(name, makes[name], options) for name in libraries]


@contextmanager
def _started(engines: Sequence[Entry]) -> Iterator[list[Worker]]:
    """Start each engine in a process of its own, and end all of them afterwards in any case."""
    from benchmarks.engine import Worker

    workers: list[Worker] = []
    try:
        for name, make, options in engines:
            workers.append(Worker(name, make, options))
        yield workers
    finally:
        for worker in workers:
            worker.close()


def _token_ids(text: Path, models: Sequence[str], count: int) -> list[int]:
    """The first `count` tokens of a document by the models' tokenizer, fetching the models.

    Raises:
        ValueError: the document has fewer tokens, or a model has no tokenizer or another one.
    """
    found = [_ids_of(text, model, count) for model in models]
    if any(ids != found[0] for ids in found):
        raise ValueError(f"{' and '.join(models)} have different tokens: compare them in two runs.")
    return found[0]


def _ids_of(text: Path, model: str, count: int) -> list[int]:
    from ahn_runtime.loading.weights import open_base
    from ahn_runtime.runtime import find_base
    from evaluation.texts import beginning

    fetch_model(model)
    tokenizer = open_base(find_base(model)).tokenizer
    if tokenizer is None:
        raise ValueError(f"The model {model} came without a tokenizer, so it cannot read a text.")
    ids = beginning(text, tokenizer, count)
    if len(ids) < count:
        raise ValueError(
            f"{text.name} has {len(ids):,} tokens, fewer than {count:,}: give a longer text."
        )
    return ids[:count]
