"""Models by name, each with its window, memory and licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ahn_runtime.loading.embedded import ROOT, PackagedModel

MEMORIES = Path(__file__).parents[1] / "memories"
"""Memories that come with Ammon: one directory each, with a model card."""
DEFAULT_WINDOW_TOKENS = 2048
DEFAULT_SINK_TOKENS = 128
RELEASED_WINDOW_TOKENS = 32_640
"""W of the paper's evaluation, with S = 128: 32,768 positions held exactly."""

APACHE = "Apache-2.0"
QWEN_RESEARCH = "Qwen Research License: research and evaluation only, no commercial use"


@dataclass(frozen=True)
class Preset:
    """A model that `Runtime.load` takes by name.

    Args:
        name: what the user types.
        title: what the user reads.
        base: hub id of the base model, or its file from the package registry.
        memory: hub id of the memory's weights, or their directory if they come with Ammon; None:
            there are none.
        cell: kind of the memory, by its released name; None for sinks + window only.
        memory_status: "trained", "untrained" (output projection zero: nothing is added yet) or
            "none".
        window, sinks: defaults W and S, in tokens.
        licence: of the weights.
        retain: default R, in tokens.
        former_memories: those that came with Ammon before, the oldest first. New sessions take
            `memory`; sessions that were made with one of these keep it.
    """

    name: str
    title: str
    base: str | PackagedModel
    memory: str | Path | None
    cell: str | None
    memory_status: str
    window: int
    sinks: int
    licence: str
    retain: int = 0
    former_memories: tuple[Path, ...] = ()

    @property
    def memory_name(self) -> str:
        """The name of a memory that comes with Ammon: its directory's; of others empty."""
        return self.memory.name if isinstance(self.memory, Path) else ""

    def former_memory(self, name: str) -> Path | None:
        """The memory of that name, if it is a former one; None: it is the present one, or unknown.

        Args:
            name: as `memory_name`; empty: from before names were kept, so the oldest.
        """
        known = {memory.name: memory for memory in self.former_memories}
        return known.get(name) if name else next(iter(known.values()), None)


EMBEDDED = Preset(
    name="embedded",
    title="Qwen2.5-Coder-0.5B-Instruct (Q4_K_M)",
    base=PackagedModel(
        file_name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        byte_count=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        requirements=ROOT / "requirements-model-0.5b.txt",
    ),
    memory=MEMORIES / "embedded-gdn",
    cell="GatedDeltaNet",
    memory_status="trained",
    window=DEFAULT_WINDOW_TOKENS,
    sinks=DEFAULT_SINK_TOKENS,
    licence=APACHE,
)

EMBEDDED_1_5B = Preset(
    name="embedded-1.5b",
    title="Qwen2.5-Coder-1.5B-Instruct (Q4_K_M)",
    base=PackagedModel(
        file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        byte_count=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        requirements=ROOT / "requirements-model-1.5b.txt",
    ),
    memory=MEMORIES / "embedded-1.5b-gdn",
    cell="GatedDeltaNet",
    memory_status="trained",
    window=DEFAULT_WINDOW_TOKENS,
    sinks=DEFAULT_SINK_TOKENS,
    licence=APACHE,
)

_RELEASED_CELLS = {"gdn": "GatedDeltaNet", "dn": "DeltaNet", "mamba2": "Mamba2"}
_RELEASED_NAMES = {"gdn": "GDN", "dn": "DN", "mamba2": "Mamba2"}


def _released(size: str, short: str) -> Preset:
    """A base with the AHN authors' weights (ByteDance-Seed)."""
    return Preset(
        name=f"qwen2.5-{size.lower()}-{short}",
        title=f"Qwen2.5-{size}-Instruct with AHN-{_RELEASED_NAMES[short]}",
        base=f"Qwen/Qwen2.5-{size}-Instruct",
        memory=f"ByteDance-Seed/AHN-{_RELEASED_NAMES[short]}-for-Qwen-2.5-Instruct-{size}",
        cell=_RELEASED_CELLS[short],
        memory_status="trained",
        window=RELEASED_WINDOW_TOKENS,
        sinks=DEFAULT_SINK_TOKENS,
        licence=QWEN_RESEARCH if size == "3B" else APACHE,
    )


def _plain(name: str, title: str) -> Preset:
    """One of Qwen's bases for which no memory is released: sinks and window."""
    return Preset(
        name=name.lower(),
        title=title,
        base=f"Qwen/{title}",
        memory=None,
        cell=None,
        memory_status="none",
        window=DEFAULT_WINDOW_TOKENS,
        sinks=DEFAULT_SINK_TOKENS,
        licence=APACHE,
    )


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        EMBEDDED,
        EMBEDDED_1_5B,
        *(_plain(f"qwen2.5-{size}", f"Qwen2.5-{size}-Instruct") for size in ("0.5B", "1.5B")),
        *(_plain(f"qwen3-{size}", f"Qwen3-{size}") for size in ("0.6B", "1.7B", "4B", "8B", "14B")),
        *(_released(size, short) for size in ("3B", "7B", "14B") for short in _RELEASED_CELLS),
    )
}

PACKAGED: dict[str, Preset] = {
    name: preset for name, preset in PRESETS.items() if isinstance(preset.base, PackagedModel)
}
"""The presets that need no hub."""
