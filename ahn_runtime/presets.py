"""Models known by name, with the window and memory that belong to them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A model that `Runtime.load` takes by name.

    Args:
        name: what the user types.
        title: what the user reads.
        cell: kind of the memory, by its released name; None for sinks + window only.
        memory_status: "untrained" (output projection zero: nothing is added yet) or "none".
        window, sinks: defaults W and S, in tokens.
        licence: of the weights.
    """

    name: str
    title: str
    cell: str | None
    memory_status: str
    window: int
    sinks: int
    licence: str


DEFAULT_WINDOW_TOKENS = 2048
DEFAULT_SINK_TOKENS = 128

EMBEDDED = Preset(
    name="embedded",
    title="Qwen2.5-Coder-0.5B-Instruct (Q4_K_M)",
    cell="GatedDeltaNet",
    memory_status="untrained",
    window=DEFAULT_WINDOW_TOKENS,
    sinks=DEFAULT_SINK_TOKENS,
    licence="Apache-2.0",
)

PRESETS: dict[str, Preset] = {EMBEDDED.name: EMBEDDED}
