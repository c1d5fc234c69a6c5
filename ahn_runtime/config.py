"""Frozen descriptions: the base model's shape, and how a session holds its tokens.

Letters used throughout the package: `T` new tokens, `H` query heads, `Hkv` key/value heads,
`D` head dim, `W` window (keys a query sees, its own included, sinks not), `S` sinks,
`R` retained tokens of each key/value head, `E` tokens that leave the window in a block,
`n` absolute position of a block's first token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ahn_runtime.errors import WeightsError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
POSITIONS = ("absolute", "cache")
QUANTIZED = (None, "int8")
ARCHITECTURES = QWEN2, QWEN3 = ("qwen2", "qwen3")
"""Of base models, as `config.json` and GGUF files name them."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a Qwen2 or Qwen3 decoder, in the terms of its `config.json`.

    Args:
        attention_bias: whether queries, keys and values have a bias, as in Qwen2.
        qk_norm: whether each head's queries and keys are normed before they are rotated, as in
            Qwen3.
    """

    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    rms_norm_eps: float
    rope_theta: float
    tie_word_embeddings: bool = False
    max_position_embeddings: int = 32768
    attention_bias: bool = True
    qk_norm: bool = False

    @classmethod
    def from_hf(cls, raw: Mapping[str, Any]) -> ModelConfig:
        """Read the fields of a Hugging Face `config.json`.

        Raises:
            WeightsError: another architecture, or a field is missing.
        """
        kind = raw.get("model_type")
        if kind not in ARCHITECTURES:
            raise WeightsError(
                f"The model's config.json says model_type {kind!r}; Ammon runs Qwen2 and Qwen2.5 "
                "models (model_type 'qwen2') and dense Qwen3 models ('qwen3')."
            )
        if raw.get("rope_scaling"):
            raise WeightsError(
                "The model's config.json asks for rope_scaling, which Ammon does not apply; "
                "remove it to read with the plain rotary positions the model was trained on."
            )
        try:
            heads = int(raw["num_attention_heads"])
            return cls(
                hidden_size=int(raw["hidden_size"]),
                intermediate_size=int(raw["intermediate_size"]),
                num_layers=int(raw["num_hidden_layers"]),
                num_heads=heads,
                num_kv_heads=int(raw["num_key_value_heads"]),
                head_dim=int(raw.get("head_dim") or int(raw["hidden_size"]) // heads),
                vocab_size=int(raw["vocab_size"]),
                rms_norm_eps=float(raw["rms_norm_eps"]),
                rope_theta=_rope_theta(raw),
                tie_word_embeddings=bool(raw.get("tie_word_embeddings", False)),
                max_position_embeddings=int(raw.get("max_position_embeddings", 32768)),
                attention_bias=bool(raw.get("attention_bias", kind == QWEN2)),
                qk_norm=kind == QWEN3,
            )
        except KeyError as missing:
            raise WeightsError(f"The model's config.json has no field {missing}.") from missing


def _rope_theta(raw: Mapping[str, Any]) -> float:
    """transformers 5 moved the base into `rope_parameters`; older files have it on top."""
    nested = raw.get("rope_parameters") or {}
    return float(raw.get("rope_theta") or nested.get("rope_theta") or 10000.0)


def check_tokens(name: str, value: object, least: int, otherwise: str = "") -> None:
    """Refuse what is not a number of tokens; True and 1.0 are none.

    Args:
        name: of the option, for the error.
        least: the smallest number that is taken.
        otherwise: what is taken besides numbers, for the error: "or None".

    Raises:
        ValueError: it is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        also = f", {otherwise}" if otherwise else ""
        raise ValueError(
            f"{name} must be a whole number of tokens, {least} or more{also}; got {value!r}."
        )


@dataclass(frozen=True)
class StreamConfig:
    """How a session holds what it has read; a state is valid under exactly one of these.

    Args:
        window: W, keys a query sees, its own included; None is full attention.
        sinks: S, first positions kept for ever.
        cell: the memory's kind by its released name, or None for sinks + window only.
        dtype: dtype of the activations, by name.
        kv_dtype: dtype in which keys and values are held; rounded when inserted.
        quantize: None, or "int8": linear layers and embedding of the base.
        positions: "absolute": rotary angles at the true positions; "cache": at the true positions
            for the window and the memory, but sinks are seen at their distance inside the cache.
        memory_scale: factor of what the memory adds; `Runtime.load` takes it from the memory's
            gains for W + R.
        retain: R, tokens behind the window that each key/value head of a layer keeps exactly, as
            `ahn_runtime.model.retained` says; 0 without a window.
    """

    window: int | None
    sinks: int
    cell: str | None
    dtype: str = "float32"
    kv_dtype: str = "float32"
    quantize: str | None = None
    positions: str = "absolute"
    memory_scale: float = 1.0
    retain: int = 0

    def __post_init__(self) -> None:
        if self.window is not None:
            check_tokens("window", self.window, 1, "or None")
        check_tokens("sinks", self.sinks, 0)
        check_tokens("retain", self.retain, 0)
        if self.retain and self.window is None:
            raise ValueError("retain needs a window: without one no token ever leaves.")
        for name in ("dtype", "kv_dtype"):
            if getattr(self, name) not in DTYPES:
                raise ValueError(
                    f"{name} must be one of {sorted(DTYPES)}; got {getattr(self, name)!r}."
                )
        if self.quantize not in QUANTIZED:
            raise ValueError(f"quantize must be one of {QUANTIZED}; got {self.quantize!r}.")
        if self.positions not in POSITIONS:
            raise ValueError(f"positions must be one of {POSITIONS}; got {self.positions!r}.")

    @property
    def kv_torch_dtype(self) -> torch.dtype:
        """The torch dtype of held keys and values."""
        return DTYPES[self.kv_dtype]

    @property
    def ring_limit(self) -> int | None:
        """Positions of sinks and window once the session is long: S + W; None without a limit."""
        return None if self.window is None else self.window + self.sinks

    @property
    def recent_limit(self) -> int | None:
        """Tokens behind the sinks that are held exactly: W + R; None without a limit."""
        return None if self.window is None else self.window + self.retain

    @property
    def cache_limit(self) -> int | None:
        """Tokens held exactly once the session is long: S + W + R; None without a limit."""
        return None if self.ring_limit is None else self.ring_limit + self.retain

    def cached_tokens(self, tokens_seen: int) -> int:
        """Tokens held exactly after `tokens_seen` tokens, by each key/value head."""
        limit = self.cache_limit
        return tokens_seen if limit is None else min(tokens_seen, limit)

    def retained_tokens(self, tokens_seen: int) -> int:
        """Those of them that are behind the window: at most R."""
        return self.cached_tokens(tokens_seen) - self.in_ring(tokens_seen)

    def in_ring(self, tokens_seen: int) -> int:
        """Those of them that are sinks or in the window: at most S + W."""
        limit = self.ring_limit
        return tokens_seen if limit is None else min(tokens_seen, limit)
