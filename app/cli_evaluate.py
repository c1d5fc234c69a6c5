"""The commands `evaluate ...`: measurements of quality, as a table or as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from app.cli_options import Json

evaluate = typer.Typer(help="Measure quality on texts of yours.", no_args_is_help=True)


@evaluate.callback()
def _group() -> None:
    """Measure quality on texts of yours."""


@evaluate.command()
def memory(
    texts: Annotated[list[Path], typer.Argument(help="Texts that the memory was not trained on.")],
    model: Annotated[str, Option(help="Base: a preset, hub id, directory or .gguf.")] = "embedded",
    ahn: Annotated[str, Option(help="Memory: 'auto', a hub id or a directory.")] = "auto",
    windows: Annotated[str, Option(help="Windows to compare.")] = "256,512,1024,2048",
    sinks: Annotated[int, Option(help="Sinks.")] = 128,
    length: Annotated[int, Option(help="Tokens read of each text.")] = 4096,
    scored: Annotated[int, Option(help="Tokens scored at the end of each.")] = 512,
    as_json: Json = False,
) -> None:
    """How close window and memory come to full attention beyond the window."""
    from evaluation.memory import measure, summarise

    try:
        sizes = [int(part) for part in windows.split(",")]
    except ValueError:
        raise ValueError(
            f"--windows takes numbers of tokens with commas; got {windows!r}."
        ) from None
    places = []
    for place in measure(model, ahn, texts, sizes, sinks, length, scored):
        places.append(place)
        print(
            f"{place.document}, W {place.window}: KL {place.window_divergence:.4f} without, "
            f"{place.memory_divergence:.4f} with the memory",
            file=sys.stderr,
        )
    if not places:
        raise ValueError(f"None of the texts has {length} tokens; take a smaller --length.")
    rows = summarise(places)
    if as_json:
        print(json.dumps([row.as_dict() for row in rows]))
        return
    print("| W | documents | KL, window | KL, with memory | taken away | cross-entropy, full |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(
            f"| {row.window:,} | {row.documents} | {row.window_divergence:.4f} | "
            f"{row.memory_divergence:.4f} | {row.gain:+.4f} ± {row.gain_plus_minus:.4f} "
            f"({row.gain_share:.1%}) | {row.full_entropy:.3f} |"
        )
