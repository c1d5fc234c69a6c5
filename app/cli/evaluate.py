"""The commands `evaluate ...`, which measure quality; results are tables, JSON and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from app.cli.fetching import fetch_model
from app.cli.options import Json, numbers
from app.terminal import show, show_json, show_status

evaluate = typer.Typer(help="Measure quality on your own texts.", no_args_is_help=True)


@evaluate.callback()
def _group() -> None:
    """Measure quality on your own texts."""


@evaluate.command()
def memory(
    texts: Annotated[list[Path], typer.Argument(help="Texts that the memory was not trained on.")],
    parts: Annotated[
        str,
        Option(help="What to measure: any of divergence, recall, drift, probe and questions."),
    ] = "divergence,recall,drift,probe",
    questions: Annotated[
        list[Path] | None, Option(help="A .jsonl file for the part questions; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None, Option(help="Folder for memory.json, memory.md and the figures.")
    ] = None,
    model: Annotated[str, Option(help="Base: a preset, hub id, directory or .gguf.")] = "embedded",
    ahn: Annotated[
        list[str] | None, Option(help="Memory: 'auto', a hub id or a directory; may be repeated.")
    ] = None,
    quantize: Annotated[str | None, Option(help="'int8'; exact without it.")] = None,
    windows: Annotated[str, Option(help="Windows to compare.")] = "256,512,1024,2048",
    sinks: Annotated[int, Option(help="Sinks.")] = 128,
    length: Annotated[int, Option(help="Tokens to read of each text.")] = 4096,
    recall_window: Annotated[int, Option(help="Window of the parts recall and questions.")] = 512,
    drift_tokens: Annotated[int, Option(help="Tokens to read in the part drift.")] = 200_000,
    as_json: Json = False,
) -> None:
    """Measure what a memory keeps of what left the window, against full attention and no memory."""
    from evaluation.memory import PARTS, MemoryReport, MemorySettings

    selected = [part.strip() for part in parts.split(",")]
    for part in selected:
        if part not in PARTS:
            raise ValueError(f"--parts takes {', '.join(PARTS)}; got {part!r}.")
    settings = MemorySettings(
        texts=tuple(texts),
        model=model,
        memories=tuple(ahn or ("auto",)),
        quantize=quantize,
        windows=numbers("windows", windows),
        sinks=sinks,
        length=length,
        recall_window=recall_window,
        questions=tuple(questions or ()),
        drift_tokens=drift_tokens,
        drift_every=max(1, drift_tokens // 20),
    )
    fetch_model(model)
    report = MemoryReport(settings, log=show_status)
    for part in selected:
        report.run(part)
        if output is not None:
            report.write(output)
    if as_json:
        show_json(report.as_dict())
    else:
        show(report.tables())


@evaluate.command()
def precision(
    texts: Annotated[list[Path], typer.Argument(help="Texts to compare the predictions on.")],
    model: Annotated[str, Option(help="Base: a preset, hub id, directory or .gguf.")] = "embedded",
    window: Annotated[int, Option(help="Window.")] = 512,
    sinks: Annotated[int, Option(help="Sinks.")] = 64,
    length: Annotated[int, Option(help="Tokens to read of each text.")] = 1536,
    as_json: Json = False,
) -> None:
    """Measure what int8 loses against float32, and fail where that is more than it may."""
    from ahn_runtime import Runtime
    from evaluation.precision import MAX_DIVERGENCE, MIN_SAME_CHOICE, measure, table

    fetch_model(model)

    def load(quantize: str | None) -> Runtime:
        return Runtime.load(model, window=window, sinks=sinks, quantize=quantize)

    losses = measure(load, texts, length, show_status)
    if not losses:
        raise ValueError(f"No text has {length:,} tokens: give a longer one or a smaller --length.")
    if as_json:
        show_json([loss.as_dict() for loss in losses])
    else:
        show(table(losses))
    over = [loss.document for loss in losses if not loss.is_within]
    if over:
        raise ValueError(
            f"int8 loses more than KL {MAX_DIVERGENCE} or less than {MIN_SAME_CHOICE:.0%} of the "
            f"first choices on {', '.join(over)}; use {model} with --quantize none."
        )
