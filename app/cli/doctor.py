"""What is installed, what is fetched, and whether the data directory is sound."""

from __future__ import annotations

import importlib.metadata
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from ahn_runtime.loading import hub
from ahn_runtime.loading.embedded import embedded_path, is_fetched
from ahn_runtime.loading.presets import EMBEDDED, PRESETS, Preset
from app.messages import sentence
from app.service.library.indexing import free_bytes, text_recognition
from app.settings import Settings
from storage import Database, StorageError

LOW_DISK_BYTES = 2 << 30


@dataclass(frozen=True)
class Finding:
    """One line of the examination; `found` says what to do where it is not ok."""

    what: str
    ok: bool
    found: str


def examine(data_dir: Path) -> list[Finding]:
    """Look at everything; loads no model."""
    fetched = is_fetched()
    memory = psutil.virtual_memory()
    free = free_bytes(data_dir)
    return [
        Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0]),
        Finding("torch", True, importlib.metadata.version("torch")),
        Finding("device", True, device()),
        Finding("kernels", True, kernels()),
        Finding(
            "embedded model",
            True,
            f"{EMBEDDED.title} at {embedded_path()}"
            if fetched
            else "not fetched yet; the first reading fetches it (491 MB)",
        ),
        Finding("memory (AHN)", True, f"{EMBEDDED.cell}, {EMBEDDED.memory_status}"),
        *(_preset(preset) for preset in PRESETS.values() if preset.base),
        Finding(
            "RAM",
            memory.available > 3 << 30,
            f"{memory.available / 2**30:.1f} GiB free (the embedded model needs about 3 GiB)",
        ),
        Finding("disk", free > LOW_DISK_BYTES, f"{free / 2**30:.1f} GiB free at {data_dir}"),
        _recognition(),
        _database(Settings(data_dir=data_dir).database_path),
    ]


def _preset(preset: Preset) -> Finding:
    """Whether a model from the hub is on disk; it is no fault if not."""
    parts = [part for part in (preset.base, preset.memory) if isinstance(part, str)]
    there = [hub.find_on_disk(hub_id) is not None for hub_id in parts]
    state = "on disk" if all(there) else "partly on disk" if any(there) else "not on disk"
    memory = preset.cell or "no memory released"
    return Finding(
        f"preset {preset.name}", True, f"{preset.title}, {memory}: {state} ({preset.licence})"
    )


def _recognition() -> Finding:
    """What recognises scanned pages; it is no fault if nothing does, unless it was set up."""
    ocr = text_recognition()
    is_ok = not ocr.problem or ocr.tesseract is None
    return Finding("text recognition (OCR)", is_ok, ocr.problem or str(ocr))


def kernels() -> str:
    """What computes the memories' recurrences and attention here."""
    import torch

    from ahn_runtime.backends.base import backend_class

    chosen = backend_class(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    return f"recurrences by {chosen.recurrences}, attention by {chosen.attention}"


def device() -> str:
    """Where a model runs that is given no device."""
    import torch

    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name()})"
    return f"cpu ({torch.get_num_threads()} threads)"


def _database(path: Path) -> Finding:
    if not path.exists():
        return Finding("database", True, f"none yet at {path}; the first session makes it")
    try:
        with Database(path) as db:
            faults = db.integrity_check()
            size = db.size_bytes()
    except StorageError as error:
        return Finding("database", False, sentence(error))
    found = f"{path}, {size / 2**20:.0f} MiB, sound"
    return Finding("database", not faults, "; ".join(faults[:3]) if faults else found)
