"""Small wheels with the parts of a file, as a package registry would hold those of a model."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ahn_runtime.loading.embedded import PackagedModel


def write_wheel(folder: Path, number: int, data: bytes) -> Path:
    """Write the wheel of one part; returns its path."""
    name, version = f"made_model_part{number}", "0.1.0"
    about = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/data/part{number:02d}.bin", data)
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def packaged(folder: Path, parts: Sequence[bytes], sha256: str | None = None) -> PackagedModel:
    """Write the wheels of a file's parts into a folder, and the list that pins them.

    Args:
        sha256: what the whole file is said to have; None: what it has.
    """
    lines = []
    for number, data in enumerate(parts, 1):
        wheel = write_wheel(folder, number, data)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"made-model-part{number}==0.1.0 --hash=sha256:{digest}\n")
    requirements = folder / "requirements.txt"
    requirements.write_text("# a made model\n" + "".join(lines), encoding="utf-8")
    whole = b"".join(parts)
    return PackagedModel(
        "made.gguf", len(whole), sha256 or hashlib.sha256(whole).hexdigest(), requirements
    )
