"""A live reading: feed tokens, fork, snapshot, generate.

A session owns its state and borrows the runtime's weights; it is not safe to use one session from
two threads at once, but sessions of one runtime never touch each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from ahn_runtime.accounting import block_flops, head_flops
from ahn_runtime.aligned import aligned
from ahn_runtime.model.cache import ModelState, extend_prefix_hash
from ahn_runtime.sampling import Sampler
from ahn_runtime.speculative import PromptLookup, Undo, agreeing

if TYPE_CHECKING:
    from ahn_runtime.runtime import Runtime

BLOCK_TOKENS = 256
"""Tokens per forward on the way in; a feed of more is cut into blocks of this, from its start."""

LogitsWanted = Literal["last", "all"] | None


@dataclass(frozen=True)
class Snapshot:
    """A session's state at a moment, in memory; `identity` says which runtime it belongs to."""

    identity: dict[str, object]
    state: ModelState


class Session:
    """One stream of tokens through the model; made by `Runtime.session`."""

    def __init__(self, runtime: Runtime, state: ModelState) -> None:
        self.runtime = runtime
        self.state = state

    @property
    def tokens_seen(self) -> int:
        """Tokens fed so far; also the next absolute position."""
        return self.state.tokens_seen

    @property
    def cache_bytes(self) -> int:
        """Bytes of held keys, values and gates and of the memories: constant after W + S tokens."""
        return self.state.cache_bytes(self.runtime.stream)

    @torch.inference_mode()
    def feed(self, ids: Sequence[int] | Tensor, logits: LogitsWanted = "last") -> Tensor | None:
        """Read tokens.

        Args:
            ids: token ids, list or int64 [T]; T = 0 is allowed.
            logits: "last": of the last token seen; "all": of every token fed; None: no logits,
                which saves the output layer while reading.

        Returns:
            float [1, vocab], [T, vocab] or None.

        Raises:
            ValueError: an id outside the vocabulary, or "last" before anything was fed.
        """
        tokens = self._checked(ids)
        rows = []
        for start in range(0, len(tokens), self.runtime.block_tokens):
            block = tokens[start : start + self.runtime.block_tokens]
            hidden = self._feed_block(block, len(block) if logits == "all" else 1)
            if logits == "all":
                rows.append(self._head(hidden))
        if logits == "all":
            vocab = self.runtime.config.vocab_size
            return torch.cat(rows) if rows else torch.zeros(0, vocab, device=tokens.device)
        return self.next_logits() if logits == "last" else None

    @torch.inference_mode()
    def next_logits(self) -> Tensor:
        """Logits of the token that would come next, [1, vocab].

        Raises:
            ValueError: nothing was fed yet.
        """
        if self.state.last_hidden is None:
            raise ValueError("Nothing was fed to this session yet, so there are no logits.")
        return self._head(self.state.last_hidden[None])

    def generate(
        self,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        *,
        top_p: float = 1.0,
        seed: int | None = None,
        stop_ids: Iterable[int] | None = None,
        lookup: Sequence[int] | None = None,
    ) -> Iterator[int]:
        """Continue from what was fed, token by token.

        Every token yielded has been fed, so the session can go on from wherever the caller stops.
        A stop token ends the answer and is neither yielded nor fed.

        Args:
            max_new_tokens: at most so many.
            temperature, top_p, seed: see `Sampler`.
            stop_ids: None for the tokenizer's own (none without a tokenizer).
            lookup: tokens to draft from, such as the prompt: the same greedy answer, faster where
                it copies them. Tokens then come in groups: whoever stops in the middle of one
                finds all of it fed.

        Raises:
            ValueError: `lookup` with a temperature above 0.
        """
        sampler = Sampler(temperature, top_p, seed)
        stops = self._stops(stop_ids)
        if lookup is not None:
            if temperature > 0:
                raise ValueError("lookup drafts for greedy answers only: leave temperature at 0.")
            yield from self._generate_with(PromptLookup(lookup), max_new_tokens, stops)
            return
        for _ in range(max_new_tokens):
            token_id = sampler.pick(self.next_logits()[0])
            if token_id in stops:
                return
            self.feed([token_id], logits=None)
            yield token_id

    def _generate_with(
        self, lookup: PromptLookup, max_new_tokens: int, stops: frozenset[int]
    ) -> Iterator[int]:
        """Greedy decoding, several tokens at a time where a draft holds."""
        chosen = int(self.next_logits()[0].argmax())
        left = max_new_tokens
        while left > 0 and chosen not in stops:
            lookup.extend([chosen])
            max_tokens = min(left, self.runtime.block_tokens) - 1
            drafted = itertools.takewhile(lambda i: i not in stops, lookup.propose(max_tokens))
            kept, following = self._feed_drafted([chosen, *drafted])
            lookup.extend(kept[1:])
            yield from kept
            left -= len(kept)
            chosen = following

    def _feed_drafted(self, ids: list[int]) -> tuple[list[int], int]:
        """Feed a token and a draft of what follows; what greedy decoding would not say is undone.

        Returns:
            The tokens that stay, and the one to say after them.
        """
        if len(ids) == 1:
            self.feed(ids, logits=None)
            return ids, int(self.next_logits()[0].argmax())
        state, tokens = self.state, self._checked(ids)
        undo, hash_before = Undo(state, self.runtime.stream, len(ids)), state.prefix_hash
        with torch.inference_mode():
            hidden = self._feed_block(tokens, len(ids))
            chosen = self._head(hidden).argmax(dim=-1)
            count = 1 + agreeing(ids[1:], chosen)
            if count < len(ids):
                undo.keep_first(self.runtime.model.model.layers, count)
                state.last_hidden = hidden[count - 1].clone()
                state.prefix_hash = extend_prefix_hash(hash_before, ids[:count])
        return ids[:count], int(chosen[count - 1])

    def fork(self) -> Session:
        """A session that goes on from here without this one noticing."""
        return Session(self.runtime, self.state.fork())

    def snapshot(self) -> Snapshot:
        """The state as it is now, for `Runtime.restore`."""
        return Snapshot(self.runtime.identity, self.state.fork())

    def _stops(self, stop_ids: Iterable[int] | None) -> frozenset[int]:
        if stop_ids is not None:
            return frozenset(stop_ids)
        tokenizer = self.runtime.tokenizer_or_none
        return tokenizer.stop_ids if tokenizer else frozenset()

    def _checked(self, ids: Sequence[int] | Tensor) -> Tensor:
        tokens = aligned(torch.as_tensor(ids, dtype=torch.int64, device=self.runtime.device))
        if tokens.ndim != 1:
            raise ValueError(
                f"ids must be one sequence of token ids; got shape {list(tokens.shape)}."
            )
        vocab = self.runtime.config.vocab_size
        if len(tokens) and not (0 <= int(tokens.min()) and int(tokens.max()) < vocab):
            raise ValueError(f"ids must be from 0 to {vocab - 1}; got one outside.")
        return tokens

    def _feed_block(self, tokens: Tensor, finished: int) -> Tensor:
        state, runtime = self.state, self.runtime
        run, full = block_flops(
            runtime.config, runtime.stream, state.tokens_seen, len(tokens), finished
        )
        hidden = runtime.model(tokens, state, runtime.stream, finished)
        state.last_hidden = hidden[-1].clone()
        state.prefix_hash = extend_prefix_hash(state.prefix_hash, tokens.tolist())
        state.flops += run
        state.flops_full += full
        return hidden

    def _head(self, hidden: Tensor) -> Tensor:
        cost = head_flops(self.runtime.config, len(hidden))
        self.state.flops += cost
        self.state.flops_full += cost
        logits: Tensor = self.runtime.model.lm_head(hidden)
        return logits.float()
