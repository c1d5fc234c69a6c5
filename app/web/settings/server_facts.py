"""What the server was started with, and what changes it; none of it is slow to find or secret."""

from __future__ import annotations

import os

from ahn_runtime.hardware import describe_device, describe_kernels
from ahn_runtime.loading.paths import CACHE_VARIABLE, cache_directory
from ahn_runtime.loading.presets import PRESETS
from app.service.library.indexing import text_recognition
from app.service.models import resolve_options
from app.settings import (
    BUDGET_VARIABLE,
    DATA_VARIABLE,
    EVERY_VARIABLE,
    MEMORY_VARIABLE,
    NOTES_VARIABLE,
    PATHS_VARIABLE,
    URLS_VARIABLE,
    ModelOptions,
    Settings,
    Sources,
)
from app.version import version
from app.web.formatting import size
from app.web.settings.html import Fact
from ingest.pdf.ocr import LANGUAGES_VARIABLE

FIXED = "fixed: no option changes it"
NO_MEMORY = "none: no memory is trained for this model yet"


def server_facts(settings: Settings) -> list[Fact]:
    """The server's settings, those first that are looked for most."""
    kept = settings.retention
    return [
        Fact("Version", version()),
        Fact("Data directory", str(settings.data_dir), ("--data-dir", DATA_VARIABLE)),
        Fact("Models fetched into", str(cache_directory()), (CACHE_VARIABLE,)),
        *_model_facts(settings.model),
        Fact("Device and threads", _device(settings.model), ("--device, OMP_NUM_THREADS",)),
        Fact("Computed by", describe_kernels()),
        Fact(
            "Checkpoints",
            f"at the ends of documents and chapters, and every {kept.every_tokens:,} tokens",
            ("--keep-every", EVERY_VARIABLE),
        ),
        Fact(
            "Disk for a session's checkpoints",
            f"at most {size(kept.budget_bytes)}",
            ("--checkpoint-budget", BUDGET_VARIABLE),
        ),
        Fact(
            "Notes while reading",
            "taken" if settings.notes else "not taken",
            ("--no-notes", NOTES_VARIABLE),
        ),
        Fact(
            "Memory for sessions in use",
            f"{size(settings.session_cache_bytes)}; the others stay on disk until they are used",
            (MEMORY_VARIABLE,),
        ),
        Fact("Questions that may wait", f"{settings.max_waiting_questions:,}", note=FIXED),
        Fact("An answer", f"at most {settings.max_answer_tokens:,} tokens", note=FIXED),
        *_source_facts(settings.sources),
    ]


def _model_facts(options: ModelOptions) -> list[Fact]:
    """How new sessions are made, with "auto" resolved if that needs no model to be opened."""
    preset = PRESETS.get(options.model)
    window, sinks, retain = options.window, options.sinks, options.retain
    memory = options.ahn
    if preset is not None:
        window = preset.window if window == "auto" else window
        sinks = preset.sinks if sinks == "auto" else sinks
        retain = preset.retain if retain == "auto" else retain
        memory = (preset.cell or NO_MEMORY) if memory == "auto" else memory
    chosen = "" if retain in (0, "auto") else f" + {_number(retain)} chosen"
    held = "everything"
    if window is not None:
        held = f"{_number(window)} + {_number(sinks)}{chosen} tokens"
    return [
        Fact("Model of new sessions", preset.title if preset else options.model, ("--model",)),
        Fact("Their memory", memory or "none", ("--ahn",)),
        Fact("Their window and start", held, ("--window, --sinks, --retain",)),
        Fact(
            "Their precision", resolve_options(options).quantize or options.dtype, ("--quantize",)
        ),
    ]


def _number(tokens: int | str) -> str:
    return tokens if isinstance(tokens, str) else f"{tokens:,}"


def _device(options: ModelOptions) -> str:
    return describe_device() if options.device == "auto" else options.device


def _source_facts(sources: Sources) -> list[Fact]:
    ocr = text_recognition()
    return [
        Fact(
            "Addresses on the web", "read" if sources.urls else "not read", (f"{URLS_VARIABLE}=1",)
        ),
        Fact(
            "Files of the server",
            f"read below {os.pathsep.join(map(str, sources.paths))}"
            if sources.paths
            else "not read",
            (PATHS_VARIABLE,),
        ),
        Fact("Scanned pages (OCR)", ocr.problem or str(ocr), (LANGUAGES_VARIABLE,)),
    ]
