"""The settings with which a session can be read anew: from a session, from the page's fields.

Only what differs from how a session was made is changed: "auto" stays "auto", so that the model
that is loaded already is not loaded again.
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
LEAST_WINDOW_TOKENS = 256
"""Half a window holds the question, its passages and the answer: fewer leave no room for these."""


MAX_WINDOW_TOKENS = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """The settings that the page offers, under their names in `ModelOptions`."""

    window: int | None
    quantize: str | None
    ahn: str | None

    @classmethod
    def of(cls, config: SessionConfig) -> Wanted:
        """Those that a session was made with, as far as decided."""
        return cls(config.stream.window, config.stream.quantize, config.options.ahn)

    @classmethod
    def given(cls, reach: str, window: str, precision: str, memory: str) -> Wanted:
        """Those of the page's fields.

        Args:
            reach: WINDOW or EVERYTHING.
            window: what was typed as its tokens.

        Raises:
            ValueError: that is no number, or too small a one.
        """
        return cls(
            window=None if reach == EVERYTHING else _window(window),
            quantize=INT8 if precision == INT8 else None,
            ahn=None if memory == NO_MEMORY else memory,
        )

    @property
    def fields(self) -> tuple[str, str, str, str]:
        """What the page's fields show; see `given`."""
        return (
            EVERYTHING if self.window is None else WINDOW,
            f"{self.window or DEFAULT_WINDOW_TOKENS:,}",
            INT8 if self.quantize else EXACT,
            self.ahn or NO_MEMORY,
        )

    def changes(self, config: SessionConfig) -> dict[str, Any]:
        """What differs from a session's settings, by name in `ModelOptions`."""
        had = asdict(Wanted.of(config))
        return {name: value for name, value in asdict(self).items() if value != had[name]}


def _window(text: str) -> int:
    digits = text.replace(",", "").strip()
    if digits.isdecimal() and len(digits) > len(str(MAX_WINDOW_TOKENS)):
        digits = str(MAX_WINDOW_TOKENS + 1)
    tokens = token_count(digits, "The window")
    if tokens > MAX_WINDOW_TOKENS:
        raise ValueError(
            f"The window takes at most {MAX_WINDOW_TOKENS:,} tokens; choose everything for more."
        )
    if tokens < LEAST_WINDOW_TOKENS:
        raise ValueError(
            f"The window takes at least {LEAST_WINDOW_TOKENS} tokens, for half of it holds a "
            f"question with its passages and its answer; got {tokens}."
        )
    return tokens


def cache_bytes(config: SessionConfig, window: int | None, tokens: int) -> int:
    """What a session with these settings but another window holds at so many tokens."""
    stream = replace(config.stream, window=window)
    if window is None:  # what never leaves needs no memory
        stream = replace(stream, cell=None)
    return estimated_bytes(config.model, stream, tokens, config.num_gates)


def window_bytes(config: SessionConfig, tokens: int) -> int:
    """What so many tokens of a window take."""
    full, empty = (cache_bytes(config, tokens, count) for count in (tokens, 0))
    return full - empty


def check_memory(config: SessionConfig, window: int | None, tokens: int) -> None:
    """Refuse a window that this machine cannot hold.

    Raises:
        ValueError: its cache would be larger than the memory that is free.
    """
    needed, free = cache_bytes(config, window, tokens), psutil.virtual_memory().available
    if needed > free:
        raise ValueError(
            f"That window takes {size(needed)} for the {tokens:,} tokens of this session, but "
            f"only {size(free)} of memory are free; choose a smaller one."
        )
