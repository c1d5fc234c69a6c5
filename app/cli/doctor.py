"""The command `doctor`: what is installed, what is fetched, and whether the data is sound.

Loads no model. Torch comes with most of what is examined, so all of that is imported only when the
command runs: the help of the program has to be quick.
"""

from __future__ import annotations

import importlib.metadata
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psutil
import typer

from app.cli.options import DataDir, Json
from app.settings import Settings, default_data_dir, home_expanded
from app.terminal import show, show_json, show_status

if TYPE_CHECKING:
    from ahn_runtime.loading.presets import Preset

MIN_FREE_MEMORY_BYTES = 3 << 30
MIN_FREE_DISK_BYTES = 2 << 30
PROGRESS_S = 2.0


REBUILD = "python launch.py doctor --rebuild-index"


def doctor(
    data_dir: DataDir = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Also read all pages and files, and compare their hashes."),
    ] = False,
    rebuild_index: Annotated[
        bool,
        typer.Option("--rebuild-index", help="First build the search index from the text again."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is installed, what is missing, and what to do about it."""
    folder = home_expanded(data_dir or default_data_dir())
    if rebuild_index:
        _rebuild_index(Settings(data_dir=folder).database_path)
    findings = examine(folder)
    if verify:
        findings += _verified(Settings(data_dir=folder))
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            show(f"[{'ok' if finding.ok else '!!'}] {finding.what}: {finding.found}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Finding:
    """One line of the examination.

    Args:
        what: what was examined.
        ok: whether it is as it should be.
        found: its state; what to do about it if it is not ok.
    """

    what: str
    ok: bool
    found: str


def examine(data_dir: Path) -> list[Finding]:
    """Examine the installation, the machine and a data directory."""
    from ahn_runtime.hardware import describe_device, describe_kernels

    return [
        Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0]),
        Finding("torch", True, importlib.metadata.version("torch")),
        Finding("device", True, describe_device()),
        Finding("kernels", True, describe_kernels()),
        *_models(),
        _memory(),
        _disk(data_dir),
        _text_recognition(),
        *_sandbox(),
        *_database(Settings(data_dir=data_dir).database_path),
    ]


def _models() -> list[Finding]:
    """The model of new sessions, the embedded models, and the presets from the hub."""
    from ahn_runtime.loading.presets import PACKAGED, PRESETS
    from app.service.default_model import default_model

    choice = default_model()
    return [
        Finding("model of new sessions", True, f"{choice.preset.name}: {choice.reason}"),
        *(_embedded(preset) for preset in PACKAGED.values()),
        *(_preset(preset) for name, preset in PRESETS.items() if name not in PACKAGED),
    ]


def _embedded(preset: Preset) -> Finding:
    """An embedded model, where it is, and its memory; ok in any case: it is fetched when used."""
    from ahn_runtime.loading.embedded import PackagedModel
    from app.service.default_model import download_text

    base = preset.base
    assert isinstance(base, PackagedModel)
    missing = f"not fetched yet: {download_text(preset)}; the first reading with it fetches it"
    state = f"at {base.path}" if base.is_fetched() else missing
    memory = f"{preset.cell}, {preset.memory_status}" if preset.cell else "none trained yet"
    return Finding(
        f"preset {preset.name}",
        True,
        f"{preset.title}, memory (AHN): {memory}; {state} ({preset.licence})",
    )


def _preset(preset: Preset) -> Finding:
    """Whether a model from the hub is on disk; ok in any case, because it is fetched when used."""
    from ahn_runtime.loading import hub

    hub_ids = [part for part in (preset.base, preset.memory) if isinstance(part, str)]
    on_disk = [hub.find_on_disk(hub_id) is not None for hub_id in hub_ids]
    state = "on disk" if all(on_disk) else "partly on disk" if any(on_disk) else "not on disk"
    memory = preset.cell or "no memory released"
    return Finding(
        f"preset {preset.name}", True, f"{preset.title}, {memory}: {state} ({preset.licence})"
    )


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    found = f"{free / 2**30:.1f} GiB free (an embedded model needs about 3 GiB)"
    return Finding("RAM", free > MIN_FREE_MEMORY_BYTES, found)


def _disk(data_dir: Path) -> Finding:
    from app.service.library.file_store import free_bytes

    free = free_bytes(data_dir)
    return Finding("disk", free > MIN_FREE_DISK_BYTES, f"{free / 2**30:.1f} GiB free at {data_dir}")


def _text_recognition() -> Finding:
    """What recognises scanned pages; not ok only if it is set up but does not work."""
    from app.service.library.indexing import text_recognition

    ocr = text_recognition()
    is_ok = not ocr.problem or ocr.tesseract is None
    return Finding("text recognition (OCR)", is_ok, ocr.problem or str(ocr))


# What a process that reads a file from outside tries, and what that is called.
ATTEMPTS = {
    "files": "reading other files",
    "writing": "writing files",
    "network": "network connections",
    "processes": "reaching other processes",
    "programs": "starting programs",
}


def _sandbox() -> list[Finding]:
    """What the system refuses a process that reads a file from outside, as it tried just now."""
    from app.service.library.indexing import sandbox_report

    report = sandbox_report()
    if report.problem:
        return [Finding("sandbox", False, report.problem)]
    leaked = f"gets {', '.join(report.leaked)}" if report.leaked else "hides all others"
    limits = ", ".join(name.removeprefix("RLIMIT_") for name in report.limits)
    return [
        *(_attempt(what, report.refused[what], report.landlock_version) for what in ATTEMPTS),
        Finding("sandbox: environment variables", not report.leaked, leaked),
        Finding("sandbox: limits", True, limits or "none: this system has no resource limits"),
    ]


def _attempt(what: str, is_refused: bool, landlock_version: int) -> Finding:
    """Whether an attempt was refused; ok if so, and where no system of its kind can refuse it."""
    name = f"sandbox: {ATTEMPTS[what]}"
    if is_refused:
        with_landlock = f" (Landlock {landlock_version})" if what == "files" else ""
        return Finding(name, True, f"refused{with_landlock}")
    if sys.platform != "linux":
        return Finding(name, True, "not refused: only Linux can; a damaged file could do it")
    means = "Landlock (Linux 5.13, and `landlock` in its list of security modules)"
    if what not in ("files", "writing"):
        means = "seccomp, on an x86-64 or AArch64 processor"
    return Finding(name, False, f"not refused: this system has no {means}, or a container hides it")


def _database(path: Path) -> list[Finding]:
    from app.messages import sentence
    from storage import Database, StorageError, index_state

    if not path.exists():
        return [Finding("database", True, f"none yet at {path}; the first session makes it")]
    try:
        with Database(path) as db:
            faults = db.integrity_check()
            size = db.size_bytes()
            index = index_state(db)
    except StorageError as error:
        return [Finding("database", False, sentence(error))]
    faults = [
        f"{fault}: {REBUILD} does" if fault.endswith("rebuild the index") else fault
        for fault in faults
    ]
    found = f"{path}, {size / 2**20:.0f} MiB, sound"
    state = f"{index.indexed:,} of {index.total:,} passages"
    if index.indexed < index.total:
        state += "; the rest is indexed while the server runs, or when its session is asked"
    return [
        Finding("database", not faults, "; ".join(faults[:3]) if faults else found),
        Finding("search index", True, state),
    ]


def _rebuild_index(path: Path) -> None:
    """Build the search index again.

    Raises:
        StorageError: there is no database, or it cannot be read.
    """
    from storage import Database, NotFound, rebuild_search_index

    if not path.is_file():
        raise NotFound(f"There is no database at {path}, so there is no search index to build.")
    show_status("The search index is built again; this takes some seconds for each book.")
    with Database(path) as db:
        rebuild_search_index(db)


def _verified(settings: Settings) -> list[Finding]:
    """What is damaged among the checkpoints' pages and the documents' files."""
    from app.messages import sentence
    from app.service.verification import find_damage
    from storage import Database, StorageError

    if not settings.database_path.is_file():
        return []
    reported: dict[str, float] = {}

    def report(what: str, done: int, total: int) -> None:
        if done == total or time.monotonic() > reported.get(what, 0.0) + PROGRESS_S:
            reported[what] = time.monotonic()
            show_status(f"Verified: {done:,} of {total:,} {what}")

    try:
        with Database(settings.database_path) as db:
            damage = [str(found) for found in find_damage(db, settings, report)]
    except StorageError as error:
        damage = [sentence(error)]
    if not damage:
        return [Finding("contents", True, "every page and file has its hash")]
    return [Finding("contents", False, found) for found in damage]
