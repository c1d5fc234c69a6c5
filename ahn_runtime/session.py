"""A session: feed tokens, generate, fork, snapshot.

A session owns its state and uses the runtime's weights. Two threads must not use one session at
once; sessions of one runtime are independent.
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
from ahn_runtime.model.retained import Grid
from ahn_runtime.sampling import Sampler
from ahn_runtime.speculative import PromptLookup, accepted_prefix

if TYPE_CHECKING:
    from ahn_runtime.runtime import Runtime

BLOCK_TOKENS = 256
"""Tokens per forward while reading; a longer feed is cut into blocks of this, from its start."""

LogitsWanted = Literal["last", "all"] | None


@dataclass(frozen=True)
class Snapshot:
    """A session's state at one moment, in memory; `identity` is of the runtime it belongs to."""

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
        """Bytes of all that the session holds: constant after W + S + R tokens."""
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
        rows = self._prefill(tokens, keep_all=logits == "all")
        if logits == "all":
            vocab = self.runtime.config.vocab_size
            return torch.cat(rows) if rows else torch.zeros(0, vocab, device=tokens.device)
        return self.next_logits() if logits == "last" else None

    def _prefill(self, tokens: Tensor, keep_all: bool) -> list[Tensor]:
        """Feed tokens block by block; logits of each block's tokens, if all are to be kept."""
        rows = []
        for block in tokens.split(self.runtime.block_tokens) if len(tokens) else ():
            hidden = self._forward_block(block, len(block) if keep_all else 1)
            if keep_all:
                rows.append(self._logits(hidden))
        return rows

    @property
    def _room_for_draft(self) -> int:
        """Tokens of a block that can be trimmed: with a retained set it must not cross a cell."""
        whole, stream = self.runtime.block_tokens, self.runtime.stream
        room = Grid.of(stream).room(self.tokens_seen) if stream.retain else whole
        return min(whole, room)

    @torch.inference_mode()
    def next_logits(self) -> Tensor:
        """Logits of the next token, float [1, vocab].

        Raises:
            ValueError: nothing was fed yet.
        """
        if self.state.last_hidden is None:
            raise ValueError("Nothing was fed to this session yet, so there are no logits.")
        return self._logits(self.state.last_hidden[None])

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

        Every token yielded has been fed, so the session can continue from wherever the caller
        stops. A stop token ends the answer and is neither yielded nor fed.

        Args:
            max_new_tokens: at most this many tokens.
            temperature, top_p, seed: of the `Sampler`.
            stop_ids: None for the tokenizer's own (none without a tokenizer).
            lookup: tokens to draft from, such as the prompt: the same greedy answer, faster where
                it copies them. Tokens then come in groups: a caller that stops in the middle of a
                group finds all of it fed.

        Raises:
            ValueError: `lookup` with a temperature above 0.
        """
        sampler = Sampler(temperature, top_p, seed)
        stops = self._stops(stop_ids)
        if lookup is None:
            yield from self._decode(sampler, max_new_tokens, stops)
            return
        if temperature > 0:
            raise ValueError("lookup drafts for greedy answers only: leave temperature at 0.")
        yield from self._decode_with_drafts(PromptLookup(lookup), max_new_tokens, stops)

    def _decode(
        self, sampler: Sampler, max_new_tokens: int, stops: frozenset[int]
    ) -> Iterator[int]:
        """One token per step."""
        for _ in range(max_new_tokens):
            token_id = sampler.pick(self.next_logits()[0])
            if token_id in stops:
                return
            self.feed([token_id], logits=None)
            yield token_id

    def _decode_with_drafts(
        self, lookup: PromptLookup, max_new_tokens: int, stops: frozenset[int]
    ) -> Iterator[int]:
        """Greedy decoding; several tokens per step where a draft is accepted."""
        next_id = int(self.next_logits()[0].argmax())
        left = max_new_tokens
        while left > 0 and next_id not in stops:
            lookup.extend([next_id])
            draft = lookup.draft(min(left, self._room_for_draft) - 1)
            draft = list(itertools.takewhile(lambda i: i not in stops, draft))
            accepted, next_id = self._verify([next_id, *draft])
            lookup.extend(accepted[1:])
            yield from accepted
            left -= len(accepted)

    @torch.inference_mode()
    def _verify(self, ids: list[int]) -> tuple[list[int], int]:
        """Feed a token and a draft of what follows, and keep what greedy decoding chooses too.

        Args:
            ids: the token chosen last, then the draft, which may be empty.

        Returns:
            The tokens that were accepted, the first always; and the choice after them.
        """
        tokens = self._checked(ids)
        if len(ids) == 1:
            self._forward_block(tokens, 1)
            return ids, int(self.next_logits()[0].argmax())
        stream, decide = self.runtime.stream, self.runtime.backend.compete
        backup = self.state.backup(len(ids), stream, decide)
        hidden = self._forward_block(tokens, len(ids))
        chosen = self._logits(hidden).argmax(dim=-1)
        count = 1 + accepted_prefix(ids[1:], chosen)
        if count < len(ids):
            last_hidden = hidden[count - 1].clone()
            self.state.trim(backup, ids[:count], last_hidden, self._write_memory, stream, decide)
        return ids[:count], int(chosen[count - 1])

    def _write_memory(
        self, layer: int, k: Tensor, v: Tensor, gates: Tensor, memory: Tensor
    ) -> Tensor:
        """`DecoderLayer.write_memory` of one layer."""
        runtime = self.runtime
        return runtime.model.layers[layer].write_memory(k, v, gates, memory, runtime.backend)

    def fork(self) -> Session:
        """An independent session that continues from here."""
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

    def _forward_block(self, tokens: Tensor, logits_to_keep: int) -> Tensor:
        """Feed one block of ids [T]: final hidden states of its last rows, [kept, hidden]."""
        state, runtime = self.state, self.runtime
        run, full = block_flops(
            runtime.config, runtime.stream, state.tokens_seen, len(tokens), logits_to_keep
        )
        hidden = runtime.model(tokens, state, runtime.stream, runtime.backend, logits_to_keep)
        state.last_hidden = hidden[-1].clone()
        state.prefix_hash = extend_prefix_hash(state.prefix_hash, tokens.tolist())
        state.flops += run
        state.flops_full += full
        return hidden

    def _logits(self, hidden: Tensor) -> Tensor:
        """hidden [rows, hidden] -> float32 [rows, vocab]."""
        cost = head_flops(self.runtime.config, len(hidden))
        self.state.flops += cost
        self.state.flops_full += cost
        (logits,) = self.runtime.backend.linear(hidden, self.runtime.model.lm_head)
        return logits.float()
