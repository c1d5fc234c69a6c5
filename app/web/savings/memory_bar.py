"""A bar that shows what a session holds: first tokens, gist, retained tokens, and last tokens."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from app.service import Report
from app.web.formatting import number, size, with_numbers

MIN_PERCENT = 12
"""The least width of a part of the bar, so that a small one is visible; the text says its size."""


CHOSEN = (
    "Held exactly because the model looked at them most; each part of the model chooses its own."
)


@dataclass(frozen=True)
class Part:
    """A range of the tokens read, and how it is held.

    Args:
        kind: the class in the style sheet, "exact" or "gist".
        explanation: how it is held, in a sentence.
    """

    kind: str
    name: str
    tokens: int
    explanation: str


def parts(report: Report) -> list[Part]:
    """The parts of what was read, in order."""
    if report.window is None or not report.compressed:
        explanation = "All of it is held exactly, word for word."
        return [Part("exact", "Everything so far", report.tokens, explanation)]
    first = Part("exact", "The start", report.sinks, "The first tokens, always held exactly.")
    gist = Part("gist", "In between", report.compressed, _gist(report))
    chosen = Part("exact", "Chosen from in between", report.retained, CHOSEN)
    last = Part("exact", "The end", report.window, "The last tokens, held exactly.")
    return [part for part in (first, gist, chosen, last) if part.tokens]


def _gist(report: Report) -> str:
    if report.memory_status == "none":
        return "Gone from the model; facts of it come from passages that are read again."
    untrained = ", and not trained" if report.memory_status == "untrained" else ""
    return (
        f"Compressed into a memory of fixed size{untrained}: only the gist. Facts of it come from "
        "passages that are read again."
    )


def memory_html(report: Report) -> str:
    """The bar as HTML, with a list of its parts below; it is not to scale, and says so."""
    if not report.tokens:
        return '<div class="empty">Nothing was read yet: what is held will be drawn here.</div>'
    found = parts(report)
    total = sum(part.tokens for part in found)
    bar = "".join(
        f'<div class="{part.kind}" style="flex:{max(MIN_PERCENT, 100 * part.tokens / total):.1f}">'
        "</div>"
        for part in found
    )
    items = "".join(
        f'<li class="{part.kind}"><b>{escape(part.name)}: {number(part.tokens)} tokens</b>'
        f"<span>{escape(part.explanation)}</span></li>"
        for part in found
    )
    label = "; ".join(f"{part.name}: {part.tokens:,} tokens. {part.explanation}" for part in found)
    takes = (
        f"It takes {size(report.run_cache_bytes)}{_growth(report)}; full attention would hold "
        f"{size(report.run_cache_bytes_full)}. The bar is not to scale. A token is about three "
        "quarters of a word."
    )
    return (
        '<section class="memory" aria-label="What the model holds of this session">'
        f"<h3>What the model holds of {number(report.tokens)} tokens</h3>"
        f'<div class="memory-bar" role="img" aria-label="{escape(label)}">{bar}</div>'
        f"<ul>{items}</ul><p>{with_numbers(takes)}</p></section>"
    )


def _growth(report: Report) -> str:
    if report.window is None:
        return " and grows with every token"
    if not report.compressed:
        limit = report.window + report.sinks + report.retain
        return f" and grows until {limit:,} tokens are read, then no more"
    return ", and stays at that size however much is read"
