"""The commands `evaluate ...`: measurements of quality, as tables, JSON and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from app.cli.options import Json, numbers, say

evaluate = typer.Typer(help="Measure quality on texts of yours.", no_args_is_help=True)


@evaluate.callback()
def _group() -> None:
    """Measure quality on texts of yours."""


@evaluate.command()
def memory(
    texts: Annotated[list[Path], typer.Argument(help="Texts that the memory was not trained on.")],
    parts: Annotated[
        str,
        Option(help="What to measure, of divergence, recall, drift, probe and questions."),
    ] = "divergence,recall,drift,probe",
    questions: Annotated[
        list[Path] | None, Option(help="A .jsonl of questions for that part; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None, Option(help="Folder for memory.json, memory.md and the figures.")
    ] = None,
    model: Annotated[str, Option(help="Base: a preset, hub id, directory or .gguf.")] = "embedded",
    ahn: Annotated[
        list[str] | None, Option(help="Memory: 'auto', a hub id or a directory; may be repeated.")
    ] = None,
    quantize: Annotated[str | None, Option(help="'int8', or exact without it.")] = None,
    windows: Annotated[str, Option(help="Windows to compare.")] = "256,512,1024,2048",
    sinks: Annotated[int, Option(help="Sinks.")] = 128,
    length: Annotated[int, Option(help="Tokens read of each text.")] = 4096,
    recall_window: Annotated[int, Option(help="Window of the parts recall and questions.")] = 512,
    drift_tokens: Annotated[int, Option(help="Tokens read in the drift part.")] = 200_000,
    as_json: Json = False,
) -> None:
    """What a memory keeps of what left the window, against full attention and the window alone."""
    from evaluation.memory import PARTS, MemoryReport, MemorySettings

    chosen = [part.strip() for part in parts.split(",")]
    for part in chosen:
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
    report = MemoryReport(settings, log=say)
    for part in chosen:
        report.run(part)
        if output is not None:
            report.write(output)
    print(json.dumps(report.as_dict()) if as_json else report.tables())
