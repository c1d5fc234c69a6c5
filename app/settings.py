"""What can be set, and the defaults; one frozen object goes everywhere."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

DATA_VARIABLE = "AMMON_DATA_DIR"


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


@dataclass(frozen=True)
class Settings:
    """How the application runs.

    Args:
        data_dir: holds the database and the files that were added.
        chunk_tokens: grid of the reading: pause, checkpoint and questions fall between chunks.
            Fixed for a session when it is created.
        checkpoint_tokens: a checkpoint is written about every so many tokens while reading.
        checkpoint_budget_bytes: disk for one session's checkpoints.
        follow_poll_s: a followed log is looked at again after this time.
        follow_checkpoint_s: its lines are read at the latest so often, each time up to the last
            whole chunk; a checkpoint is written then, which a slow log should not cause for every
            few lines.
        live_sessions: sessions kept in memory; the others wait in their checkpoint.
        max_answer_tokens: at most so many per answer.
        max_question_chars: a longer question is refused.
    """

    data_dir: Path = field(default_factory=default_data_dir)
    model: ModelOptions = field(default_factory=ModelOptions)
    chunk_tokens: int = 256
    checkpoint_tokens: int = 4096
    checkpoint_budget_bytes: int = 1 << 30
    follow_poll_s: float = 0.2
    follow_checkpoint_s: float = 30.0
    live_sessions: int = 4
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
