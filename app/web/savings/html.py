"""The savings of a session as escaped HTML and as CSV."""

from __future__ import annotations

from html import escape

import pandas as pd

from app.service import Report
from app.web.formatting import counted, size, with_numbers
from app.web.savings.plots import AS_RUN, PAPER


def report_html(report: Report, rereading: str, offers_reread: bool) -> str:
    """A table of the savings in both conventions, below notices about the memory.

    Args:
        rereading: the progress of a re-reading; empty without one.
        offers_reread: whether a trained memory has been added since the session was made.
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
            "A trained memory has been added since: the session can be read again with it, from "
            "what is stored here, and answers as before in the meantime."
        )
    notes = "".join(f'<div class="notice">{notice}</div>' for notice in notices)
    rows = (
        ("Memory", report.run_cache_saved, report.paper_cache_saved),
        ("Computing", report.run_flops_saved, report.paper_flops_saved),
    )
    table = "".join(
        f'<tr><th scope="row">{name}</th><td>{_percent(run)}</td><td>{_percent(paper)}</td></tr>'
        for name, run, paper in rows
    )
    return (
        f'{notes}<table class="savings"><thead><tr>'
        f'<th scope="col">Saved, compared with holding everything (full attention)</th>'
        f'<th scope="col">{AS_RUN}</th><th scope="col">{PAPER}</th></tr></thead>'
        f"<tbody>{table}</tbody></table>"
    )


def machine_html(report: Report, process_bytes: int, disk_bytes: int, free_bytes: int) -> str:
    """What the session and the server use of the machine, as tiles.

    Args:
        process_bytes: resident memory of the server, including the model.
        disk_bytes: size of the session's files and checkpoints.
        free_bytes: free space on the disk that holds the data directory.
    """
    chosen = f" + {report.retain:,} chosen" if report.retain else ""
    window = (
        "everything"
        if report.window is None
        else f"{report.window:,} + {report.sinks:,}{chosen} tokens"
    )
    kept = counted(report.checkpoints, "checkpoint")
    tiles = (
        ("Tokens read", f"{report.tokens:,}"),
        ("Window and start, held word for word", window),
        ("Compressed memory", report.memory_status),
        ("Memory that this session takes", size(report.run_cache_bytes)),
        (f"On disk in {kept}, at most {size(report.disk_budget_bytes)}", size(report.disk_bytes)),
        ("On disk with its documents", size(disk_bytes)),
        ("Memory of the whole server", size(process_bytes)),
        ("Free on the disk", size(free_bytes)),
    )
    return '<div class="tiles">' + "".join(_tile(name, value) for name, value in tiles) + "</div>"


def _percent(share: float) -> str:
    return with_numbers(f"{share:.1%}")


def _tile(name: str, value: str) -> str:
    return f'<div class="tile"><b>{with_numbers(value)}</b><span>{with_numbers(name)}</span></div>'


def as_csv(report: Report) -> str:
    """All curves, one row per number of tokens; a figure not counted there is left empty.

    Each speed is in the row at which the reading that it measures ended.
    """
    formulas = pd.DataFrame(
        {
            "tokens": report.curve_tokens,
            "cache_bytes": report.curve_cache_bytes,
            "cache_bytes_full": report.curve_cache_bytes_full,
            "paper_cache_elements": report.curve_paper_cache_elements,
            "paper_cache_elements_full": report.curve_paper_cache_elements_full,
            "paper_flops": report.curve_paper_flops,
            "paper_flops_full": report.curve_paper_flops_full,
        },
        dtype=object,  # FLOPs may need more than 64 bits
    ).astype({"tokens": "Int64"})
    run = pd.DataFrame(
        {
            "tokens": report.counted_tokens,
            "flops": report.counted_flops,
            "flops_full": report.counted_flops_full,
        },
        dtype=object,
    ).astype({"tokens": "Int64"})
    speeds = pd.DataFrame(
        {
            "tokens": [speed.position for speed in report.speeds],
            "tokens_per_second": [speed.tokens_per_second for speed in report.speeds],
            "read_tokens": [speed.tokens for speed in report.speeds],
            "read_seconds": [speed.seconds for speed in report.speeds],
            "read_at": [speed.read_at for speed in report.speeds],
        }
    ).astype({"tokens": "Int64", "read_tokens": "Int64"})
    table = formulas.merge(run, on="tokens", how="outer")
    return table.merge(speeds, on="tokens", how="outer").to_csv(index=False)
