"""Whether a window that changes with the text beats one of a fixed size that costs as much.

A window may widen while a text is dense and narrow while it says little. Two signals for that are
tried, each a mean over the last `SIGNAL_TOKENS` tokens before a position, above or below its median
so far: the model's surprise (the cross-entropy of the tokens that came), and the entropy of its
attention (how many tokens a query looks at). While the signal is above, the window may hold 3/2 of
W, otherwise only 1/2; what has left it does not come back, so it widens by one token at a time. The
opposite rule and a rule by chance are tried beside them: a changing window that gains nothing by
its signal does as well by chance.

Each rule's window is compared with a fixed one of the mean size that it had. All are computed in
one pass of the bare model without a memory, as a session with such a window would compute it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime import Runtime
from ahn_runtime.model.attention import attend, score_mask
from evaluation.scoring import half_interval, mean
from evaluation.texts import middle
from evaluation.variants import Log, row_as_dict
from training.distill import finish_layer, project_layer, rotation_of

SIGNAL_TOKENS = 64
QUERY_BLOCK_TOKENS = 256
HEAD_TOKENS = 256
SCORED_EVERY = 4
"""Every position would cost four times as much for the same mean."""

SURPRISE, ENTROPY, REVERSED, CHANCE = (
    "wider while surprised",
    "wider while attention is spread",
    "narrower while surprised",
    "by chance",
)
RULES = (SURPRISE, ENTROPY, REVERSED, CHANCE)


@dataclass(frozen=True)
class Comparison:
    """One document, one window, one rule.

    Args:
        document: name of the file.
        window: W in tokens.
        variant: one of `RULES`.
        held: the mean size of the window that the rule had, in tokens.
        adaptive, fixed: mean KL(full || window) of that window, and of a fixed one of that size, in
            nats.
    """

    document: str
    window: int
    variant: str
    held: float
    adaptive: float
    fixed: float


@dataclass(frozen=True)
class Row:
    """One window and rule over all documents: means, and half of the gain's 95 % interval.

    Args:
        held: mean size of the window, in tokens.
        adaptive, fixed: mean KL(full || ·), in nats.
        gain: `fixed` - `adaptive`, document by document.
    """

    window: int
    variant: str
    documents: int
    held: float
    adaptive: float
    fixed: float
    gain: float
    gain_plus_minus: float | None

    def as_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return row_as_dict(self)


@dataclass(frozen=True)
class Signals:
    """What a rule may look at, float32 [L] each, of every position.

    Args:
        surprise: cross-entropy of the token at the position, in nats; 0 at the first.
        entropy: of the attention of the position's queries, as a share of the greatest possible;
            mean over layers and heads, 0 to 1.
    """

    surprise: Tensor
    entropy: Tensor


@torch.no_grad()
def measure(
    plain: Runtime,
    texts: Sequence[Path],
    windows: Sequence[int],
    sinks: int,
    length: int,
    log: Log = lambda line: None,
) -> Iterator[Comparison]:
    """Yield a comparison for each document, window and rule; too short documents are skipped.

    Args:
        plain: the model without a memory.
        texts: files of the documents.
        windows, sinks: values of W, and S, in tokens.
        length: L, tokens of each document.
        log: receives progress messages.

    Raises:
        ValueError: a window leaves no position beyond it.
        IngestError: a text cannot be read.
    """
    for window in windows:
        if window < 2 or first_scored(window, sinks) >= length:
            raise ValueError(
                f"A window of {window} with {sinks} sinks leaves nothing to compare in {length} "
                "tokens; choose a window of 2 or more, or a greater length."
            )
    for path in texts:
        ids = middle(path, plain.tokenizer, length)
        if ids is None:
            log(f"{path.name}: shorter than {length:,} tokens, skipped")
            continue
        tokens = torch.tensor(ids, device=plain.device)
        full, signals = full_attention(plain, tokens)
        for window in windows:
            at = torch.arange(first_scored(window, sinks), length, SCORED_EVERY)
            for rule in RULES:
                edges = window_edges(rule, signals, window, sinks)
                held = float((at + 1 - edges[at]).float().mean())
                adaptive = _divergence(plain, tokens, edges, sinks, full, at)
                fixed = fixed_edges(length, round(held), sinks)
                even = _divergence(plain, tokens, fixed, sinks, full, at)
                log(f"{path.name}: W {window}, {rule}: {held:.0f}, KL {adaptive:.4f} : {even:.4f}")
                yield Comparison(path.name, window, rule, held, adaptive, even)


def first_scored(window: int, sinks: int) -> int:
    """The first position that is compared: past the widest window."""
    return sinks + window * 3 // 2


def fixed_edges(length: int, window: int, sinks: int) -> Tensor:
    """The first position behind the sinks that each position sees, with a fixed W, int64 [L]."""
    return (torch.arange(length) + 1 - window).clamp(min=sinks)


def window_edges(rule: str, signals: Signals, window: int, sinks: int) -> Tensor:
    """The first position behind the sinks that each position sees, by a rule, int64 [L].

    Args:
        rule: one of `RULES`.
        window: W, of which the window holds 3/2 or 1/2.
    """
    wide, narrow = window * 3 // 2, window // 2
    edges, edge = [], sinks
    for position, is_wide in enumerate(_is_wide(rule, signals)):
        edge = max(edge, position + 1 - (wide if is_wide else narrow))
        edges.append(edge)
    return torch.tensor(edges)


def _is_wide(rule: str, signals: Signals) -> list[bool]:
    """Whether the window may be wide at each position, which only tokens before it decide."""
    if rule == CHANCE:
        generator = torch.Generator().manual_seed(0)
        blocks = torch.rand(-(-len(signals.surprise) // SIGNAL_TOKENS), generator=generator) < 0.5
        chosen: list[bool] = blocks.repeat_interleave(SIGNAL_TOKENS).tolist()
        return chosen[: len(signals.surprise)]
    signal = signals.entropy if rule == ENTROPY else signals.surprise
    recent = _mean_before(signal.cpu().double())
    medians = torch.stack([recent[: at + 1].median() for at in range(len(recent))])
    above: list[bool] = (recent > medians).tolist()
    return [not wide for wide in above] if rule == REVERSED else above


def _mean_before(signal: Tensor) -> Tensor:
    """The mean of the up to `SIGNAL_TOKENS` values before each position, 0 at the first."""
    sums = F.pad(signal.cumsum(0), (1, 0))
    end = torch.arange(len(signal))
    start = (end - SIGNAL_TOKENS).clamp(min=0)
    return (sums[end] - sums[start]) / (end - start).clamp(min=1)


def full_attention(plain: Runtime, ids: Tensor) -> tuple[Tensor, Signals]:
    """The final hidden states with full attention, [L, hidden], and the signals.

    Args:
        ids: int64 [L].
    """
    entropies: list[Tensor] = []
    states = masked_forward(plain, ids, fixed_edges(len(ids), len(ids), 0), 0, entropies)
    surprise = states.new_zeros(len(ids), dtype=torch.float32)
    for rows in torch.arange(len(ids) - 1, device=ids.device).split(HEAD_TOKENS):
        log_p = plain.model.lm_head(states[rows]).float().log_softmax(-1)
        surprise[rows + 1] = -log_p.gather(1, ids[rows + 1, None])[:, 0]
    return states, Signals(surprise, torch.stack(entropies).mean(0))


def masked_forward(
    plain: Runtime,
    ids: Tensor,
    edges: Tensor,
    sinks: int,
    entropies: list[Tensor] | None = None,
) -> Tensor:
    """The final hidden states, [L, hidden], where a position sees sinks and what edges allow.

    Args:
        edges: the first position behind the sinks that each position sees, int64 [L].
        entropies: the entropy of each layer's attention is added to it, float32 [L] each.
    """
    model, backend = plain.model, plain.backend
    x = model.model.embed_tokens(ids)
    rotation = rotation_of(model, 0, len(ids), x)
    at = torch.arange(len(ids), device=ids.device)
    first = edges.to(ids.device)
    for layer in model.layers:
        _, q, k, v = project_layer(layer, x, rotation, backend)
        outputs, spread = [], []
        for rows in at.split(QUERY_BLOCK_TOKENS):
            end = int(rows[-1]) + 1
            seen = (at[:end] <= rows[:, None]) & (
                (at[:end] >= first[rows, None]) | (at[:end] < sinks)
            )
            outputs.append(attend(q[:, rows], k[:, :end], v[:, :end], score_mask(seen)))
            if entropies is not None:
                spread.append(_entropy(q[:, rows], k[:, :end], seen))
        if entropies is not None:
            entropies.append(torch.cat(spread))
        x = finish_layer(layer, x, torch.cat(outputs, dim=1), backend)
    final: Tensor = model.model.norm(x)
    return final


def _entropy(q: Tensor, k: Tensor, seen: Tensor) -> Tensor:
    """The entropy of each query's attention, of the greatest possible: mean over heads, [queries].

    Without that share it would only grow with the number of tokens that a query sees.
    """
    grouped = q.reshape(len(k), -1, q.shape[2])
    scores = (grouped @ k.mT).float() * q.shape[2] ** -0.5
    weights = torch.softmax(scores.unflatten(1, (-1, q.shape[1])) + score_mask(seen), dim=-1)
    return torch.special.entr(weights).sum(-1).mean((0, 1)) / seen.sum(1).clamp(min=2).log()


def _divergence(
    plain: Runtime, ids: Tensor, edges: Tensor, sinks: int, full: Tensor, at: Tensor
) -> float:
    ours = masked_forward(plain, ids, edges, sinks)
    total = 0.0
    for rows in at.to(ids.device).split(HEAD_TOKENS):
        log_p_full, log_p = (
            plain.model.lm_head(states[rows]).float().log_softmax(-1) for states in (full, ours)
        )
        total += float((log_p_full.exp() * (log_p_full - log_p)).sum())
    return total / len(at)


def summarise(comparisons: Sequence[Comparison]) -> list[Row]:
    """Average over documents; one row for each window and rule, in the order of measuring."""
    groups: dict[tuple[int, str], list[Comparison]] = {}
    for comparison in comparisons:
        groups.setdefault((comparison.window, comparison.variant), []).append(comparison)
    return [_row(*key, group) for key, group in groups.items()]


def _row(window: int, rule: str, group: Sequence[Comparison]) -> Row:
    gains = [c.fixed - c.adaptive for c in group]
    return Row(
        window,
        rule,
        len(group),
        mean([c.held for c in group]),
        mean([c.adaptive for c in group]),
        mean([c.fixed for c in group]),
        mean(gains),
        half_interval(gains),
    )
