"""What the page shows, as escaped HTML: documents, sources, savings. Knows no gradio."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from app.service import DocumentStatus, Report
from storage import SessionSummary

STATE_WORDS = {
    "indexing": "Looking through it",
    "queued": "Waiting",
    "reading": "Reading",
    "paused": "Paused",
    "done": "Read",
    "failed": "Could not be read",
    "cancelled": "Cancelled",
}
WAITS_FOR_MORE = "Following, waiting for more"


def session_label(summary: SessionSummary) -> str:
    """A session's line in the sidebar."""
    return f"{summary.session.name} · {summary.tokens_read:,} tokens"


def documents_html(statuses: Sequence[DocumentStatus], notice: str) -> str:
    """The session's documents with their progress."""
    if not statuses:
        return (
            '<div class="empty"><b>No documents yet.</b><br>Drop a book, a document or a '
            "log above; Ammon reads it in the background and you can ask while it reads.</div>"
        )
    told = f'<div class="notice">{escape(notice)}</div>' if notice else ""
    return told + "".join(_document(status) for status in statuses)


def _document(status: DocumentStatus) -> str:
    row = status.document
    total = row.token_count or 0
    share = 100 * status.tokens_read / total if total else 0
    facts = [WAITS_FOR_MORE if status.waits_for_more else STATE_WORDS[row.state]]
    if row.unit_count:
        facts.append(f"{row.unit_count:,} {row.unit_name}s")
    if total:
        facts.append(f"{status.tokens_read:,} of {total:,} tokens")
    if status.tokens_per_second:
        facts.append(f"{status.tokens_per_second:,.0f} tokens/s")
    if status.eta_s is not None and row.state == "reading":
        facts.append(f"{duration(status.eta_s)} left")
    problems = "".join(
        f'<div class="problem">{escape(text)}</div>'
        for text in [*row.notes, row.error or ""]
        if text
    )
    return (
        f'<div class="doc {row.state}"><div class="doc-title">{escape(row.title)}</div>'
        f'<div class="bar" role="progressbar" aria-label="{escape(row.title)}" '
        f'aria-valuenow="{share:.0f}" aria-valuemin="0" aria-valuemax="100">'
        f'<span style="width:{share:.1f}%"></span></div>'
        f'<div class="facts">{escape(" · ".join(facts))}</div>{problems}</div>'
    )


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def with_pages(answer: str, citations: Sequence[dict[str, Any]]) -> str:
    """An answer with the places it rests on, as plain text."""
    if not answer:
        return "Reading the passages…"
    named = [f"[{c['number']}] {c['document']}, {c['locator']}" for c in citations]
    return "\n\n".join([answer, *(["\n".join(named)] if named else [])])


def sources_html(passages: Sequence[dict[str, Any]], details: dict[str, Any] | None = None) -> str:
    """The passages an answer was given, those it rests on first, and how quick it was.

    Args:
        details: of the answer, as they are stored with it; None: there is no answer yet.
    """
    if details is None:
        return ""
    if not passages:
        return (
            '<div class="notice">No passage matched the words of this question: the answer rests '
            "on the window alone and may be a guess.</div>"
        )
    ordered = sorted(passages, key=lambda p: not p["cited"])
    shown = "".join(_source(p) for p in ordered)
    return f'<div class="sources">{shown}</div><div class="quick">{pace(details)}</div>'


def pace(details: dict[str, Any]) -> str:
    """How long an answer took; empty while it has not said a word."""
    if not details.get("first_word_s"):
        return ""
    told = (
        f"First word after {details['first_word_s']:.1f} s "
        f"({details['prompt_tokens']:,} tokens read again for it)"
    )
    if not details.get("seconds"):
        return told
    return f"{told}, {details['answer_tokens']:,} tokens in {details['seconds']:.1f} s"


def _source(passage: dict[str, Any]) -> str:
    mark = "cited" if passage["cited"] else "given"
    unread = "" if passage["is_read"] else " · not yet read"
    older = " · of an older version" if passage.get("is_replaced") else ""
    return (
        f'<details class="{mark}"><summary><b>[{passage["number"]}]</b> '
        f"{escape(passage['document'])}, {escape(passage['locator'])}"
        f"<i>{'cited' if passage['cited'] else 'also looked at'}{older}{unread}</i></summary>"
        f"<p>{escape(passage['text'])}</p></details>"
    )


def report_html(report: Report, rereading: str, offers_reread: bool) -> str:
    """The savings, both conventions side by side.

    Args:
        rereading: how far a re-reading is; empty without one.
        offers_reread: a trained memory has come since this session was made.
    """
    notices = [escape(rereading)] if rereading else []
    if report.memory_status == "untrained":
        notices.append(
            "The compressed memory of this session is <b>untrained</b>: it runs and is saved, "
            "but adds nothing to answers. Past the window, facts come from passages that are "
            "found and read again."
        )
    if offers_reread:
        notices.append(
            "A trained memory has come since: the session can be read anew with it, from what is "
            "stored here, while it goes on answering as before."
        )
    told = "".join(f'<div class="notice">{notice}</div>' for notice in notices)
    rows = (
        ("Cache", report.run_cache_saved, report.paper_cache_saved),
        ("FLOPs", report.run_flops_saved, report.paper_flops_saved),
    )
    table = "".join(f"<tr><th>{n}</th><td>{a:.1%}</td><td>{b:.1%}</td></tr>" for n, a, b in rows)
    window = "everything" if report.window is None else f"{report.window:,} + {report.sinks:,}"
    return (
        f'{told}<div class="tiles">'
        f"{_tile('Tokens read', f'{report.tokens:,}')}"
        f"{_tile('Held exactly', window)}"
        f"{_tile('Compressed memory', report.memory_status)}"
        f"{_tile('Cache now', _mb(report.run_cache_bytes))}"
        f"{_tile('Full attention', _mb(report.run_cache_bytes_full))}"
        f"{_tile(_checkpoints(report), _mb(report.disk_bytes))}</div>"
        '<table class="savings"><tr><th>Saved against full attention</th><th>as run</th>'
        f"<th>paper's convention</th></tr>{table}</table>"
    )


def _checkpoints(report: Report) -> str:
    return f"{report.checkpoints} checkpoints, at most {_mb(report.disk_budget_bytes)}"


def _tile(name: str, value: str) -> str:
    return f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}</span></div>'


def _mb(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def model_status_html(is_loaded: bool) -> str:
    """Nothing once the model is there."""
    if is_loaded:
        return ""
    return '<div class="notice">The model is being loaded (the first time it is fetched).</div>'
