"""The rows of a summary as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evaluation.results.summary import Row
from evaluation.scoring import with_interval

Cell = Callable[[Row], str]


def tables(rows: Sequence[Row], baseline: str, with_groups: bool) -> str:
    """The tables of scores and of costs; with groups, also of these where a task has several."""
    whole = [row for row in rows if not row.group]
    grouped = [row for row in rows if row.group]
    parts = [_table(whole, _score_columns(whole, baseline)), _table(whole, _COST_COLUMNS)]
    if with_groups and len({row.group for row in grouped}) > 1:
        parts.append(_table(grouped, _GROUP_COLUMNS))
    return "\n\n".join(parts)


def _table(rows: Sequence[Row], columns: dict[str, Cell]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(cell(row) for cell in columns.values())} |" for row in rows]
    return "\n".join(lines)


def _score_columns(rows: Sequence[Row], baseline: str) -> dict[str, Cell]:
    """The columns in which any of the rows has something."""
    columns = {
        **_NAMES,
        "items": lambda r: f"{r.items}",
        "score": _score,
        f"against {baseline}": lambda r: _difference(r.gain, r.gain_half),
        "lost by the noise": lambda r: _difference(r.loss, r.loss_half),
        "unanswerable declined": lambda r: _percent(r.declined),
        "wrongly declined": lambda r: _percent(r.wrongly_declined),
        "said not found": lambda r: _percent(r.said_not_found),
        "orders obeyed": lambda r: _percent(r.obeyed),
        "answer in a passage shown": lambda r: _percent(r.shown),
        "first word, s": lambda r: f"{r.first_word_s:.1f}",
    }
    return {name: cell for name, cell in columns.items() if any(map(cell, rows))}


def _name(row: Row) -> str:
    return f"{row.task}, {row.noise}" if row.noise else row.task


def _score(row: Row) -> str:
    return f"{row.score:.3f} [{row.low:.3f}, {row.high:.3f}]"


def _difference(value: float | None, half: float | None) -> str:
    if value is None:
        return ""
    return with_interval(value, half, "+.3f")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


_NAMES: dict[str, Cell] = {"task": _name, "variant": lambda r: r.variant}
_GROUP_COLUMNS: dict[str, Cell] = {
    **_NAMES,
    "part": lambda r: r.group,
    "items": lambda r: f"{r.items}",
    "score": _score,
}
_COST_COLUMNS: dict[str, Cell] = {
    **_NAMES,
    "tokens read": lambda r: f"{r.read_tokens:,}",
    "left out": lambda r: f"{r.left_out_tokens:,}",
    "reading, s": lambda r: f"{r.read_seconds:,.1f}",
    "reading, GFLOPs": lambda r: f"{r.read_flops / 1e9:,.0f}",
    "an answer, s": lambda r: f"{r.answer_s:.1f}",
    "an answer, GFLOPs": lambda r: f"{r.answer_flops / 1e9:,.0f}",
    "held, MB": lambda r: f"{r.bytes_held / 1e6:,.1f}",
}
