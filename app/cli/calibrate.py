"""The command `calibrate`: measures a memory's gain for each window into its config.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from app.cli.fetching import fetch_model
from app.cli.options import AtOnce, Json, numbers
from app.terminal import show, show_json, show_status


def calibrate(
    memory: Annotated[
        Path, typer.Argument(help="Folder of a memory, whose config.json is updated.")
    ],
    texts: Annotated[list[Path], typer.Argument(help="Texts to measure on.")],
    model: Annotated[str, Option(help="Base: a preset, hub id, directory or .gguf.")] = "embedded",
    quantize: Annotated[str | None, Option(help="'int8'; exact without it.")] = None,
    windows: Annotated[str, Option(help="Windows to measure at.")] = "256,512,1024,2048",
    factors: Annotated[str, Option(help="Gains to measure at, in percent.")] = "50,100",
    sinks: Annotated[int, Option(help="Sinks.")] = 128,
    retained: Annotated[
        int, Option(min=0, max=99, help="Per cent of each window that a retained set takes.")
    ] = 0,
    length: Annotated[int, Option(help="Tokens to read of each text.")] = 4096,
    at_once: AtOnce = False,
    as_json: Json = False,
) -> None:
    """Find the gain of a memory that suits each window, and store it with the memory."""
    from ahn_runtime import Runtime
    from ahn_runtime.loading.memory_gain import CONFIG_KEY
    from evaluation.calibrate import calibrate as run

    sizes = numbers("windows", windows)
    gains = [percent / 100 for percent in numbers("factors", factors)]
    fetch_model(model)
    window_only, with_memory = (
        Runtime.load(model, ahn=ahn, window=sizes[0], sinks=sinks, quantize=quantize)
        for ahn in (None, memory)
    )
    scale, rows = run(
        window_only, with_memory, texts, sizes, gains, length, show_status, retained, at_once
    )
    path = memory / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config[CONFIG_KEY] = scale.as_config()
    new = path.with_suffix(".new")
    new.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    new.replace(path)
    if as_json:
        show_json({**scale.as_config(), "measured": [row.as_dict() for row in rows]})
        return
    for window, factor in scale.points:
        show(f"W {window:,}: {factor:.2f}")
