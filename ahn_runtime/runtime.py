"""Loading a model and handing out sessions: the package's front door."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from ahn_runtime.backends.cpu.decode_step import fuse_token
from ahn_runtime.backends.cpu.int8_layer import fuse_layers
from ahn_runtime.backends.cpu.int8_linear import join_layers
from ahn_runtime.backends.cpu.jit import FEW_TOKENS
from ahn_runtime.config import DTYPES, ModelConfig, StreamConfig
from ahn_runtime.errors import ModelMismatchError, ModelNotFound
from ahn_runtime.loading import hub
from ahn_runtime.loading.embedded import Progress, fetch_embedded
from ahn_runtime.loading.memory_gain import NO_GAIN_CHANGE, MemoryGain
from ahn_runtime.loading.presets import (
    DEFAULT_SINK_TOKENS,
    DEFAULT_WINDOW_TOKENS,
    PRESETS,
    Preset,
)
from ahn_runtime.loading.weights import (
    fingerprint_of,
    load_model,
    memory_kind,
    memory_scale,
    open_base,
)
from ahn_runtime.model.cache import ModelState
from ahn_runtime.model.cells import cell_class
from ahn_runtime.model.qwen2 import Qwen2
from ahn_runtime.session import BLOCK_TOKENS, Session, Snapshot
from ahn_runtime.tokenizer import Tokenizer

MemoryStatus = Literal["trained", "untrained", "none"]

UNTRAINED = "untrained:"
"""Before a cell's name, as `ahn`: a memory that adds nothing yet, where training starts."""


class Runtime:
    """A loaded model: weights, tokenizer, and how its sessions hold what they read.

    Use `Runtime.load`. One runtime serves any number of sessions.
    """

    def __init__(
        self,
        model: Qwen2,
        stream: StreamConfig,
        tokenizer: Tokenizer | None,
        title: str,
        memory_status: MemoryStatus,
        device: torch.device,
        memory_gain: MemoryGain = NO_GAIN_CHANGE,
        fingerprint: tuple[str, str] | None = None,
    ) -> None:
        self.model = model.to(device)
        if device.type == "cpu":
            join_layers(self.model)
            fuse_layers(self.model)
            fuse_token(self.model)
        self.config: ModelConfig = model.config
        self.memory_gain = memory_gain
        self.stream = stream = replace(stream, memory_scale=memory_gain.at(stream.window))
        self.tokenizer_or_none = tokenizer
        self.title = title
        self.memory_status = memory_status
        self.device = device
        self.fingerprint = fingerprint or fingerprint_of(model)
        base, memory = self.fingerprint
        self.identity: dict[str, object] = {  # compared in this order: options say more than hashes
            "cell": stream.cell,
            "window": stream.window,
            "sinks": stream.sinks,
            "dtype": stream.dtype,
            "kv_dtype": stream.kv_dtype,
            "quantize": stream.quantize,
            "positions": stream.positions,
            "model": base,
            # A factor of 1 is left out: states from before there were factors have it.
            "memory": memory if stream.memory_scale == 1 else f"{memory} x {stream.memory_scale}",
        }

    @classmethod
    def load(
        cls,
        model: str | Path = "embedded",
        *,
        ahn: str | Path | None = "auto",
        window: int | str | None = "auto",
        sinks: int | str = "auto",
        dtype: str = "float32",
        kv_dtype: str = "float32",
        quantize: str | None = None,
        device: str = "auto",
        positions: str = "absolute",
        progress: Progress | None = None,
    ) -> Runtime:
        """Load a model.

        Args:
            model: a preset's name, a directory (safetensors or one GGUF), a GGUF file, or a hub id.
            ahn: "auto": the preset's memory, the one merged into the directory, or none;
                a directory or hub id with a memory; "untrained:GatedDeltaNet" (or another cell):
                a new one that adds nothing yet; None: sinks + window only.
            window: W in tokens, "auto", or None for full attention without eviction.
            sinks: S in tokens, or "auto".
            dtype, kv_dtype: "float32" or "bfloat16": of the base, and of held keys and values.
            quantize: None (exact), or "int8"; see `quantize`.
            device: "auto", "cpu", "cuda".
            positions: "absolute" or "cache"; see `StreamConfig`.
            progress: told what the first fetch of the embedded model is doing.

        Raises:
            ModelNotFound, ModelDownloadError, WeightsError: with what to do about it.
            ValueError: an argument out of its domain.
        """
        preset = PRESETS.get(str(model))
        base = open_base(_find_base(model, preset, progress))
        memory_from = _find_memory(ahn, preset)
        cell = _choose_cell(ahn, memory_from, base.cell, preset)
        window_tokens, sink_tokens = choose_window(window, sinks, preset)
        stream = StreamConfig(
            window=window_tokens,
            sinks=sink_tokens,
            # Nothing ever leaves a session without a window: a memory would stay empty.
            cell=cell if window_tokens is not None else None,
            dtype=dtype,
            kv_dtype=kv_dtype,
            quantize=quantize,
            positions=positions,
        )
        if stream.cell is None:
            memory_from = None
        anew = stream.cell is not None and _untrained_cell(ahn) is not None
        loaded = load_model(base, stream.cell, memory_from, DTYPES[dtype], anew, quantize)
        untrained = anew or (stream.cell is not None and base.cell is None and memory_from is None)
        status: MemoryStatus = "untrained" if untrained else "trained" if stream.cell else "none"
        title = preset.title if preset else Path(model).name
        scale = NO_GAIN_CHANGE if status != "trained" else memory_scale(memory_from or base.path)
        return cls(loaded, stream, base.tokenizer, title, status, _choose_device(device), scale)

    def with_stream(self, memory_gain: MemoryGain | None = None, **changes: Any) -> Runtime:
        """The same loaded weights, whose sessions hold what they read in another way.

        Args:
            memory_gain: another one for the memory.
            changes: fields of `StreamConfig` (window, sinks, kv_dtype, positions).
        """
        return Runtime(
            self.model,
            replace(self.stream, **changes),
            self.tokenizer_or_none,
            self.title,
            self.memory_status,
            self.device,
            memory_gain or self.memory_gain,
            self.fingerprint,
        )

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer.

        Raises:
            ModelNotFound: the model came without one.
        """
        if self.tokenizer_or_none is None:
            raise ModelNotFound(
                f"The model {self.title} came without a tokenizer; put tokenizer.json beside it."
            )
        return self.tokenizer_or_none

    @property
    def block_tokens(self) -> int:
        """Tokens per forward: the block, or the window where that is shorter."""
        window = self.stream.window
        return BLOCK_TOKENS if window is None else min(BLOCK_TOKENS, window)

    def session(self) -> Session:
        """A session that has read nothing."""
        cell = self.stream.cell
        num_gates = cell_class(cell).num_gates if cell else 0
        return Session(self, ModelState.fresh(self.config, self.stream, num_gates, self.device))

    def warm_up(self) -> None:
        """Answer a little in a session that is dropped: its loops are compiled before anyone waits.

        They are kept on disk, so this takes seconds once and a moment later on; see `jit`.
        """
        tiny = self if self.stream.window is None else self.with_stream(window=4, sinks=1)
        session = tiny.session()
        session.feed([0] * (FEW_TOKENS // 2), logits=None)
        for _ in session.generate(2, stop_ids=()):
            pass

    def restore(self, snapshot: Snapshot) -> Session:
        """A session that goes on from a snapshot; the snapshot can be restored again.

        Raises:
            ModelMismatchError: it was made by another model, memory, window or dtype.
        """
        self.check_identity(snapshot.identity)
        return Session(self, snapshot.state.fork())

    def check_identity(self, identity: dict[str, object]) -> None:
        """Refuse a state that another configuration made; the message names the difference."""
        for key, ours in self.identity.items():
            theirs = identity.get(key)
            if theirs != ours:
                raise ModelMismatchError(
                    f"This state was made with {key} {theirs!r}, but {key} {ours!r} is loaded; "
                    "load the same model and options, or read the documents again."
                )


def _find_base(model: str | Path, preset: Preset | None, progress: Progress | None) -> Path:
    if preset is not None:
        return hub.fetch(preset.base) if preset.base else fetch_embedded(progress)
    path = Path(model).expanduser()
    if path.exists():
        return path
    if isinstance(model, str) and hub.is_hub_id(model):
        return hub.fetch(model)
    raise ModelNotFound(
        f"There is no model {str(model)!r}: it is neither a preset ({', '.join(PRESETS)}) nor a "
        "path that exists nor a hub id; give a directory with safetensors or a .gguf file."
    )


def _find_memory(ahn: str | Path | None, preset: Preset | None) -> Path | None:
    """Directory of a memory that is loaded beside the base; None: the base's own, or none."""
    if ahn is None or _untrained_cell(ahn) is not None:
        return None
    if ahn == "auto":
        memory = preset.memory if preset else None
        return hub.fetch(memory) if isinstance(memory, str) else memory
    path = Path(ahn).expanduser()
    if path.is_dir():
        return path
    if isinstance(ahn, str) and not path.exists() and hub.is_hub_id(ahn):
        return hub.fetch(ahn)
    raise ModelNotFound(f"There is no directory and no hub id {str(ahn)!r} to load a memory from.")


def _choose_cell(
    ahn: str | Path | None, memory_from: Path | None, merged: str | None, preset: Preset | None
) -> str | None:
    if ahn is None:
        return None
    if memory_from is not None:
        return memory_kind(memory_from)
    return _untrained_cell(ahn) or (preset.cell if preset else merged)


def _untrained_cell(ahn: str | Path | None) -> str | None:
    """The cell that "untrained:CELL" asks for."""
    if not isinstance(ahn, str) or not ahn.startswith(UNTRAINED):
        return None
    return cell_class(ahn.removeprefix(UNTRAINED)).name


def choose_window(
    window: int | str | None, sinks: int | str, preset: Preset | None
) -> tuple[int | None, int]:
    """W and S as `Runtime.load` takes them, "auto" decided: the preset's, else 2,048 and 128.

    Raises:
        ValueError: one of them is neither a number nor "auto".
    """
    default_window = preset.window if preset else DEFAULT_WINDOW_TOKENS
    default_sinks = preset.sinks if preset else DEFAULT_SINK_TOKENS
    if isinstance(window, str):
        if window != "auto":
            raise ValueError(f"window must be a number of tokens, 'auto' or None; got {window!r}.")
        window = default_window
    if isinstance(sinks, str):
        if sinks != "auto":
            raise ValueError(f"sinks must be a number of tokens or 'auto'; got {sinks!r}.")
        sinks = default_sinks
    return window, sinks


def has_cuda() -> bool:
    """True if torch sees a CUDA device, which "auto" then takes."""
    return torch.cuda.is_available()


def _choose_device(device: str) -> torch.device:
    if device == "auto":
        device = "cuda" if has_cuda() else "cpu"
    if device.startswith("cuda") and not has_cuda():
        raise ValueError("device 'cuda' was asked for, but torch sees no CUDA device; use 'cpu'.")
    return torch.device(device)
