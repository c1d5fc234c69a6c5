"""The commands `evaluate ...`, which measure quality; results are tables, JSON and figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from app.cli.fetching import fetch_model
from app.cli.open_service import chosen_model, load_model, open_service
from app.cli.options import AtOnce, DataDir, Json, numbers, takes_model_options
from app.settings import ModelOptions, default_data_dir, home_expanded
from app.terminal import show, show_json, show_status
from evaluation.tasks.registry import TASKS

if TYPE_CHECKING:
    from ahn_runtime import Runtime
    from evaluation.answering.assistant import Assistant

FOLDER = "evaluation"
ASSISTANT_FOLDER = "sessions-of-the-evaluation"
"""In the folder of the answers; it is deleted, so no folder of the user's may have the name."""
GENERATED, FROM_FILES = "Generated texts", "Questions from files (--data)"

evaluate = typer.Typer(
    help="Measure quality: answers to the questions of a task, or what a memory keeps.",
    no_args_is_help=True,
)


@evaluate.callback()
def _group() -> None:
    """Measure quality: answers to the questions of a task, or what a memory keeps."""


def _run_task(
    task: str,
    options: dict[str, Any],
    data: Path | None,
    variants: str,
    noise: str,
    items: int | None,
    length: str,
    depths: str,
    sets: str,
    seed: int,
    full_tokens: int | None,
    quick: bool,
    output: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Run one task, or all, and print the tables."""
    from evaluation.suite import WITH_MEMORY, Suite, SuiteSettings
    from evaluation.tasks.options import TaskOptions

    folder = home_expanded(output or (data_dir or default_data_dir()) / FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    model = chosen_model(options)
    models = _Models(model, begin_with_memory=not {*_names(variants)}.isdisjoint(WITH_MEMORY))
    # Options are checked before the model is loaded, which takes long.
    made = TaskOptions(
        encode=lambda text: models.any().tokenizer.encode(text),
        data=home_expanded(data) if data else None,
        items=items,
        seed=seed,
        lengths=numbers("length", length) if length else (),
        sets=_names(sets),
        depths=numbers("depths", depths),
    )
    settings = SuiteSettings(
        tasks=(task,),
        options=made,
        variants=_names(variants),
        noises=_names(noise),
        full_tokens=full_tokens,
        quick=quick,
    )
    with _assistants(folder / ASSISTANT_FOLDER, model) as assistant:
        suite = Suite(settings, models.load, assistant, folder, show_status)
        suite.run()
    if as_json:
        show_json(suite.as_dict())
    else:
        show(suite.tables())
    show_status(f"Answers and tables are in {folder}.")


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


class _Models:
    """The model with and without its memory; one of the two is loaded at a time.

    Args:
        begin_with_memory: which of the two is loaded when any will do.
    """

    def __init__(self, options: ModelOptions, begin_with_memory: bool) -> None:
        self._options, self._begin_with_memory = options, begin_with_memory
        self._loaded: tuple[bool, Runtime] | None = None

    def load(self, with_memory: bool) -> Runtime:
        """The model, loaded unless it was the last one.

        Raises:
            AhnError: it cannot be loaded, with the reason.
        """
        from dataclasses import replace

        from app.service.models import resolve_options

        if self._loaded is None or self._loaded[0] != with_memory:
            self._loaded = None  # freed before the other one is loaded
            options = self._options if with_memory else replace(self._options, ahn=None)
            self._loaded = with_memory, load_model(resolve_options(options))
        return self._loaded[1]

    def any(self) -> Runtime:
        """The model that is loaded; the one to begin with if none is."""
        return self._loaded[1] if self._loaded else self.load(self._begin_with_memory)


@contextmanager
def _assistants(folder: Path, model: ModelOptions) -> Iterator[Callable[[Runtime], Assistant]]:
    """Makes the assistant of a model that is loaded; its service is closed after the block.

    Args:
        folder: for its sessions; deleted, unless the block ends with an error: then the next run
            resumes from it.
    """
    from contextlib import ExitStack

    with ExitStack() as held:

        def make(runtime: Runtime) -> Assistant:
            from app.cli.assistant import ServiceAssistant

            service = held.enter_context(
                open_service(folder, model.as_dict(), None, load=lambda options: runtime)
            )
            return ServiceAssistant(service)

        yield make
    shutil.rmtree(folder, ignore_errors=True)


def _add_command(name: str, summary: str, panel: str) -> None:
    """Add the command of a task; all have the same options."""

    @takes_model_options
    def command(
        options: dict[str, Any],
        data: Annotated[
            Path | None, Option(help="File or folder of the task's data; not for generated texts.")
        ] = None,
        variants: Annotated[
            str,
            Option(
                help="What to compare: none (no text), full (attention), window, memory, and "
                "recall (the assistant)."
            ),
        ] = "none,full,window,memory,recall",
        noise: Annotated[
            str,
            Option(
                help="Ask again over damaged texts: any of ocr, shuffled, boilerplate, "
                "contradicting and orders."
            ),
        ] = "",
        items: Annotated[
            int | None, Option(help="Items at most (of each length). Default: all, or 10.")
        ] = None,
        length: Annotated[
            str,
            Option(
                help="Tokens of generated texts, such as 4096,32768; or of the libraries that "
                "documents are joined into."
            ),
        ] = "",
        depths: Annotated[
            str, Option(help="Per cent of the text before the needle.")
        ] = "0,25,50,75,100",
        sets: Annotated[
            str, Option(help="Sets of a public benchmark. Default: all whose files are there.")
        ] = "",
        seed: Annotated[int, Option(help="Decides texts and samples.")] = 0,
        full_tokens: Annotated[
            int | None,
            Option(
                min=1,
                help="Tokens that full attention reads; longer texts lose their middle. Default: "
                "as many as the model has positions.",
            ),
        ] = None,
        quick: Annotated[
            bool, Option("--quick", help="Two items of each task, in short texts.")
        ] = False,
        output: Annotated[
            Path | None,
            Option(
                help="Folder for answers and tables; the same command resumes from it. Default: "
                "evaluation in the data directory."
            ),
        ] = None,
        data_dir: DataDir = None,
        as_json: Json = False,
    ) -> None:
        _run_task(
            name,
            options,
            data,
            variants,
            noise,
            items,
            length,
            depths,
            sets,
            seed,
            full_tokens,
            quick,
            output,
            data_dir,
            as_json,
        )

    evaluate.command(name, help=summary, rich_help_panel=panel)(command)


_add_command("all", "All tasks whose data is there, in one table.", GENERATED)
for _task in TASKS.values():
    _add_command(_task.name, _task.summary, FROM_FILES if _task.needs_data else GENERATED)


@evaluate.command()
def memory(
    texts: Annotated[list[Path], typer.Argument(help="Texts that the memory was not trained on.")],
    parts: Annotated[
        str,
        Option(
            help="What to measure: any of divergence, recall, drift, probe, questions, retained "
            "and adaptive."
        ),
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
    retained: Annotated[
        str,
        Option(help="Per cent of a window that a retained set takes: 25,50. Default: none."),
    ] = "",
    length: Annotated[int, Option(help="Tokens to read of each text.")] = 4096,
    at_once: AtOnce = False,
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
        retained=_shares(retained),
        length=length,
        at_once=at_once,
        recall_window=recall_window,
        questions=tuple(questions or ()),
        drift_tokens=drift_tokens,
        drift_every=max(2, drift_tokens // 20),
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


def _shares(text: str) -> tuple[int, ...]:
    """The value of --retained, in per cent."""
    shares = numbers("retained", text) if text else ()
    if not all(0 < share < 100 for share in shares):
        raise ValueError(f"--retained takes per cent of a window, from 1 to 99; got {text!r}.")
    return shares


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
