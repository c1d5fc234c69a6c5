"""The text of an answer as escaped HTML, with numbered marks that lead to its passages.

A sentence that nothing supports is underlined, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.service import TextRun, marked_runs

Passages = Mapping[int, Mapping[str, Any]]
"""The passages of an answer by their numbers."""


def marked_html(
    text: str, sentences: Sequence[Mapping[str, Any]], passages: Sequence[Mapping[str, Any]]
) -> str:
    """The text of an answer with its marks.

    Args:
        sentences: checked, as `stored_sentences` returns them; empty: only the numbers that the
            text itself has become marks.
        passages: of the answer, with their numbers.
    """
    numbered = {p["number"]: p for p in passages if isinstance(p["number"], int)}
    return "".join(_run_html(run, numbered) for run in marked_runs(text, sentences, numbered))


def mark_html(passage: Mapping[str, Any]) -> str:
    """A button with the passage's number, whose name says where the passage is."""
    number = passage["number"]
    name = f"Passage {number}: {passage['document']}, {passage['locator']}"
    return (
        f'<button class="mark" data-do="open" data-id="{escape(str(passage["segment_id"]))}" '
        f'data-number="{number}" aria-label="{escape(name)}">[{number}]</button>'
    )


def _run_html(run: TextRun, passages: Passages) -> str:
    """A sentence in an element of its own, so that none turns the direction of what follows."""
    shown = "".join(
        mark_html(passages[piece]) if isinstance(piece, int) else escape(piece)
        for piece in run.pieces
    )
    if not run.is_sentence:
        return shown
    if not run.why_unsupported:
        return f"<bdi>{shown}</bdi>"
    why = escape(run.why_unsupported)
    hint = f'<span class="unseen"> ({why})</span>'
    return f'<bdi class="unsupported" title="{why}">{shown}{hint}</bdi>'
