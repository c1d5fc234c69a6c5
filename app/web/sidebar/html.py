"""The texts of the sidebar: the name of the program, and the label of each session."""

from __future__ import annotations

from app.web.formatting import size
from storage import SessionSummary

BRAND = '<div class="brand">Ammon<small>reads anything, answers with the page</small></div>'


def session_label(summary: SessionSummary) -> str:
    """The two lines of a session in the list, as plain text: its name, then progress and size."""
    facts = [f"{summary.tokens_read:,} tokens"]
    if summary.open_count and summary.token_count:
        share = summary.tokens_read / summary.token_count
        facts = [f"{share:.0%} of {summary.token_count:,} tokens"]
    if summary.byte_count:
        facts.append(size(summary.byte_count))
    return f"{summary.session.name}\n{' · '.join(facts)}"
