"""All settings of the application with their defaults, as one frozen object."""

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
NOTES_VARIABLE = "AMMON_NOTES"
URLS_VARIABLE = "AMMON_ALLOW_URLS"
PATHS_VARIABLE = "AMMON_ALLOW_PATHS"
_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20}
_UNITS |= {"b": 1, "gib": 1 << 30, "tb": 10**12, "tib": 1 << 40}


def default_data_dir() -> Path:
    """$AMMON_DATA_DIR, or the platform's directory for application data."""
    configured = os.environ.get(DATA_VARIABLE)
    return (
        Path(configured)
        if configured
        else Path(platformdirs.user_data_dir("ammon", appauthor=False))
    )


def home_expanded(path: Path) -> Path:
    """A path with the home folder in place of a "~" at its beginning.

    Raises:
        ValueError: there is no such user.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(
            f"{path} names a user who does not exist; write the whole path."
        ) from error


@dataclass(frozen=True)
class ModelOptions:
    """The options of `Runtime.load`, as the command line takes them.

    The application decides what `quantize="auto"` means (`app.service.models`), the runtime what
    "auto" means for the others.
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
    retain: int | str = "auto"

    def as_dict(self) -> dict[str, Any]:
        """The options by name, as `Runtime.load` takes them."""
        return asdict(self)


def byte_count(text: str, name: str) -> int:
    """Parse a size such as "500MB", "2 GiB", or a number of bytes.

    Args:
        name: of the option or variable, for the error.

    Raises:
        ValueError: the text is not a size.
    """
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError(f"{name} takes a size like 500MB or 2GB; got {text!r}.")
    return int(float(match[1]) * _UNITS[match[2]])


def token_count(text: str, name: str) -> int:
    """Parse a number of tokens, at least one.

    Args:
        name: of the option or variable, for the error.

    Raises:
        ValueError: the text is not such a number.
    """
    if not re.fullmatch(r"\s*\d{1,15}\s*", text) or int(text) < 1:
        raise ValueError(f"{name} takes a number of tokens; got {text!r}.")
    return int(text)


@dataclass(frozen=True)
class Retention:
    """Which checkpoints of a session are kept.

    The latest always is. Within the budget, so are those at the ends of documents and chapters, and
    one every `every_tokens` tokens in between.

    Args:
        every_tokens: about the most tokens that are read again to reach a position in between.
        budget_bytes: disk space for the checkpoints of one session.
    """

    every_tokens: int = 16_384
    budget_bytes: int = 1 << 30

    @classmethod
    def given(cls, every: str | None = None, budget: str | None = None) -> Retention:
        """From the options of a command, else $AMMON_KEEP_EVERY and $AMMON_CHECKPOINT_BUDGET.

        Args:
            every: the value of --keep-every.
            budget: the value of --checkpoint-budget.

        Raises:
            ValueError: a value is not a number of tokens or not a size.
        """
        retention = cls()
        for name, text in (
            (EVERY_VARIABLE, os.environ.get(EVERY_VARIABLE)),
            ("--keep-every", every),
        ):
            if text:
                retention = replace(retention, every_tokens=token_count(text, name))
        for name, text in (
            (BUDGET_VARIABLE, os.environ.get(BUDGET_VARIABLE)),
            ("--checkpoint-budget", budget),
        ):
            if text:
                retention = replace(retention, budget_bytes=byte_count(text, name))
        return retention


@dataclass(frozen=True)
class Sources:
    """What the page may read besides files that are uploaded.

    Args:
        urls: whether web addresses may be fetched.
        private_addresses: whether addresses of this machine or its private network may be, too.
        paths: directories of this machine below which files may be named.
        max_text_chars: length of a pasted text.
        max_url_bytes: size of what a URL gives.
        max_url_s: seconds that fetching it may take.
    """

    urls: bool = False
    private_addresses: bool = False
    paths: tuple[Path, ...] = ()
    max_text_chars: int = 4_000_000
    max_url_bytes: int = 100_000_000
    max_url_s: float = 120.0

    @classmethod
    def given(cls) -> Sources:
        """From $AMMON_ALLOW_URLS (1) and $AMMON_ALLOW_PATHS (directories, as in $PATH)."""
        paths = os.environ.get(PATHS_VARIABLE, "").split(os.pathsep)
        return cls(
            urls=os.environ.get(URLS_VARIABLE, "") == "1",
            paths=tuple(home_expanded(Path(path)) for path in paths if path),
        )


def session_cache_bytes() -> int:
    """$AMMON_LIVE_MEMORY in bytes, or 2 GiB.

    Raises:
        ValueError: the variable is not a size.
    """
    configured = os.environ.get(MEMORY_VARIABLE)
    return byte_count(configured, MEMORY_VARIABLE) if configured else 2 << 30


def notes_wanted() -> bool:
    """$AMMON_NOTES: 1, which is the default, or 0.

    Raises:
        ValueError: the variable is neither.
    """
    configured = os.environ.get(NOTES_VARIABLE, "").strip() or "1"
    if configured not in ("0", "1"):
        raise ValueError(f"{NOTES_VARIABLE} takes 1 or 0; got {configured!r}.")
    return configured == "1"


@dataclass(frozen=True)
class Settings:
    """How the application runs.

    Args:
        data_dir: holds the database and the files that were added.
        model: how the sessions that are made from now on are computed.
        chunk_tokens: length of a chunk of the reading grid; pauses, checkpoints and questions fall
            between chunks. Fixed for a session when it is created.
        checkpoint_tokens: about the number of tokens read between two checkpoints.
        retention: which checkpoints are kept.
        notes: whether notes are taken on what is read.
        follow_poll_s: seconds between two looks at a followed log.
        follow_checkpoint_s: the most seconds until new lines of a log are read, up to the last
            whole chunk, and a checkpoint is written; a slow log should not write one every few
            lines.
        slice_tokens: about the number of tokens that a session reads before the next one that
            waits has its turn.
        session_cache_bytes: memory for the states of sessions; the others stay on disk in their
            checkpoints.
        max_waiting_questions: length of the queue of questions; the next one is refused.
        trash_s: seconds for which a deleted session can be restored.
        abandoned_s: seconds without any change after which a server takes up a document that is
            being read or indexed and that no process works on.
        max_replay_tokens: the most tokens that are read again for a question as of an earlier
            position; a farther one is refused, with what can be asked instead.
        sources: what the page may read besides files that are uploaded.
        max_answer_tokens: length of an answer.
        max_question_chars: length of a question; a longer one is refused.
    """

    data_dir: Path = field(default_factory=default_data_dir)
    model: ModelOptions = field(default_factory=ModelOptions)
    chunk_tokens: int = 256
    checkpoint_tokens: int = 8192
    retention: Retention = field(default_factory=Retention.given)
    notes: bool = field(default_factory=notes_wanted)
    follow_poll_s: float = 0.2
    follow_checkpoint_s: float = 30.0
    slice_tokens: int = 1024
    session_cache_bytes: int = field(default_factory=session_cache_bytes)
    max_waiting_questions: int = 32
    trash_s: float = 600.0
    abandoned_s: float = 60.0
    max_replay_tokens: int = 500_000
    sources: Sources = field(default_factory=Sources.given)
    max_answer_tokens: int = 200
    max_question_chars: int = 4000

    @property
    def database_path(self) -> Path:
        """The SQLite file of the data directory."""
        return self.data_dir / "ammon.sqlite"

    @property
    def files_dir(self) -> Path:
        """The folder with copies of the documents' files."""
        return self.data_dir / "files"

    @property
    def exports_dir(self) -> Path:
        """The folder with a note on each export that is being written."""
        return self.data_dir / "exports"

    @property
    def uploads_dir(self) -> Path:
        """The folder with what was uploaded to the page and is not copied into `files_dir` yet."""
        return self.data_dir / "uploads"

    @property
    def login_secret_path(self) -> Path:
        """The file with the secret that signs log-ins."""
        return self.data_dir / "login.secret"

    @property
    def own_folders(self) -> tuple[Path, ...]:
        """The folders of the data directory in which only Ammon puts files."""
        return self.files_dir, self.exports_dir, self.uploads_dir, self.locks_dir

    @property
    def locks_dir(self) -> Path:
        """The folder with one lock file for each session that is read."""
        return self.data_dir / "locks"
