"""Models and memories from the Hugging Face hub, by id: fetched once, then read from its cache.

Only configuration, tokenizer and safetensors files are fetched; no code, nothing pickled.
"""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from ahn_runtime.errors import ModelDownloadError

_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*", re.ASCII)
FILES = ["config.json", "tokenizer.json", "*.safetensors", "*.safetensors.index.json"]


def is_hub_id(name: str) -> bool:
    """Whether a name has the form "owner/name"; callers first check that it is no path."""
    return _HUB_ID.fullmatch(name) is not None


def find_on_disk(hub_id: str) -> Path | None:
    """The directory of an id that was fetched before, else None; the hub is not asked."""
    try:
        found = Path(snapshot_download(hub_id, allow_patterns=FILES, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return found if (found / "config.json").is_file() else None


def is_on_disk(hub_id: str) -> bool:
    """Whether `fetch` would not ask the hub, since all files of an id were fetched before."""
    found = find_on_disk(hub_id)
    return found is not None and _is_whole(found)


def fetch(hub_id: str) -> Path:
    """The directory with the files of a hub id; missing files are fetched.

    Raises:
        ModelDownloadError: the hub cannot be reached, or has no such model in safetensors.
    """
    on_disk = find_on_disk(hub_id)
    if on_disk is not None and _is_whole(on_disk):
        return on_disk
    try:
        fetched = Path(snapshot_download(hub_id, allow_patterns=FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ModelDownloadError(
            f"{hub_id} could not be fetched from the Hugging Face hub "
            f"({_first_line(error)}); check the name and the connection, or fetch it elsewhere "
            "and give its directory."
        ) from error
    if not _is_whole(fetched):
        raise ModelDownloadError(
            f"{hub_id} holds no whole set of safetensors at {fetched}: an earlier fetch was cut "
            "off and the hub is not reached now, or the model is published in another format."
        )
    return fetched


def _is_whole(directory: Path) -> bool:
    """An interrupted fetch leaves a config without all of its weights."""
    index = directory / "model.safetensors.index.json"
    if index.is_file():
        shards = set(re.findall(r'"([^"/]+\.safetensors)"', index.read_text(encoding="utf-8")))
        return bool(shards) and all((directory / shard).is_file() for shard in shards)
    return (directory / "model.safetensors").is_file()


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
