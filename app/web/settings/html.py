"""A session's settings, the progress of reading it again, and the server's, as escaped HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from ahn_runtime.config import StreamConfig
from app.service.reading.rereading import Rereading
from app.service.session_config import UNTRAINED, SessionConfig
from app.web.formatting import bar_html, counted, size, with_numbers

EMPTY = (
    '<div class="empty"><b>No session is selected.</b><br>How it was made, and how to read it '
    "again with other settings, will be shown here.</div>"
)
LOADING = '<div class="notice" role="status">The model is being loaded with these settings.</div>'
START_LABEL = "Read again with these settings"
INTERRUPTED = f"It is interrupted: “{START_LABEL}” resumes it."
POSITIONS = {
    "absolute": "absolute: every token at its own position",
    "cache": "cache: the first tokens at their distance inside the cache",
}


@dataclass(frozen=True)
class Fact:
    """One setting and its value.

    Args:
        changed_by: the options and environment variables that change it.
        note: shown instead of these if there are none.
    """

    name: str
    value: str
    changed_by: tuple[str, ...] = ()
    note: str = ""


def facts_html(facts: Iterable[Fact]) -> str:
    """The settings as a list, a line each."""
    return f'<dl class="facts-list">{"".join(map(_fact, facts))}</dl>'


def _fact(fact: Fact) -> str:
    changed_by = " or ".join(f"<code>{escape(name)}</code>" for name in fact.changed_by)
    note = changed_by or escape(fact.note)
    last = f"<dd><span>{note}</span></dd>" if note else ""
    return f"<div><dt>{escape(fact.name)}</dt><dd>{escape(fact.value)}</dd>{last}</div>"


def made_facts(config: SessionConfig) -> list[Fact]:
    """How a session was made."""
    stream, chunk_tokens = config.stream, config.chunk_tokens
    facts = [
        Fact("Model", config.title or config.options.model),
        Fact("Compressed memory", memory_text(stream.cell, config.memory_status)),
        Fact("Held exactly", held_text(stream)),
        Fact("Precision", "int8" if stream.quantize else f"exact {stream.dtype}"),
        Fact("Precision of what is held", stream.kv_dtype),
        Fact("Positions", POSITIONS[stream.positions]),
    ]
    if chunk_tokens is not None:
        facts.append(Fact("Read in chunks of", counted(chunk_tokens, "token")))
    return facts


def memory_text(cell: str | None, status: str) -> str:
    """The kind of a memory and whether it was trained."""
    if cell is None:
        return "none"
    if status == UNTRAINED:
        return f"{cell}, untrained: it adds nothing to answers"
    return f"{cell}, {status}"


def held_text(stream: StreamConfig) -> str:
    """Which tokens the model holds exactly."""
    if stream.window is None:
        return "everything (full attention)"
    first = f"the first {stream.sinks:,} and " if stream.sinks else ""
    chosen = f", and {stream.retain:,} chosen ones" if stream.retain else ""
    return f"{first}the last {stream.window:,} tokens{chosen}"


def costs_html(thousand_bytes: int, all_bytes: int, tokens: int) -> str:
    """The memory that a window takes, in a sentence.

    Args:
        thousand_bytes: memory of 1,000 tokens in the window.
        all_bytes: memory of all the session's tokens, without a window.
        tokens: the number of the session's tokens.
    """
    everything = f"; everything, {size(all_bytes)} for its {tokens:,} tokens" if tokens else ""
    taken = f"1,000 tokens of window take {size(thousand_bytes)} of memory{everything}."
    return f'<div class="facts">{with_numbers(taken)}</div>'


def progress_html(rereading: Rereading, notice: str, is_running: bool) -> str:
    """The progress of a re-reading, as a notice and a bar.

    Args:
        notice: the service's sentence about the session.
        is_running: whether it is read now; otherwise the notice says how to resume it.
    """
    how_to_resume = "" if is_running else f" {INTERRUPTED}"
    return (
        f'<div class="notice">{escape(notice)}{how_to_resume}</div>'
        f"{bar_html('Reading again', rereading.share)}"
    )
