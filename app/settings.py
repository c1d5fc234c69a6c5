"""What can be set, and the defaults; one frozen object goes everywhere."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

DATA_VARIABLE = "AMMON_DATA_DIR"
EVERY_VARIABLE = "AMMON_KEEP_EVERY"
BUDGET_VARIABLE = "AMMON_CHECKPOINT_BUDGET"
MEMORY_VARIABLE = "AMMON_LIVE_MEMORY"
URLS_VARIABLE = "AMMON_ALLOW_URLS"
PATHS_VARIABLE = "AMMON_ALLOW_PATHS"
_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20}
_UNITS |= {"b": 1, "gib": 1 << 30, "tb": 10**12, "tib": 1 << 40}


def default_data_dir() -> Path:
    """$AMMON_DATA_DIR, or the platform's directory for application data."""
    chosen = os.environ.get(DATA_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("ammon", appauthor=False))


@dataclass(frozen=True)
class ModelOptions:
    """The options of `Runtime.load`, as the command line takes them.

    `quantize` "auto" is decided by the application (`service.models`); the rest by the runtime.
    """

    model: str = "embedded"
    ahn: str | None = "auto"
    window: int | str | None = "auto"
    sinks: int | str = "auto"
    dtype: str = "float32"
    kv_dtype: str = "float32"
    quantize: str | None = "auto"
    device: str = "auto"
    positions: str = "absolute"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def byte_count(text: str, name: str) -> int:
    """A size as people write it: "500MB", "2 GiB", or bytes.

    Args:
        name: of what was set, for the error.

    Raises:
        ValueError: it is no size.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError(f"{name} takes a size like 500MB or 2GB; got {text!r}.")
    return int(float(match[1]) * _UNITS[match[2]])


def token_count(text: str, name: str) -> int:
    """A number of tokens, at least one.

    Raises:
        ValueError: it is none.
    """
    if not text.strip().isdecimal() or int(text) < 1:
        raise ValueError(f"{name} takes a number of tokens; got {text!r}.")
    return int(text)


@dataclass(frozen=True)
class Retention:
    """Which checkpoints of a session stay.

    The latest always does; the end of each document and of each chapter, and in between one every
    so many tokens, stay within the budget.

    Args:
        every_tokens: from a checkpoint kept, at most about so many are read again to reach a place.
        budget_bytes: disk for one session's checkpoints.
    """

    every_tokens: int = 16_384
    budget_bytes: int = 1 << 30

    @classmethod
    def given(cls, every: str | None = None, budget: str | None = None) -> Retention:
        """As the options of a command say, else $AMMON_KEEP_EVERY and $AMMON_CHECKPOINT_BUDGET.

        Raises:
            ValueError: one of them is no number.
        """
        chosen = cls()
        for name, text in (
            (EVERY_VARIABLE, os.environ.get(EVERY_VARIABLE)),
            ("--keep-every", every),
        ):
            if text:
                chosen = replace(chosen, every_tokens=token_count(text, name))
        for name, text in (
            (BUDGET_VARIABLE, os.environ.get(BUDGET_VARIABLE)),
            ("--checkpoint-budget", budget),
        ):
            if text:
                chosen = replace(chosen, budget_bytes=byte_count(text, name))
        return chosen


@dataclass(frozen=True)
class Sources:
    """What may be read beside files that a person gives.

    Args:
        urls: whether addresses on the web may be fetched.
        private_addresses: whether also such as only this machine or its network knows.
        paths: files of this machine below these directories may be named.
        max_text_chars: of a text that is pasted.
        max_url_bytes, max_url_s: of what a URL gives, and how long that may take.
    """

    urls: bool = False
    private_addresses: bool = False
    paths: tuple[Path, ...] = ()
    max_text_chars: int = 4_000_000
    max_url_bytes: int = 100_000_000
    max_url_s: float = 120.0

    @classmethod
    def given(cls) -> Sources:
        """As $AMMON_ALLOW_URLS (1) and $AMMON_ALLOW_PATHS (directories, parted as in $PATH) say."""
        paths = os.environ.get(PATHS_VARIABLE, "").split(os.pathsep)
        return cls(
            urls=os.environ.get(URLS_VARIABLE, "") == "1",
            paths=tuple(Path(path).expanduser() for path in paths if path),
        )


def session_cache_bytes() -> int:
    """$AMMON_LIVE_MEMORY, or 2 GiB.

    Raises:
        ValueError: it is no size.
    """
    chosen = os.environ.get(MEMORY_VARIABLE)
    return byte_count(chosen, MEMORY_VARIABLE) if chosen else 2 << 30


@dataclass(frozen=True)
class Settings:
    """How the application runs.

    Args:
        data_dir: holds the database and the files that were added.
        chunk_tokens: grid of the reading: pause, checkpoint and questions fall between chunks.
            Fixed for a session when it is created.
        checkpoint_tokens: a checkpoint is written about every so many tokens while reading.
        retention: which of them stay.
        follow_poll_s: a followed log is looked at again after this time.
        follow_checkpoint_s: its lines are read at the latest so often, each time up to the last
            whole chunk; a checkpoint is written then, which a slow log should not cause for every
            few lines.
        slice_tokens: a session reads about so many, then the next one that waits has its turn.
        session_cache_bytes: of the sessions in memory; the others wait in their checkpoints.
        max_waiting_questions: so many may wait for an answer, the next is refused.
        trash_s: a session that was thrown away can be taken back for so long.
        sources: what may be read beside files that are given.
        max_answer_tokens: at most so many per answer.
        max_question_chars: a longer question is refused.
    """

    data_dir: Path = field(default_factory=default_data_dir)
    model: ModelOptions = field(default_factory=ModelOptions)
    chunk_tokens: int = 256
    checkpoint_tokens: int = 8192
    retention: Retention = field(default_factory=Retention.given)
    follow_poll_s: float = 0.2
    follow_checkpoint_s: float = 30.0
    slice_tokens: int = 1024
    session_cache_bytes: int = field(default_factory=session_cache_bytes)
    max_waiting_questions: int = 32
    trash_s: float = 600.0
    sources: Sources = field(default_factory=Sources.given)
    max_answer_tokens: int = 200
    max_question_chars: int = 4000

    @property
    def database_path(self) -> Path:
        return self.data_dir / "ammon.sqlite"

    @property
    def files_dir(self) -> Path:
        return self.data_dir / "files"

    @property
    def locks_dir(self) -> Path:
        return self.data_dir / "locks"
