"""The settings with which a session can be read again, taken from a session or the form's fields.

Only settings that differ from the session's own are changed. In particular "auto" stays "auto", so
that a model that is already loaded is not loaded again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import psutil

from ahn_runtime.accounting import estimated_bytes
from app.service.session_config import SessionConfig
from app.settings import token_count
from app.web.formatting import size

WINDOW, EVERYTHING = "window", "everything"
INT8, EXACT = "int8", "exact"
OWN_MEMORY, NO_MEMORY = "auto", "none"
DEFAULT_WINDOW_TOKENS = 2048
MIN_WINDOW_TOKENS = 256
"""Half a window holds the question, its passages and the answer: a smaller one has no room."""
MAX_WINDOW_TOKENS = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """The settings that the form offers, under their names in `ModelOptions`."""

    window: int | None
    quantize: str | None
    ahn: str | None

    @classmethod
    def of(cls, config: SessionConfig) -> Wanted:
        """The settings that a session was made with, with its memory as it was asked for."""
        return cls(config.stream.window, config.stream.quantize, config.options.ahn)

    @classmethod
    def given(cls, reach: str, window: str, precision: str, memory: str) -> Wanted:
        """The settings in the form's fields.

        Args:
            reach: WINDOW or EVERYTHING.
            window: the tokens of the window as typed; ignored with EVERYTHING.
            precision: INT8 or EXACT.
            memory: OWN_MEMORY, NO_MEMORY, a hub id or a directory.

        Raises:
            ValueError: `window` is not a number of tokens, too small or too large.
        """
        return cls(
            window=None if reach == EVERYTHING else _window(window),
            quantize=INT8 if precision == INT8 else None,
            ahn=None if memory == NO_MEMORY else memory,
        )

    @property
    def fields(self) -> tuple[str, str, str, str]:
        """The values of the form's fields, in the order of the arguments of `given`."""
        return (
            EVERYTHING if self.window is None else WINDOW,
            f"{self.window or DEFAULT_WINDOW_TOKENS:,}",
            INT8 if self.quantize else EXACT,
            self.ahn or NO_MEMORY,
        )

    def changes(self, config: SessionConfig) -> dict[str, Any]:
        """The settings that differ from a session's own, by their names in `ModelOptions`."""
        own = asdict(Wanted.of(config))
        return {name: value for name, value in asdict(self).items() if value != own[name]}


def _window(text: str) -> int:
    digits = text.replace(",", "").strip()
    if digits.isdecimal() and len(digits) > len(str(MAX_WINDOW_TOKENS)):
        digits = str(MAX_WINDOW_TOKENS + 1)
    tokens = token_count(digits, "The window")
    if tokens > MAX_WINDOW_TOKENS:
        raise ValueError(
            f"The window takes at most {MAX_WINDOW_TOKENS:,} tokens; choose everything for more."
        )
    if tokens < MIN_WINDOW_TOKENS:
        raise ValueError(
            f"The window takes at least {MIN_WINDOW_TOKENS:,} tokens, because half of it holds a "
            f"question with its passages and its answer; {tokens:,} are too few."
        )
    return tokens


def cache_bytes(config: SessionConfig, window: int | None, tokens: int) -> int:
    """The bytes a session with these settings but another window holds after `tokens` tokens.

    Args:
        window: in tokens; None: everything is kept.
    """
    retain = 0 if window is None else config.stream.retain
    stream = replace(config.stream, window=window, retain=retain)
    if window is None:  # no token leaves the window, so there is no memory
        stream = replace(stream, cell=None)
    return estimated_bytes(config.model, stream, tokens, config.num_gates)


def window_bytes(config: SessionConfig, tokens: int) -> int:
    """The bytes that `tokens` tokens of a window take, without what the session holds besides."""
    full, empty = (cache_bytes(config, tokens, count) for count in (tokens, 0))
    return full - empty


def check_memory(config: SessionConfig, window: int | None, tokens: int) -> None:
    """Refuse a window that does not fit into this machine's memory.

    Args:
        tokens: of the session.

    Raises:
        ValueError: the session's cache would be larger than the free memory.
    """
    needed, free = cache_bytes(config, window, tokens), psutil.virtual_memory().available
    if needed > free:
        raise ValueError(
            f"That window takes {size(needed)} for the {tokens:,} tokens of this session, but "
            f"only {size(free)} of memory are free; choose a smaller one."
        )
