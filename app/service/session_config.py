"""How a session was made: the one place that knows the keys of a session's stored settings.

The settings are stored as a JSON object. It keeps the options that the session was made with, what
came of them (the configurations of the model and of the stream), and the size of the chunks in
which the session is read. A session is bound to these for as long as it lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.loading.presets import PRESETS, Preset
from ahn_runtime.runtime import choose_retained, choose_window
from app.settings import ModelOptions
from app.typed_values import check_value, typed
from storage import DamagedDatabase, SessionRow

TRAINED, UNTRAINED, NO_MEMORY = "trained", "untrained", "none"
MEMORY_STATUSES = (TRAINED, UNTRAINED, NO_MEMORY)
MAX_CHUNK_TOKENS = 1 << 20


@dataclass(frozen=True)
class SessionConfig:
    """How a session was made, typed.

    Args:
        options: the options of the model, as they were given.
        stream: how the session holds what it has read.
        model: the configuration of the language model.
        num_gates: gates for each head and token of the compressed memory, 0 without one.
        memory_status: of the compressed memory: "trained", "untrained" or "none".
        title: the model's name for people, empty where it was not stored.
        chunk_tokens: in chunks of this size the session is read, None where it was not stored.
        memory_name: of the memory that "auto" meant, as its preset names it; empty where it was not
            stored, and of memories that do not come with Ammon.
        stored: the settings that this was read from, empty for a session to be made.
    """

    options: ModelOptions
    stream: StreamConfig
    model: ModelConfig
    num_gates: int = 0
    memory_status: str = "none"
    title: str = ""
    chunk_tokens: int | None = None
    memory_name: str = ""
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_row(cls, row: SessionRow) -> SessionConfig:
        """The typed settings of a stored session.

        Raises:
            DamagedDatabase: the settings do not say how the session was made.
        """
        try:
            return cls.from_settings(row.settings)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DamagedDatabase(
                f"The settings of the session {row.name!r} do not say which model it was read "
                f"with ({error!r}); restore the database from a backup, or import the session "
                "again."
            ) from error

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> SessionConfig:
        """The typed form of settings; keys that older versions did not store get their defaults.

        Raises:
            KeyError: the options, the stream or the model are missing.
            AttributeError, TypeError, ValueError: one of them is not what this version knows.
        """
        config = cls(
            # Before there were options to quantize and to retain, nothing was.
            options=typed(ModelOptions, {"quantize": None, "retain": 0, **settings["options"]}),
            stream=typed(StreamConfig, settings["stream"]),
            model=typed(ModelConfig, settings["config"]),
            num_gates=settings.get("num_gates", 0),
            memory_status=settings.get("memory_status", "none"),
            title=settings.get("title", ""),
            chunk_tokens=settings.get("chunk_tokens"),
            memory_name=settings.get("memory_name", ""),
            stored=dict(settings),
        )
        check_value("num_gates", config.num_gates, int)
        check_value("title", config.title, str)
        check_value("memory_name", config.memory_name, str)
        check_value("chunk_tokens", config.chunk_tokens, int | None)
        if config.memory_status not in MEMORY_STATUSES:
            raise ValueError(f"memory_status is not one of {MEMORY_STATUSES}")
        if not 1 <= config.chunk_tokens_or(1) <= MAX_CHUNK_TOKENS:
            raise ValueError("chunk_tokens is out of range")
        return config

    def as_settings(self) -> dict[str, Any]:
        """The settings as they are stored.

        Settings that were read come back exactly as they were, with the keys that this version does
        not know and without those that an older version did not store. Only a field that was
        replaced since is written.
        """
        if not self.stored:
            return self._known()
        before = SessionConfig.from_settings(self.stored)._known()
        changed = {key: value for key, value in self._known().items() if value != before[key]}
        return {**self.stored, **changed}

    def _known(self) -> dict[str, Any]:
        return {
            "options": self.options.as_dict(),
            "stream": asdict(self.stream),
            "config": asdict(self.model),
            "num_gates": self.num_gates,
            "memory_status": self.memory_status,
            "title": self.title,
            "chunk_tokens": self.chunk_tokens,
            "memory_name": self.memory_name,
        }

    @property
    def resume_options(self) -> ModelOptions:
        """The options with which the session's model is loaded again.

        "auto" may have come to mean something else since the session was made. So a session keeps
        the memory that it had, one without a memory goes on without, and window, sinks and retained
        set keep their sizes. "auto" is left as it is where nothing has changed, so that new
        sessions share the loaded model.
        """
        cell, preset = self.stream.cell, PRESETS.get(str(self.options.model))
        options = replace(self.options, **self._changed_sizes(preset))
        if options.ahn != "auto":
            return options
        if self.memory_status == UNTRAINED and cell:
            return replace(options, ahn=f"{UNTRAINED}:{cell}")
        if self.has_no_memory and preset and preset.cell:
            return replace(options, ahn=None)
        former = self.former_memory
        return options if former is None else replace(options, ahn=str(former))

    @property
    def former_memory(self) -> Path | None:
        """The memory that the session was made with, if its preset has a newer one now."""
        preset = PRESETS.get(str(self.options.model))
        has_one = self.options.ahn == "auto" and self.memory_status == TRAINED
        return preset.former_memory(self.memory_name) if preset and has_one else None

    def _changed_sizes(self, preset: Preset | None) -> dict[str, Any]:
        """The session's own W, S and R, by name, where "auto" means another number now."""
        window, sinks = choose_window("auto", "auto", preset)
        retain = choose_retained("auto", self.stream.window, preset)
        return {
            name: getattr(self.stream, name)
            for name, now in {"window": window, "sinks": sinks, "retain": retain}.items()
            if getattr(self.options, name) == "auto" and getattr(self.stream, name) != now
        }

    @property
    def has_no_memory(self) -> bool:
        """Whether tokens leave the session's window and no memory takes them up."""
        has_window = self.stream.window is not None
        return self.memory_status == NO_MEMORY and self.stream.cell is None and has_window

    def chunk_tokens_or(self, default: int) -> int:
        """The size of the chunks in which the session is read, in tokens."""
        return default if self.chunk_tokens is None else self.chunk_tokens
