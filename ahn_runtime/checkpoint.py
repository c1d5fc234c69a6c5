"""A session's state as bytes: a manifest and content-addressed pages, and back.

A page covers `PAGE_TOKENS` absolute positions of all layers, or the memories, or the last hidden
state, as one safetensors blob named by the sha256 of its bytes. Consecutive checkpoints share the
pages that did not change. Positions p of page i are i * PAGE_TOKENS <= p < (i + 1) * PAGE_TOKENS;
its `positions` say which of them it holds:

    positions  [count] int64
    k, v  [layers, Hkv, count, D] in the stream's kv_dtype       gates [layers, G, count, H]
    memory  [layers, H, D, D] float32, key axis first            last_hidden  [hidden]

With a retained set of F tokens so far (format version 2) there are also a page for each layer, and
one for what all held tokens have received, by their slots (see `ahn_runtime.model.cache`):

    retained  [Hkv, F] int64, positions     k, v  [Hkv, F, D]    gates  [G, F, H]
    attention  [layers, 2, Hkv, held] float32

This module uses no database: pages are returned as a mapping and fetched through a function.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ahn_runtime.aligned import aligned
from ahn_runtime.errors import AhnError, CheckpointVersionError, DamagedCheckpoint
from ahn_runtime.model.attention import slots_of
from ahn_runtime.model.cache import ModelState

if TYPE_CHECKING:
    from ahn_runtime.runtime import Runtime
    from ahn_runtime.session import Session

FORMAT = "ammon-checkpoint"
FORMAT_VERSION = 2
PAGE_TOKENS = 256
_HELD = ("k", "v", "gates")
"""Fields of a layer's state whose second axis is its slots, as pages name them."""
_MAX_COUNT = 1 << 100  # the FLOPs of a long session exceed 64 bits
_HASH = re.compile(r"[0-9a-f]{64}")

Manifest = dict[str, Any]

_DAMAGE = (
    ArithmeticError,  # a number that a tensor cannot hold
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What values of any other type, shape or size lead to."""


@dataclass(frozen=True)
class Checkpoint:
    """A state to store: `manifest` is plain JSON, `pages` holds the pages that are new, by hash."""

    manifest: Manifest
    pages: Mapping[str, bytes]

    @property
    def page_hashes(self) -> list[str]:
        """Every page the manifest uses, new or not."""
        return page_hashes(self.manifest)


def page_hashes(manifest: Manifest) -> list[str]:
    """Hashes of all pages of a manifest."""
    hashes = [page["hash"] for page in manifest["kv_pages"]]
    hashes += [manifest[name] for name in ("memory_page", "hidden_page") if manifest[name]]
    hashes += manifest.get("retained_pages", ())
    hashes += [manifest["attention_page"]] if manifest.get("attention_page") else []
    return list(dict.fromkeys(hashes))


def check_manifest(manifest: Manifest) -> None:
    """Check that a manifest has the fields of this format, each of its type.

    Whether they fit a model and their pages is known only when the checkpoint is loaded.

    Raises:
        CheckpointVersionError: a newer Ammon wrote it.
        DamagedCheckpoint: a field is missing, or is not what `save_checkpoint` writes.
    """
    _check_version(manifest)
    try:
        counts = [manifest[name] for name in ("tokens_seen", "flops", "flops_full")]
        for entry in manifest["kv_pages"]:
            counts += [entry["page"], entry["count"]]
        fits = all(type(count) is int and 0 <= count < _MAX_COUNT for count in counts)
        int(manifest["prefix_hash"], 16)
        hashes = page_hashes(manifest)
        fits = fits and isinstance(manifest["identity"], Mapping)
        fits = fits and isinstance(manifest.get("retained_pages", []), list)
        fits = fits and all(_HASH.fullmatch(name) for name in hashes)
    except _DAMAGE as error:
        raise _damaged(error) from error
    if not fits:
        raise DamagedCheckpoint("This checkpoint's manifest is damaged; use an earlier one.")


def _damaged(error: Exception) -> DamagedCheckpoint:
    return DamagedCheckpoint(
        f"This checkpoint is damaged ({type(error).__name__}: {error}); use an earlier one."
    )


def save_checkpoint(
    session: Session, previous: Manifest | None = None, extra: Manifest | None = None
) -> Checkpoint:
    """Turn a session's state into a manifest and the pages that are new.

    A ring overwrites the oldest page's positions one by one; a page that `previous` holds whole is
    used again even when the session holds only its last positions.

    Args:
        session: at the position to save.
        previous: manifest of the last checkpoint of this session, whose pages are shared.
        extra: more plain JSON for the manifest (the chunk length, the document).
    """
    runtime, state = session.runtime, session.state
    pages: dict[str, bytes] = {}
    old = {p["page"]: p["hash"] for p in (previous or {}).get("kv_pages", ()) if _is_whole(p)}
    manifest: Manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION if runtime.stream.retain else 1,
        "identity": runtime.identity,
        "page_tokens": PAGE_TOKENS,
        "tokens_seen": state.tokens_seen,
        "prefix_hash": f"{state.prefix_hash:032x}",
        "flops": state.flops,
        "flops_full": state.flops_full,
        "kv_pages": _save_kv(runtime, state, old, pages),
        "memory_page": _put(pages, {"memory": torch.stack([la.memory for la in state.layers])})
        if runtime.stream.cell
        else "",
        "hidden_page": ""
        if state.last_hidden is None
        else _put(pages, {"last_hidden": state.last_hidden}),
        **_save_retained(runtime, state, pages),
        **(extra or {}),
    }
    return Checkpoint(manifest, pages)


def load_checkpoint(runtime: Runtime, manifest: Manifest, fetch: Callable[[str], bytes]) -> Session:
    """Rebuild a session from its pages, without feeding tokens.

    Args:
        runtime: loaded with the model and options that the manifest names.
        manifest: as `save_checkpoint` made it.
        fetch: page hash to bytes; each page is verified against its hash.

    Raises:
        CheckpointVersionError: a newer Ammon wrote it.
        ModelMismatchError: of another model, memory, window or dtype.
        DamagedCheckpoint: a field or page is missing, or does not match its hash or shape.
    """
    _check_version(manifest)
    try:
        runtime.check_identity(manifest["identity"])
        session = runtime.session()
        state = session.state
        state.tokens_seen = int(manifest["tokens_seen"])
        state.prefix_hash = int(manifest["prefix_hash"], 16)
        state.flops, state.flops_full = int(manifest["flops"]), int(manifest["flops_full"])
        # What a file says of its size is believed once its pages bear it out.
        _check_kv(runtime, state, manifest["kv_pages"], fetch)
        retained = _read_retained(runtime, state, manifest, fetch)
        if state.tokens_seen:
            state.reserve(0, runtime.stream)
        _load_kv(runtime, state, manifest["kv_pages"], fetch)
        _load_retained(state, *retained)
        if runtime.stream.cell:
            memory = _get(manifest["memory_page"], fetch)["memory"]
            one = state.layers[0].memory
            _check_shape("memory", memory, (len(state.layers), *one.shape), one.dtype)
            _check_finite("memory", memory)
            for layer, saved in zip(state.layers, memory.to(runtime.device), strict=True):
                layer.memory = aligned(saved)
        if state.tokens_seen:
            hidden = _get(manifest["hidden_page"], fetch)["last_hidden"]
            dtype = hidden.dtype if hidden.is_floating_point() else torch.float32
            _check_shape("last_hidden", hidden, (runtime.config.hidden_size,), dtype)
            _check_finite("last_hidden", hidden)
            state.last_hidden = aligned(hidden.to(runtime.device))
    except AhnError:
        raise
    except _DAMAGE as error:
        raise _damaged(error) from error
    return session


def check_checkpoint(manifest: Manifest, fetch: Callable[[str], bytes]) -> None:
    """Read and decode every page of a checkpoint; no model is needed.

    Args:
        manifest: as `save_checkpoint` made it.
        fetch: page hash to bytes.

    Raises:
        CheckpointVersionError: a newer Ammon wrote it.
        DamagedCheckpoint: a field or page is missing, or does not match its hash.
    """
    _check_version(manifest)
    try:
        for page_hash in page_hashes(manifest):
            _get(page_hash, fetch)
    except (KeyError, TypeError) as error:
        raise DamagedCheckpoint(
            f"This checkpoint is damaged ({type(error).__name__}: {error}); use an earlier one."
        ) from error


def _check_version(manifest: Manifest) -> None:
    if manifest.get("format") != FORMAT:
        raise DamagedCheckpoint("This is not an Ammon checkpoint; use an earlier one.")
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        raise DamagedCheckpoint(f"This checkpoint has no valid format version ({version!r}).")
    if version > FORMAT_VERSION:
        raise CheckpointVersionError(
            f"This checkpoint has format version {version}; this Ammon reads up to "
            f"{FORMAT_VERSION}. Update Ammon to resume it."
        )


def _save_kv(
    runtime: Runtime, state: ModelState, old: Mapping[int, str], pages: dict[str, bytes]
) -> list[Manifest]:
    held = _held_ranges(runtime, state.tokens_seen)
    result = []
    for number in dict.fromkeys(p // PAGE_TOKENS for first, end in held for p in range(first, end)):
        low, high = number * PAGE_TOKENS, (number + 1) * PAGE_TOKENS
        positions = [p for first, end in held for p in range(max(first, low), min(end, high))]
        if number in old:
            result.append({"page": number, "hash": old[number], "count": PAGE_TOKENS})
            continue
        page_hash = _put(pages, _kv_page(runtime, state, positions))
        result.append({"page": number, "hash": page_hash, "count": len(positions)})
    return result


def _is_whole(page: Manifest) -> bool:
    return bool(page["count"] == PAGE_TOKENS)


def _held_ranges(runtime: Runtime, tokens_seen: int) -> list[tuple[int, int]]:
    """Absolute positions held exactly: the sinks' range and the window's."""
    stream = runtime.stream
    if stream.ring_limit is None or tokens_seen <= stream.ring_limit:
        return [(0, tokens_seen)]
    return [(0, stream.sinks), (tokens_seen - (stream.window or 0), tokens_seen)]


def _kv_page(runtime: Runtime, state: ModelState, positions: Iterable[int]) -> dict[str, Tensor]:
    at = torch.tensor(list(positions), dtype=torch.int64, device=runtime.device)
    slots = slots_of(at, runtime.stream)
    return {
        "positions": at,
        "k": torch.stack([layer.k[:, slots] for layer in state.layers]),
        "v": torch.stack([layer.v[:, slots] for layer in state.layers]),
        "gates": torch.stack([layer.gates[:, slots] for layer in state.layers]),
    }


def _check_kv(
    runtime: Runtime, state: ModelState, entries: list[Manifest], fetch: Callable[[str], bytes]
) -> None:
    """Check that the pages hold the keys, values and gates of all positions that are held.

    The pages are fetched twice, for this and by `_load_kv`: so no memory is taken for positions
    that no page has, and it is not taken twice for those of a session without a window.
    """
    held = _held_ranges(runtime, state.tokens_seen)
    missing = sum(end - first for first, end in held)
    if len({entry["page"] for entry in entries}) != len(entries):
        raise DamagedCheckpoint("This checkpoint names a page twice; use an earlier one.")
    for entry in entries:
        page = _get(entry["hash"], fetch)
        positions = page["positions"]
        _check_shape("positions", positions, (positions.numel(),), torch.int64)
        is_ordered = bool((positions.diff() > 0).all())
        if not is_ordered or bool((positions // PAGE_TOKENS != entry["page"]).any()):
            raise DamagedCheckpoint(
                f"Page {entry['hash'][:12]} has positions that are not its own; use an earlier "
                "checkpoint."
            )
        for name in _HELD:
            one = getattr(state.layers[0], name)
            shape = (len(state.layers), len(one), len(positions), one.shape[2])
            _check_shape(name, page[name], shape, one.dtype)
        missing -= int(_among(positions, held).sum())
    if missing:
        raise DamagedCheckpoint(
            f"This checkpoint's pages do not cover {missing} of its positions; use an earlier one."
        )


def _load_kv(
    runtime: Runtime, state: ModelState, entries: list[Manifest], fetch: Callable[[str], bytes]
) -> None:
    held = _held_ranges(runtime, state.tokens_seen)
    for entry in entries:
        page = _get(entry["hash"], fetch)
        keep = _among(page["positions"], held)
        slots = slots_of(page["positions"][keep], runtime.stream)
        for i, layer in enumerate(state.layers):
            for name in _HELD:
                getattr(layer, name)[:, slots] = page[name][i][:, keep].to(runtime.device)


def _among(positions: Tensor, ranges: list[tuple[int, int]]) -> Tensor:
    """Which positions are in one of the ranges, each from its first position to before its end."""
    found = torch.zeros_like(positions, dtype=torch.bool)
    for first, end in ranges:
        found |= (positions >= first) & (positions < end)
    return found


def _save_retained(runtime: Runtime, state: ModelState, pages: dict[str, bytes]) -> Manifest:
    """The pages of the retained set, by the manifest's names for them; none without such a set."""
    stream = runtime.stream
    if not stream.retain:
        return {}
    held = stream.cached_tokens(state.tokens_seen)
    filled = stream.retained_tokens(state.tokens_seen)
    attention = torch.stack([layer.attention[:, :, :held] for layer in state.layers])
    slots = slice(held - filled, held)
    retained = [
        _put(
            pages,
            {
                "retained": layer.retained[:, :filled],
                "k": layer.k[:, slots],
                "v": layer.v[:, slots],
                "gates": layer.gates[:, slots],
            },
        )
        for layer in state.layers
        if filled
    ]
    return {
        "retained_pages": retained,
        "attention_page": _put(pages, {"attention": attention}),
    }


def _read_retained(
    runtime: Runtime, state: ModelState, manifest: Manifest, fetch: Callable[[str], bytes]
) -> tuple[Tensor, list[dict[str, Tensor]]]:
    """The pages of the retained set, checked: `attention`, and each layer's page if there are any.

    Without such a set `attention` has no rows.
    """
    stream, layers = runtime.stream, state.layers
    filled = stream.retained_tokens(state.tokens_seen)
    held = stream.cached_tokens(state.tokens_seen)
    empty = layers[0].attention
    if not stream.retain:
        return empty.expand(len(layers), -1, -1, -1), []
    attention = _get(manifest["attention_page"], fetch)["attention"]
    shape = (len(layers), *empty.shape[:2], held)
    _check_shape("attention", attention, shape, empty.dtype)
    if not bool(((attention >= 0) & attention.isfinite()).all()):
        raise DamagedCheckpoint(
            f"Page {manifest['attention_page'][:12]} is damaged (what a token received is not a "
            "number of 0 or more); use an earlier checkpoint."
        )
    hashes = manifest["retained_pages"]
    if len(set(hashes)) != len(hashes) or len(hashes) != (len(layers) if filled else 0):
        raise DamagedCheckpoint(
            "This checkpoint has not one page of retained tokens for each layer; use an earlier "
            "one."
        )
    pages = [_get(page_hash, fetch) for page_hash in hashes]
    for layer, page in zip(layers, pages, strict=False):
        positions = page["retained"]
        _check_shape("retained", positions, (len(layer.retained), filled), torch.int64)
        behind = state.tokens_seen - (stream.window or 0)
        if not bool(((positions >= stream.sinks) & (positions < behind)).all()):
            raise DamagedCheckpoint(
                "This checkpoint retains tokens that are not behind its window; use an earlier one."
            )
        for name in _HELD:
            one = getattr(layer, name)
            _check_shape(name, page[name], (len(one), filled, one.shape[2]), one.dtype)
    return attention, pages


def _load_retained(state: ModelState, attention: Tensor, pages: list[dict[str, Tensor]]) -> None:
    held = attention.shape[3]
    for layer, saved in zip(state.layers, attention, strict=True):
        layer.attention[:, :, :held] = saved
    for layer, page in zip(state.layers, pages, strict=False):
        filled = page["retained"].shape[1]
        layer.retained[:, :filled] = page["retained"]
        for name in _HELD:
            getattr(layer, name)[:, held - filled : held] = page[name]


def _check_shape(name: str, saved: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    if saved.shape != shape or saved.dtype != dtype:
        raise DamagedCheckpoint(
            f"A page's {name} is {list(saved.shape)} {saved.dtype}, "
            f"expected {list(shape)} {dtype}; use an earlier checkpoint."
        )


def _check_finite(name: str, saved: Tensor) -> None:
    if not bool(saved.isfinite().all()):
        raise DamagedCheckpoint(
            f"A page's {name} holds numbers that are not finite; use an earlier checkpoint."
        )


def _put(pages: dict[str, bytes], tensors: Mapping[str, Tensor]) -> str:
    blob = save({name: t.contiguous().cpu() for name, t in tensors.items()})
    page_hash = hashlib.sha256(blob).hexdigest()
    pages[page_hash] = blob
    return page_hash


def _get(page_hash: str, fetch: Callable[[str], bytes]) -> dict[str, Tensor]:
    blob = fetch(page_hash)
    if hashlib.sha256(blob).hexdigest() != page_hash:
        raise DamagedCheckpoint(
            f"Page {page_hash[:12]} is damaged (its hash is wrong); use an earlier checkpoint."
        )
    try:
        return load(blob)
    except SafetensorError as error:
        raise DamagedCheckpoint(f"Page {page_hash[:12]} is not readable ({error}).") from error
