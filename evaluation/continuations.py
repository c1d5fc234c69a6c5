"""What a model makes of a text's continuation: its likelihood, and the text it writes itself.

The context is read as the runtime's sessions hold it: with full attention, a window, or a window
and a memory. Nothing is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence

from ahn_runtime import Runtime, Session
from evaluation.scoring import log_probabilities

BLOCK_TOKENS = 256
"""Tokens whose logits are held at once: all of a long text's would need gigabytes."""


class Continuations:
    """Answers about continuations; the last context read is kept, for the next one about it.

    Args:
        runtime: the model and how its sessions hold a context.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._context: list[int] = []
        self._read = runtime.session()

    def likelihood(self, context: Sequence[int], continuation: Sequence[int]) -> tuple[float, bool]:
        """How likely a continuation is.

        Args:
            context: token ids, one or more.
            continuation: token ids.

        Returns:
            The sum of its tokens' log-probabilities in nats, and whether each of them is the most
            likely one. For an empty continuation, 0 and True.

        Raises:
            ValueError: the context is empty.
        """
        session, left = self._after(context), list(continuation)
        total, is_greedy = 0.0, True
        while left:
            block, left = left[:BLOCK_TOKENS], left[BLOCK_TOKENS:]
            log_p = log_probabilities(session, block)
            session.feed(block[-1:], logits=None)
            total += sum(float(row[token]) for row, token in zip(log_p, block, strict=True))
            is_greedy = is_greedy and log_p.argmax(-1).tolist() == block
        return total, is_greedy

    def generate(
        self,
        context: Sequence[int],
        stops: Sequence[str] = (),
        max_new_tokens: int = 256,
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> str:
        """Write a continuation, up to the first of `stops`, which is left out.

        Args:
            context: token ids, one or more.
            stops: texts that end it; the tokenizer's own end of an answer ends it too.
            max_new_tokens: at most this many tokens.
            temperature, seed: of the sampling; 0 is greedy.

        Raises:
            ValueError: the context is empty.
        """
        ids = self._after(context).generate(max_new_tokens, temperature, seed=seed)
        text = ""
        for piece in self.runtime.tokenizer.decode_stream(ids):
            text += piece
            ends = [text.index(stop) for stop in stops if stop and stop in text]
            if ends:
                return text[: min(ends)]
        return text

    def _after(self, context: Sequence[int]) -> Session:
        """A session of its own that has read the context."""
        if not context:
            raise ValueError("There is no context: give at least one token before a continuation.")
        if self._context != list(context):
            self._read = self.runtime.session()
            self._read.feed(context, logits=None)
            self._context = list(context)
        return self._read.fork()
