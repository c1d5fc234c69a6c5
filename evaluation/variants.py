"""The compared variants: full attention, the window alone, and the window with each memory.

All parts of a report use the same names for them, so that tables and figures can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ahn_runtime import Runtime

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FULL, WINDOW = "full", "window"

Log = Callable[[str], None]
"""Receives progress messages, one line each."""

VARIANT_KEY = "way"
"""JSON key of a row's variant; existing reports have this key."""


@dataclass(frozen=True)
class Variant:
    """One variant of the model.

    Args:
        name: "full", "window", or the name of a memory; and how much of the window is retained.
        window: W in tokens, of which a retained set takes a part; None for full attention.
    """

    name: str
    window: int | None


def reading_variants(
    plain: Runtime,
    memories: Mapping[str, Runtime],
    windows: Sequence[int],
    sinks: int,
    retained: Sequence[int] = (),
) -> dict[Variant, Runtime]:
    """Make the runtime of every variant.

    Args:
        plain: the model without a memory.
        memories: the model with each memory, by the memory's name.
        windows: values of W, in tokens.
        sinks: S, in tokens.
        retained: per cent of a window that a retained set takes instead, one variant for each.

    Returns:
        Full attention first; then for each window the window alone and the window with each memory;
        and then these with each share of it retained.
    """
    variants = {Variant(FULL, None): plain.with_stream(window=None, sinks=0)}
    for window in windows:
        for name, runtime in {WINDOW: plain, **memories}.items():
            variant = Variant(name, window)
            variants[variant] = runtime.with_stream(window=window, sinks=sinks, retain=0)
        for share in retained:
            if not window * share // 100:  # of a tiny window: the same again
                continue
            for name, runtime in {WINDOW: plain, **memories}.items():
                variant = Variant(retained_name(name, share), window)
                variants[variant] = with_retained(runtime, window, sinks, share)
    return variants


def with_retained(runtime: Runtime, window: int, sinks: int, share: int) -> Runtime:
    """The runtime with a retained set that takes a share of its window.

    Raises:
        ValueError: see `retained_tokens`.
    """
    kept = retained_tokens(window, share)
    return runtime.with_stream(window=window - kept, sinks=sinks, retain=kept)


def retained_tokens(window: int, share: int) -> int:
    """How many tokens of a window a retained set takes.

    Args:
        share: per cent of the window, from 1 to 99.

    Raises:
        ValueError: it is less than one token.
    """
    kept = window * share // 100
    if not kept:
        raise ValueError(f"{share} % of a window of {window} tokens is less than one token.")
    return kept


def retained_name(name: str, share: int) -> str:
    """The name of a variant, with the per cent of its window that a retained set takes."""
    return f"{name}, {share} % retained" if share else name


def row_as_dict(row: DataclassInstance) -> dict[str, Any]:
    """A row of a report for JSON: fields by name, but `VARIANT_KEY` for the field `variant`."""
    return {
        VARIANT_KEY if field.name == "variant" else field.name: getattr(row, field.name)
        for field in fields(row)
    }
