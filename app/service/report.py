"""The savings of one session: by the paper's formulas, and as counted in the real runs."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import asdict, dataclass
from typing import Any

import storage
from ahn_runtime import AhnError
from ahn_runtime.accounting import estimated_bytes, full_cache_bytes, paper_costs
from ahn_runtime.checkpoint import check_manifest
from app.service.session_config import SessionConfig
from storage import Database, ReadingSpeed, SessionRow

CURVE_POINTS = 48
SPEED_POINTS = 240
_COUNTED = ("tokens_seen", "flops", "flops_full")


@dataclass(frozen=True)
class Report:
    """Figures of one session after `tokens` tokens, beside those of full attention (`_full`).

    Args:
        window, sinks, retain: W, S and R, in tokens.
        retained: tokens of the retained set that are held now, by each key/value head.
        curve_tokens: numbers of tokens at which the `curve_` figures are given, all by formula.
        counted_tokens: numbers of tokens at which FLOPs were counted as they were run: at the
            start, at each checkpoint that is kept, and now.
        speeds: between checkpoints; if there are very many, several are joined into one.
    """

    tokens: int
    window: int | None
    sinks: int
    retain: int
    retained: int
    memory_status: str
    model: str
    paper_flops: int
    paper_flops_full: int
    paper_cache_elements: int
    paper_cache_elements_full: int
    run_flops: int
    run_flops_full: int
    run_cache_bytes: int
    run_cache_bytes_full: int
    disk_bytes: int
    disk_budget_bytes: int
    checkpoints: int
    curve_tokens: list[int]
    curve_cache_bytes: list[int]
    curve_cache_bytes_full: list[int]
    curve_paper_cache_elements: list[int]
    curve_paper_cache_elements_full: list[int]
    curve_paper_flops: list[int]
    curve_paper_flops_full: list[int]
    counted_tokens: list[int]
    counted_flops: list[int]
    counted_flops_full: list[int]
    speeds: list[ReadingSpeed]

    @property
    def held(self) -> int:
        """Tokens that are sinks, in the window or retained, by each key/value head."""
        limit = None if self.window is None else self.window + self.sinks + self.retain
        return self.tokens if limit is None else min(self.tokens, limit)

    @property
    def compressed(self) -> int:
        """Tokens of which only the memory, if there is one, holds something."""
        return self.tokens - self.held

    @property
    def paper_flops_saved(self) -> float:
        """The share of full attention's FLOPs that is saved, 0 to 1, by the paper's formulas."""
        return saved(self.paper_flops, self.paper_flops_full)

    @property
    def paper_cache_saved(self) -> float:
        """The share of full attention's cache that is saved, 0 to 1, by the paper's formulas."""
        return saved(self.paper_cache_elements, self.paper_cache_elements_full)

    @property
    def run_flops_saved(self) -> float:
        """The share of full attention's FLOPs that is saved, 0 to 1, counted from the calls."""
        return saved(self.run_flops, self.run_flops_full)

    @property
    def run_cache_saved(self) -> float:
        """The share of full attention's cache that is saved, 0 to 1, in bytes of live tensors."""
        return saved(self.run_cache_bytes, self.run_cache_bytes_full)

    @property
    def reading_seconds(self) -> float:
        """Seconds that the model took to read."""
        return sum(speed.seconds for speed in self.speeds)

    @property
    def tokens_per_second(self) -> float:
        """Over all reading whose speed is stored; 0 without any."""
        read = sum(speed.tokens for speed in self.speeds)
        return read / self.reading_seconds if self.speeds else 0.0

    def as_dict(self) -> dict[str, Any]:
        """All figures for JSON, with the savings as shares from 0 to 1."""
        kinds = ("paper_flops", "paper_cache", "run_flops", "run_cache")
        shares = {f"{kind}_saved": getattr(self, f"{kind}_saved") for kind in kinds}
        speeds = [{**asdict(s), "tokens_per_second": s.tokens_per_second} for s in self.speeds]
        return {**self.__dict__, **shares, "speeds": speeds}


def saved(used: int, full: int) -> float:
    """Share saved, from 0 to 1; 0 if more is used, as in a short session with gates and memory."""
    return max(0.0, 1 - used / full) if full else 0.0


def make_report(
    db: Database,
    row: SessionRow,
    in_memory: tuple[int, int, int] | None,
    disk_budget_bytes: int,
    max_points: int | None = None,
) -> Report:
    """The report of a stored session.

    Args:
        in_memory: (tokens, flops, flops_full) of the session if it is open: it may be ahead of
            its checkpoint.
        disk_budget_bytes: for its checkpoints.
        max_points: checkpoints whose counts are given at most, the newest among them; None: all.
    """
    made = SessionConfig.from_row(row)
    config, stream, gates = made.model, made.stream, made.num_gates
    tokens, flops, flops_full = now = in_memory or _newest_counts(db, row.id)
    papers = functools.partial(paper_costs, config, stream.cache_limit or max(tokens, 1))
    paper = papers(tokens)
    reach = max(tokens, 2 * (stream.cache_limit or 1))
    # Counts only grow, so that greater ones are of a checkpoint that cannot be read.
    marks = [
        (tokens, flops, full)
        for tokens, flops, full in storage.manifest_numbers(db, row.id, _COUNTED, max_points)
        if all(0 <= count <= last for count, last in zip((tokens, flops, full), now, strict=True))
    ]
    counted = sorted({(0, 0, 0), *marks, now})
    points = sorted({round(reach * i / CURVE_POINTS) for i in range(CURVE_POINTS + 1)} | {tokens})
    curve = [papers(n) for n in points]
    return Report(
        tokens=tokens,
        window=stream.window,
        sinks=stream.sinks,
        retain=stream.retain,
        retained=stream.retained_tokens(tokens),
        memory_status=made.memory_status,
        model=made.title,
        paper_flops=paper.flops,
        paper_flops_full=paper.flops_full,
        paper_cache_elements=paper.cache_elements * config.num_layers,
        paper_cache_elements_full=paper.cache_elements_full * config.num_layers,
        run_flops=flops,
        run_flops_full=flops_full,
        run_cache_bytes=estimated_bytes(config, stream, tokens, gates),
        run_cache_bytes_full=full_cache_bytes(config, stream, tokens),
        disk_bytes=storage.checkpoint_bytes(db, row.id),
        disk_budget_bytes=disk_budget_bytes,
        checkpoints=storage.count_checkpoints(db, row.id),
        curve_tokens=points,
        curve_cache_bytes=[estimated_bytes(config, stream, n, gates) for n in points],
        curve_cache_bytes_full=[full_cache_bytes(config, stream, n) for n in points],
        curve_paper_cache_elements=[p.cache_elements * config.num_layers for p in curve],
        curve_paper_cache_elements_full=[p.cache_elements_full * config.num_layers for p in curve],
        curve_paper_flops=[p.flops for p in curve],
        curve_paper_flops_full=[p.flops_full for p in curve],
        counted_tokens=[tokens for tokens, _, _ in counted],
        counted_flops=[flops for _, flops, _ in counted],
        counted_flops_full=[full for _, _, full in counted],
        speeds=storage.list_speeds(db, row.id, limit=SPEED_POINTS),
    )


def _newest_counts(db: Database, session_id: int) -> tuple[int, int, int]:
    """The counts of the newest checkpoint that can be read; zeros without one."""
    for checkpoint_id in storage.checkpoint_ids(db, session_id):
        manifest = storage.get_checkpoint(db, checkpoint_id).manifest
        with contextlib.suppress(AhnError):
            check_manifest(manifest)
            tokens, flops, flops_full = (manifest[name] for name in _COUNTED)
            return tokens, flops, flops_full
    return 0, 0, 0
