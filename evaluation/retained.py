"""What a retained set keeps: which kinds of tokens, and for how long.

A text is read, and at regular intervals the tokens that each key/value head of each layer retains
are noted. What they are is compared with all tokens that had left the window by then. How long they
stay is the share of the retained tokens that is still retained some intervals later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from ahn_runtime import Runtime, Session
from ahn_runtime.tokenizer import Tokenizer
from evaluation.scoring import percentiles

EVERY_TOKENS = 256
FREQUENT_WORDS = 50
"""The words that are told apart as frequent are the text's most frequent ones, so many of them."""

LINE_BREAK, PUNCTUATION, NUMBER = "line break", "punctuation", "number"
CAPITALISED, FREQUENT, OTHER, INSIDE = (
    "capitalised word",
    "frequent word",
    "other word",
    "later part of a word",
)
KINDS = (LINE_BREAK, PUNCTUATION, NUMBER, CAPITALISED, FREQUENT, OTHER, INSIDE)


@dataclass(frozen=True)
class Kept:
    """What was retained over a reading.

    Args:
        window, retain: W and R.
        tokens: tokens read.
        of_text: share of each of `KINDS` among the tokens that left the window, by name.
        of_retained: the same among the retained tokens; means over layers, heads and intervals.
        stays: for 1, 2, 4, ... intervals of `EVERY_TOKENS` tokens, the number of tokens, and the
            share of the retained tokens that is still retained after them: 5th, 50th and 95th
            percentiles over layers and heads, each a mean over intervals.
    """

    window: int
    retain: int
    tokens: int
    of_text: dict[str, float]
    of_retained: dict[str, float]
    stays: dict[int, tuple[float, ...]]

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return asdict(self)


def measure(runtime: Runtime, ids: list[int]) -> Kept:
    """Read a text and note what is retained.

    Args:
        runtime: with a retained set.
        ids: token ids of the text.

    Raises:
        ValueError: the text does not fill the retained set twice.
    """
    stream = runtime.stream
    window, full = stream.window, stream.cache_limit
    assert window is not None and full is not None and stream.retain
    if len(ids) < full + stream.retain + EVERY_TOKENS:
        raise ValueError(
            f"{len(ids):,} tokens do not fill a retained set of {stream.retain:,} tokens twice; "
            f"read {full + stream.retain + EVERY_TOKENS:,} or more."
        )
    session, noted = runtime.session(), []
    for start in range(0, len(ids), EVERY_TOKENS):
        session.feed(ids[start : start + EVERY_TOKENS], logits=None)
        if session.tokens_seen >= full:
            noted.append((session.tokens_seen, _is_retained(session, len(ids))))
    kinds = torch.tensor(kinds_of(ids, runtime.tokenizer))
    text = torch.zeros(len(KINDS), dtype=torch.float64)
    kept = torch.zeros(len(KINDS), dtype=torch.float64)
    for seen, retained in noted:
        left = kinds[stream.sinks : seen - window]
        text += torch.bincount(left, minlength=len(KINDS)) / len(left)
        share = retained.double().mean(0)
        kept += torch.zeros_like(kept).index_add_(0, kinds, share) / share.sum()
    masks = [retained for _, retained in noted]
    lags = [2**power for power in range(len(masks).bit_length()) if 2**power < len(masks)]
    return Kept(
        window,
        stream.retain,
        len(ids),
        dict(zip(KINDS, (text / len(noted)).tolist(), strict=True)),
        dict(zip(KINDS, (kept / len(noted)).tolist(), strict=True)),
        {lag * EVERY_TOKENS: _stays(masks, lag) for lag in lags},
    )


def _is_retained(session: Session, length: int) -> Tensor:
    """Which positions are retained by each head of each layer, bool [layers * Hkv, length]."""
    count = session.runtime.stream.retained_tokens(session.tokens_seen)
    held = torch.cat([layer.retained[:, :count] for layer in session.state.layers]).cpu()
    return torch.zeros(len(held), length, dtype=torch.bool).scatter_(1, held, True)


def _stays(masks: Sequence[Tensor], lag: int) -> tuple[float, ...]:
    shares = [
        (before & after).sum(1) / before.sum(1)
        for before, after in zip(masks, masks[lag:], strict=False)
    ]
    return percentiles([torch.stack(shares).mean(0)])


def kinds_of(ids: list[int], tokenizer: Tokenizer) -> list[int]:
    """The kind of each token of a text, as an index into `KINDS`."""
    texts = [tokenizer.decode([token]) for token in ids]
    words = Counter(text for text in texts if text[:1].isspace() and text.strip().isalpha())
    frequent = {word for word, _ in words.most_common(FREQUENT_WORDS)}
    return [KINDS.index(_kind(text, frequent)) for text in texts]


def _kind(text: str, frequent: set[str]) -> str:
    word = text.strip()
    if not word:
        return LINE_BREAK if "\n" in text else PUNCTUATION
    if not any(map(str.isalnum, word)):
        return PUNCTUATION
    if word.isdigit():
        return NUMBER
    if word[0].isupper():
        return CAPITALISED
    if text in frequent:
        return FREQUENT
    return OTHER if text[0].isspace() else INSIDE
