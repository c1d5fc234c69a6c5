"""Quantized weights kept on disk, so that a model is quantized once and not at every start.

One safetensors file per base, in the cache directory; its name contains a hash of its source. A
file that cannot be read is written again: it is a copy, so nothing is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ahn_runtime.loading.paths import cache_directory

SCHEME_VERSION = 1
"""Increased whenever the same weights would be quantized to other numbers."""

MIN_BYTES = 64 << 20
"""Smaller models are quantized quickly and not kept."""


def cached_path(base: Path) -> Path:
    """The path at which the quantized weights of a model file or directory are kept."""
    files = [base] if base.is_file() else sorted(base.glob("*.safetensors"))
    digest = hashlib.sha256(f"int8 {SCHEME_VERSION}".encode())
    for file in files:
        status = file.resolve().stat()
        digest.update(f"\n{file.resolve()} {status.st_size} {status.st_mtime_ns}".encode())
    return cache_directory() / "int8" / f"{base.stem}-{digest.hexdigest()[:16]}.safetensors"


def read_cached(path: Path) -> Iterator[tuple[str, Tensor]] | None:
    """The tensors by name, each mapped from the file; None where there is no whole file.

    Raises:
        OSError, SafetensorError: while iterating, if the file is removed meanwhile.
    """
    try:
        with safe_open(path, framework="pt") as opened:
            names = list(opened.keys())
    except (SafetensorError, OSError):
        return None
    return _read_each(path, names)


def _read_each(path: Path, names: list[str]) -> Iterator[tuple[str, Tensor]]:
    for name in names:
        # One mapping for each tensor: it is dropped, and its memory with it, once copied.
        with safe_open(path, framework="pt") as opened:
            yield name, opened.get_tensor(name)


def write_cached(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write the tensors; on a full or read-only disk, the next start quantizes again."""
    if sum(tensor.nbytes for tensor in tensors.values()) < MIN_BYTES:
        return
    with contextlib.suppress(OSError, SafetensorError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
        try:
            save_file({n: t.contiguous() for n, t in tensors.items()}, name)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
