"""How a session was made, how far a re-reading is, and what else is set, as escaped HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from ahn_runtime.config import StreamConfig
from app.service.reading.rereading import Rereading
from app.service.session_config import UNTRAINED, SessionConfig
from app.web.formatting import counted, size

EMPTY = (
    '<div class="empty"><b>No session is chosen.</b><br>How it was made, and how it can be read '
    "anew in another way, will be shown here.</div>"
)
LOADING = '<div class="notice" role="status">The model is being loaded with these settings.</div>'
STANDS_STILL = "It stands still: “Read anew with these settings” goes on with it."
POSITIONS = {
    "absolute": "absolute: every token at its true place",
    "cache": "cache: the start is seen at its distance inside the cache",
}


@dataclass(frozen=True)
class Fact:
    """One line of what is set.

    Args:
        changed_by: options and environment variables, or nothing.
        note: said instead of these.
    """

    name: str
    value: str
    changed_by: tuple[str, ...] = ()
    note: str = ""


def facts_html(facts: Iterable[Fact]) -> str:
    """What is set, line by line."""
    return f'<dl class="facts-list">{"".join(map(_fact, facts))}</dl>'


def _fact(fact: Fact) -> str:
    ways = " or ".join(f"<code>{escape(way)}</code>" for way in fact.changed_by)
    note = ways or escape(fact.note)
    told = f"<dd><span>{note}</span></dd>" if note else ""
    return f"<div><dt>{escape(fact.name)}</dt><dd>{escape(fact.value)}</dd>{told}</div>"


def made_facts(config: SessionConfig) -> list[Fact]:
    """How a session was made, line by line."""
    stream, chunk_tokens = config.stream, config.chunk_tokens
    facts = [
        Fact("Model", config.title or config.options.model),
        Fact("Compressed memory", memory_words(stream.cell, config.memory_status)),
        Fact("Held exactly", held_words(stream)),
        Fact("Computed in", "int8" if stream.quantize else f"exact {stream.dtype}"),
        Fact("Keys and values in", stream.kv_dtype),
        Fact("Positions", POSITIONS[stream.positions]),
    ]
    if chunk_tokens is not None:
        facts.append(Fact("Read in chunks of", counted(chunk_tokens, "token")))
    return facts


def memory_words(cell: str | None, status: str) -> str:
    """A memory's kind and state."""
    if cell is None:
        return "none"
    if status == UNTRAINED:
        return f"{cell}, untrained: it adds nothing to answers"
    return f"{cell}, {status}"


def held_words(stream: StreamConfig) -> str:
    if stream.window is None:
        return "everything (full attention)"
    first = f"the first {stream.sinks:,} and " if stream.sinks else ""
    return f"{first}the last {stream.window:,} tokens"


def costs_html(thousand_bytes: int, all_bytes: int, tokens: int) -> str:
    """What a window costs a session.

    Args:
        thousand_bytes: of 1,000 tokens in it.
        all_bytes: of all its tokens, without a window.
    """
    everything = f"; everything, {size(all_bytes)} for its {tokens:,} tokens" if tokens else ""
    return (
        f'<div class="facts">1,000 tokens of window take {size(thousand_bytes)} of memory'
        f"{everything}.</div>"
    )


def progress_html(anew: Rereading, told: str, is_at_work: bool) -> str:
    """How far a re-reading is.

    Args:
        told: what is to be known of it.
    """
    stands = "" if is_at_work else f" {STANDS_STILL}"
    share = 100 * anew.share
    return (
        f'<div class="notice">{escape(told)}{stands}</div>'
        f'<div class="bar" role="progressbar" aria-label="Reading anew" '
        f'aria-valuenow="{share:.0f}" aria-valuemin="0" aria-valuemax="100">'
        f'<span style="width:{share:.1f}%"></span></div>'
    )
