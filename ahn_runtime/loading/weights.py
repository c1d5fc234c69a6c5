"""From files to a `Qwen2` with its memory: where weights come from, and how they are checked.

A base comes from a GGUF file or a directory of safetensors (one `model.safetensors`, or the shards
of `model.safetensors.index.json`). A memory comes merged into such a directory, or alone in a
directory of its own (`config.json` with `_ahn_implementation`, `model.safetensors` or
`ahn_only.safetensors` with the `ahn.` names), or untrained. Nothing is unpickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ahn_runtime.aligned import aligned
from ahn_runtime.backends.cpu.int8_linear import (
    INT8,
    quantize_layers,
    quantize_rows,
    shared_inputs,
    store_adjacent,
)
from ahn_runtime.config import ModelConfig
from ahn_runtime.errors import ModelNotFound, WeightsError
from ahn_runtime.loading.gguf import GGUFModel
from ahn_runtime.loading.int8_file import cached_path, read_cached, write_cached
from ahn_runtime.loading.memory_gain import MemoryGain
from ahn_runtime.model.cells import CELLS, Cell
from ahn_runtime.model.qwen2 import MEMORY_MARK, Qwen2
from ahn_runtime.tokenizer import Tokenizer, from_tokenizer_json

UNTRAINED_SEED = 20251007


@dataclass(frozen=True)
class BaseSource:
    """Where a base model's weights come from; `cell` is the memory merged into it, if any."""

    path: Path
    config: ModelConfig
    tokenizer: Tokenizer | None
    cell: str | None

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Every weight by its stock name."""
        if self.path.is_file():
            return GGUFModel(self.path).tensors()
        return _safetensors(self.path)


def open_base(path: Path) -> BaseSource:
    """Open a base model: a GGUF file, or a directory of safetensors or with one GGUF.

    Raises:
        ModelNotFound: there is no model.
        WeightsError: there is one, but it is not usable.
    """
    if path.is_dir() and not (path / "config.json").is_file():
        ggufs = sorted(path.glob("*.gguf"))
        if len(ggufs) != 1:
            raise ModelNotFound(
                f"{path} holds neither a config.json with safetensors nor exactly one .gguf file."
            )
        path = ggufs[0]
    if path.is_file():
        gguf = GGUFModel(path)
        return BaseSource(path, gguf.config, gguf.tokenizer(), None)
    if not path.is_dir():
        raise ModelNotFound(f"There is no model at {path}; give a directory or a .gguf file.")
    raw = _read_json(path / "config.json")
    tokenizer = path / "tokenizer.json"
    merged = any(MEMORY_MARK in name for name in _tensor_files(path))
    return BaseSource(
        path,
        ModelConfig.from_hf(raw),
        from_tokenizer_json(tokenizer) if tokenizer.is_file() else None,
        memory_kind(path) if merged else None,
    )


def memory_kind(directory: Path) -> str:
    """The cell a directory's `config.json` names.

    Raises:
        WeightsError: it names none, or one that this program does not know.
    """
    kind = _read_json(directory / "config.json").get("_ahn_implementation")
    if kind not in CELLS:
        raise WeightsError(
            f"{directory / 'config.json'} names the memory {kind!r} (_ahn_implementation); "
            f"known are {', '.join(sorted(CELLS))}."
        )
    return str(kind)


def read_memory_gain(directory: Path) -> MemoryGain:
    """The gains by window in a memory's `config.json`, as `MemoryGain.read` takes them.

    Raises:
        WeightsError: the entry is not windows with factors.
    """
    return MemoryGain.read(_read_json(directory / "config.json"))


def load_model(
    base: BaseSource,
    cell: str | None,
    memory_from: Path | None,
    dtype: torch.dtype,
    untrained: bool = False,
    quantize: str | None = None,
) -> Qwen2:
    """Build the model and fill it; every tensor must be there with the right shape.

    Args:
        base: the base model.
        cell: the memory's kind, or None for no memory.
        memory_from: directory with a memory; None: the base's own if it has one, else untrained.
        dtype: of the base weights; the memory's are float32.
        untrained: start with an untrained memory, even if one is merged into the base.
        quantize: "int8": the base's linear layers and embedding, each as soon as it is read. Those
            of the same input lie next to each other, so that a backend can fuse them in place.

    Raises:
        WeightsError: naming the tensor, what was expected and what was found.
    """
    with torch.device("meta"):
        model = Qwen2(base.config, cell)
    if quantize == INT8:
        quantize_layers(model)
    loader = _Loader(model, str(base.path), dtype)
    merged = cell is not None and memory_from is None and base.cell is not None and not untrained
    if quantize == INT8:
        _load_int8_base(loader, base)
    _put_from(loader, base, weights=quantize is None, memory=merged)
    if memory_from is not None:
        loader.source = str(memory_from)
        for name, tensor in _safetensors(memory_from):
            if MEMORY_MARK in name:
                loader.put(name, tensor)
    elif cell is not None and not merged:
        _untrained_memory(model)
        loader.loaded |= {n for n, _ in model.named_parameters() if MEMORY_MARK in n}
    loader.finish(base.config.tie_word_embeddings)
    for layers in shared_inputs(model):
        store_adjacent(layers)
    return model.eval().requires_grad_(False)


def _put_from(loader: _Loader, base: BaseSource, *, weights: bool, memory: bool) -> None:
    if not weights and not memory:
        return
    for name, tensor in base.tensors():
        if memory if MEMORY_MARK in name else weights:
            loader.put(name, tensor)


def _load_int8_base(loader: _Loader, base: BaseSource) -> None:
    """The base's quantized weights: from an earlier start's file, or quantized now and kept."""
    kept = cached_path(base.path)
    ready = read_cached(kept)
    if ready is not None:
        # A file that was removed meanwhile is written again.
        with contextlib.suppress(SafetensorError, OSError):
            for name, tensor in ready:
                loader.put_ready(name, tensor)
            return
    _put_from(loader, base, weights=True, memory=False)
    write_cached(kept, {name: loader.model.get_parameter(name) for name in loader.loaded})


class _Loader:
    """Fills a model made on the meta device, checking each tensor."""

    def __init__(self, model: Qwen2, source: str, dtype: torch.dtype) -> None:
        self.model, self.source, self.dtype = model, source, dtype
        self.expected = {name: p.shape for name, p in model.named_parameters()}
        self.int8 = {name for name, p in model.named_parameters() if p.dtype == torch.int8}
        self.loaded: set[str] = set()

    def put(self, name: str, tensor: Tensor) -> None:
        if name not in self.expected:
            raise WeightsError(f"{self.source} holds {name}, which this model does not have.")
        if tensor.shape != self.expected[name]:
            raise WeightsError(
                f"{self.source}: {name} has shape {list(tensor.shape)}, "
                f"expected {list(self.expected[name])}; it belongs to another model."
            )
        if name in self.int8:
            self._put_int8(name, *quantize_rows(tensor))
            return
        # The memory's parameters stay float32: rounding A_log or dt_bias changes the decay.
        dtype = torch.float32 if MEMORY_MARK in name else self.dtype
        _assign(self.model, name, tensor.to(dtype))
        self.loaded.add(name)

    def put_ready(self, name: str, tensor: Tensor) -> None:
        """Take a tensor as the model holds it, from the quantized weights on disk."""
        if name not in self.expected or tensor.shape != self.expected[name]:
            raise WeightsError(
                f"The quantized weights kept for {self.source} do not fit it ({name}); delete the "
                "folder int8 in Ammon's cache and start again."
            )
        _assign(self.model, name, tensor)
        self.loaded.add(name)

    def _put_int8(self, name: str, rows: Tensor, scales: Tensor) -> None:
        scale_name = f"{name.removesuffix('weight')}scale"
        for each, tensor in ((name, rows), (scale_name, scales.view(-1))):
            _assign(self.model, each, tensor)
            self.loaded.add(each)

    def finish(self, tied: bool) -> None:
        if tied and "lm_head.weight" not in self.loaded:
            for name, parameter in self.model.model.embed_tokens.named_parameters():
                _assign(self.model, f"lm_head.{name}", parameter)
                self.loaded.add(f"lm_head.{name}")
        missing = sorted(set(self.expected) - self.loaded)
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise WeightsError(
                f"{self.source} lacks the tensor {missing[0]}{more}; "
                "the files are incomplete or belong to another model."
            )


def _assign(model: nn.Module, name: str, tensor: Tensor) -> None:
    parent, _, leaf = name.rpartition(".")
    parameter = nn.Parameter(aligned(tensor.detach()), requires_grad=False)
    setattr(model.get_submodule(parent), leaf, parameter)


def _untrained_memory(model: Qwen2) -> None:
    generator = torch.Generator().manual_seed(UNTRAINED_SEED)
    for cell in model.modules():
        if isinstance(cell, Cell):
            cell.to_empty(device="cpu")
            cell.initialise(generator)


def _tensor_files(directory: Path) -> dict[str, Path]:
    """Tensor names and their files, from the index, the single file, or an AHN-only file."""
    index = directory / "model.safetensors.index.json"
    if index.is_file():
        names = _read_json(index).get("weight_map", {})
        return {name: directory / file for name, file in names.items()}
    for single in ("model.safetensors", "ahn_only.safetensors"):
        if (directory / single).is_file():
            with _open(directory / single) as opened:
                return dict.fromkeys(opened.keys(), directory / single)
    raise ModelNotFound(f"{directory} holds no model.safetensors and no index of shards.")


def _safetensors(directory: Path) -> Iterator[tuple[str, Tensor]]:
    files = _tensor_files(directory)
    for path in sorted(set(files.values())):
        with _open(path) as opened:
            names = list(opened.keys())
        for name in names:
            # One mapping for each tensor: it is dropped, and its memory with it, once copied.
            with _open(path) as opened:
                yield name, opened.get_tensor(name)


def _open(path: Path) -> Any:
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path} cannot be read as safetensors ({error}); fetch it again."
        ) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelNotFound(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise WeightsError(f"{path} is not valid JSON ({error}).") from error
    if not isinstance(raw, dict):
        raise WeightsError(f"{path} is not a JSON object.")
    return raw


def fingerprint_of(model: Qwen2) -> tuple[str, str]:
    """Identity of the loaded weights: (base, memory), hex; memory is "" without one.

    Of the base's tensors, name, shape, dtype and about 1,024 evenly spaced values are hashed, which
    is instant and distinguishes models, quantizations and fine-tunes; of the memory's all values.
    """
    base, memory = hashlib.sha256(), hashlib.sha256()
    has_memory = False
    for name, parameter in model.named_parameters():
        flat = parameter.detach().flatten()
        of_memory = MEMORY_MARK in name
        has_memory |= of_memory
        picked = flat if of_memory else flat[:: max(1, flat.numel() // 1024)]
        digest = memory if of_memory else base
        digest.update(f"{name} {list(parameter.shape)} {parameter.dtype}".encode())
        digest.update(picked.float().cpu().numpy().tobytes())
    return base.hexdigest()[:32], memory.hexdigest()[:32] if has_memory else ""
