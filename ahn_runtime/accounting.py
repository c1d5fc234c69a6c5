"""FLOPs and cache sizes: by the paper's convention, and as run.

Letters of the formulas: d = hidden, D = head dim, H and Hkv heads, F = MLP width, V = vocabulary,
Wt = W + S, L tokens. A multiply-add counts as two.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), table 1 and appendix.
"""

from __future__ import annotations

from dataclasses import dataclass

from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.model.retained import Grid


@dataclass(frozen=True)
class PaperCosts:
    """The paper's convention at L tokens: whole-model FLOPs and cache elements of one layer."""

    flops: int
    flops_full: int
    cache_elements: int
    cache_elements_full: int

    @property
    def flops_ratio(self) -> float:
        """FLOPs as a share of full attention's; 1 where nothing was computed."""
        return self.flops / self.flops_full if self.flops_full else 1.0

    @property
    def cache_ratio(self) -> float:
        """Cache elements as a share of full attention's; 1 where nothing is held."""
        return self.cache_elements / self.cache_elements_full if self.cache_elements_full else 1.0


def paper_costs(config: ModelConfig, cache_limit: int, tokens: int) -> PaperCosts:
    """Costs by the paper's formulas.

    Args:
        config: the base model.
        cache_limit: Wt = W + S, and R with a retained set.
        tokens: L. At or below Wt nothing is saved, and both columns are those of full attention.
    """
    d, dim, heads, kv_heads = (
        config.hidden_size,
        config.head_dim,
        config.num_heads,
        config.num_kv_heads,
    )
    projections = 4 * tokens * d * dim * (heads + kv_heads)
    mlp = 6 * tokens * d * config.intermediate_size
    full = projections + 2 * dim * heads * tokens**2 + mlp
    cache_full = 2 * tokens * dim * kv_heads
    ahn, cache = full, cache_full
    if tokens > cache_limit:
        per_token = 2 * cache_limit * dim * heads + 2 * dim**2 * heads + 3 * d * heads
        ahn = projections + mlp + 2 * dim * heads * cache_limit**2
        ahn += 2 * (tokens - cache_limit) * per_token
        cache = 2 * cache_limit * dim * kv_heads + dim**2 * heads
    head = 4 * tokens * d * config.vocab_size
    layers = config.num_layers
    return PaperCosts(layers * ahn + head, layers * full + head, cache, cache_full)


def block_flops(
    config: ModelConfig, stream: StreamConfig, n: int, tokens: int, logits_to_keep: int
) -> tuple[int, int]:
    """FLOPs of one block as run, and of the same block under full attention; without lm_head.

    As run counts every score that is computed, the masked ones of a block included.

    Args:
        n: absolute position of the block's first token.
        tokens: T.
        logits_to_keep: rows that the last layer computes; the others only give it keys and values.
            Full attention saves the same.
    """
    d, dim, heads = config.hidden_size, config.head_dim, config.num_heads
    entering = 2 * d * dim * (heads + 2 * config.num_kv_heads)
    finishing = 2 * d * dim * heads + 6 * d * config.intermediate_size
    rows = (config.num_layers - 1) * tokens + logits_to_keep  # over all layers
    linear = config.num_layers * tokens * entering + rows * finishing
    run = linear + _attention_flops(config, stream, n, tokens, logits_to_keep)
    if stream.cell is not None:
        # Write gates for every token; decay, correct, write and read D x D per evicted one.
        evicted = max(0, n + tokens - (stream.cache_limit or 0)) - max(
            0, n - (stream.cache_limit or 0)
        )
        memory = tokens * 4 * d * heads + evicted * (10 * dim**2 + 2 * d) * heads
        run += config.num_layers * memory
    return run, linear + rows * 4 * dim * heads * (n + tokens)


def _attention_flops(
    config: ModelConfig, stream: StreamConfig, n: int, tokens: int, logits_to_keep: int
) -> int:
    """FLOPs of the scores and of the weighted sums of one block over all layers, as run."""
    per_key = 4 * config.head_dim * config.num_heads
    if not stream.retain:
        rows = (config.num_layers - 1) * tokens + logits_to_keep
        keys = stream.cached_tokens(n + 1) if tokens == 1 else stream.cached_tokens(n) + tokens
        return rows * per_key * keys
    flops, grid, end = 0, Grid.of(stream), n + tokens
    for length in grid.parts(n, tokens):
        keys = stream.cached_tokens(n) + length
        wanted = min(length, max(0, logits_to_keep - (end - n - length)))
        flops += ((config.num_layers - 1) * length + wanted) * per_key * keys
        # Some queries' scores once more (see `Grid`); the sums of their weights are not counted.
        scored = len(range(n, n + length)[grid.counted_rows(n)])
        flops += config.num_layers * scored * 2 * config.head_dim * config.num_kv_heads * keys
        n += length
    return flops


def head_flops(config: ModelConfig, rows: int) -> int:
    """FLOPs of the output layer for `rows` positions."""
    return 2 * rows * config.hidden_size * config.vocab_size


def full_cache_bytes(config: ModelConfig, stream: StreamConfig, tokens: int) -> int:
    """Bytes that full attention would hold after `tokens` tokens, in the stream's kv_dtype."""
    per_token = 2 * config.num_layers * config.num_kv_heads * config.head_dim
    return tokens * per_token * stream.kv_torch_dtype.itemsize


def estimated_bytes(config: ModelConfig, stream: StreamConfig, tokens: int, num_gates: int) -> int:
    """Bytes of a session's state after `tokens` tokens: all that `ModelState` holds of them.

    Args:
        num_gates: per head and token of the memory cell; 0 without a cell.
    """
    cached = stream.cached_tokens(tokens)
    gates = num_gates * cached * config.num_heads * 4 * config.num_layers
    memory = config.num_layers * config.num_heads * config.head_dim**2 * 4
    # What each token has received, twice four bytes, and the positions of the retained ones.
    chosen = stream.retained_tokens(tokens)
    choice = (cached + chosen) * 8 * config.num_kv_heads * config.num_layers
    held = full_cache_bytes(config, stream, cached)
    return held + (gates + memory if stream.cell else 0) + (choice if stream.retain else 0)
