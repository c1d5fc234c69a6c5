"""The command `train`: turns its options into settings, and shows the progress of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from app.cli.fetching import fetch_model
from app.cli.options import Json, numbers
from app.terminal import progress_bars, show, show_json, show_status

if TYPE_CHECKING:
    from ahn_runtime import Runtime
    from training import StepMetrics, TrainingSettings


def train(
    texts: Annotated[
        list[Path],
        typer.Argument(help="Texts and PDFs, folders of them, and .jsonl files of questions."),
    ],
    output: Annotated[
        Path, Option(help="Folder for the memory; an unfinished training in it is resumed.")
    ],
    model: Annotated[str, Option(help="Base: a preset, hub id, directory or .gguf.")] = "embedded",
    cell: Annotated[
        str, Option(help="Kind of a new memory: GatedDeltaNet, DeltaNet or Mamba2.")
    ] = "GatedDeltaNet",
    ahn: Annotated[str | None, Option(help="Start from this memory instead of a new one.")] = None,
    length: Annotated[int, Option(help="Tokens per sequence; the paper: 24576.")] = 1024,
    steps: Annotated[int, Option(help="Optimiser steps in total.")] = 700,
    batch: Annotated[int, Option(help="Sequences per step; the paper: 128.")] = 1,
    lr: Annotated[float, Option(help="Highest learning rate.")] = 1e-4,
    warmup: Annotated[
        float, Option(help="Share of the steps in which the learning rate rises.")
    ] = 0.1,
    weight_decay: Annotated[float, Option(help="Weight decay of the matrices.")] = 0.01,
    clip: Annotated[float, Option(help="Highest norm of the gradient.")] = 1.0,
    windows: Annotated[
        str | None,
        Option(help="Windows to draw from, such as 112,256; else powers of two and between."),
    ] = None,
    sinks: Annotated[
        str | None, Option(help="Sinks to draw from, such as 16,64; else 0, 32, 64 and so on.")
    ] = None,
    retained: Annotated[
        str | None,
        Option(
            help="Per cent of a window that a retained set takes, to draw from, such as 0,25,50."
        ),
    ] = None,
    positions: Annotated[
        int | None,
        Option(help="Scored positions per sequence, 0 for all; else 192 on a CPU, all on a GPU."),
    ] = None,
    made: Annotated[
        float, Option(help="Share of sequences that are turned into recall tasks.")
    ] = 0.25,
    seed: Annotated[int, Option(help="Seed of everything drawn at random.")] = 0,
    dtype: Annotated[str, Option(help="Of the base: float32 or bfloat16.")] = "float32",
    quantize: Annotated[
        str | None, Option(help="'int8': the frozen base in int8, half again as fast on a CPU.")
    ] = None,
    device: Annotated[str, Option(help="'auto', 'cpu' or 'cuda'.")] = "auto",
    recompute: Annotated[
        bool | None,
        Option(
            "--recompute/--keep-activations",
            help="Save memory or time; else recompute above 4096 tokens.",
        ),
    ] = None,
    save_every: Annotated[int, Option(help="Steps between two saves.")] = 10,
    as_json: Json = False,
) -> None:
    """Train a memory to imitate full attention; the same command resumes it when interrupted."""
    from ahn_runtime import Runtime
    from ahn_runtime.runtime import UNTRAINED
    from training import TrainingSettings
    from training.distributed import device_for
    from training.settings import CPU_POSITIONS

    device = device_for(device)
    if positions is None:
        positions = CPU_POSITIONS if device == "cpu" else 0
    settings = TrainingSettings(
        texts=tuple(texts),
        length=length,
        steps=steps,
        batch=batch,
        learning_rate=lr,
        warmup=warmup,
        weight_decay=weight_decay,
        clip=clip,
        windows=numbers("windows", windows) if windows is not None else None,
        sinks=numbers("sinks", sinks) if sinks is not None else None,
        retained=numbers("retained", retained) if retained is not None else (),
        positions=positions,
        made=made,
        seed=seed,
        recompute=recompute,
        save_every=save_every,
    )
    fetch_model(model)
    runtime = Runtime.load(
        model, ahn=ahn or f"{UNTRAINED}{cell}", dtype=dtype, quantize=quantize, device=device
    )
    _train(runtime, settings, output, as_json)


def _train(runtime: Runtime, settings: TrainingSettings, output: Path, as_json: bool) -> None:
    from training import train as run
    from training.data import Corpus
    from training.distributed import is_leader

    corpus = Corpus.read(settings, runtime.tokenizer)
    if not is_leader():
        run(runtime, corpus, settings, output)
        return
    for note in corpus.notes:
        show_status(note)
    with _progress(settings.steps) as report:
        outcome = run(runtime, corpus, settings, output, report)
    last = outcome.metrics[-1]
    if as_json:
        show_json({"output": str(output), "steps": last.step, "loss": last.loss})
    else:
        show(f"{last.step} steps made, the last with loss {last.loss:.4f}; memory in {output}")


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[StepMetrics], None]]:
    """A progress bar on standard error; the function it gives takes each step's figures."""
    from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

    note = "{task.fields[note]}"
    columns = ("training", BarColumn(), MofNCompleteColumn(), note, TimeRemainingColumn())
    with progress_bars(*columns) as bars:
        task = bars.add_task("training", total=steps, note="")

        def report(row: StepMetrics) -> None:
            note = f"loss {row.loss:.4f}, {row.kind}, W {row.window}, {row.seconds:.1f} s a step"
            bars.update(task, completed=row.step, note=note)

        yield report
