"""Answers of a model that reads the library and then the question: no search, no passages.

Full attention, the window alone, and window and memory differ only in the runtime; without the
library the same prompt gives the floor that a model reaches by guessing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ahn_runtime import Runtime, Session
from evaluation.answering.likelihood import most_likely
from evaluation.answering.reply import Reading, Reply
from evaluation.answering.variant import Progress
from evaluation.tasks.item import CONTEXT, Item
from training import chat

BRIEFLY = "Answer in a few words: "
BRIEF_TOKENS = 64
"""Up to this many new tokens an answer without a prescribed prompt is asked for in a few words."""
CHUNK_BLOCKS = 8
"""Blocks that are read between two reports of progress."""


class StreamedLibrary:
    """A library that a session has read.

    Args:
        reading: what it cost.
        session: which has read it, from the beginning of the prompt on.
    """

    def __init__(self, reading: Reading, session: Session) -> None:
        self.reading, self._session = reading, session

    def answer(self, item: Item) -> Reply:
        """Ask in a fork of the session; greedy decoding."""
        began, fork = time.monotonic(), self._session.fork()
        tokenizer = fork.runtime.tokenizer
        fork.feed(question_ids(fork.runtime, item), logits=None)
        if item.choices:
            text, flops = most_likely(fork, item.choices)
            seconds = time.monotonic() - began
            flops += fork.state.flops - self._session.state.flops
            return Reply(text, 0, seconds, seconds, flops, fork.cache_bytes)
        ids: list[int] = []
        first_word_s = 0.0
        for token_id in fork.generate(item.max_new_tokens):
            first_word_s = first_word_s or time.monotonic() - began
            ids.append(token_id)
        return Reply(
            text=tokenizer.decode(ids).strip(),
            tokens=len(ids),
            first_word_s=first_word_s,
            seconds=time.monotonic() - began,
            flops=fork.state.flops - self._session.state.flops,
            bytes_held=fork.cache_bytes,
        )


class Streamed:
    """The variant of one runtime.

    Args:
        name: as it stands in tables and results.
        runtime: reads and answers.
        max_tokens: of the library; a longer one is cut in its middle, as InfiniteBench and
            LongBench do. 0: the question is asked without the library. None: no limit.
    """

    def __init__(self, name: str, runtime: Runtime, max_tokens: int | None = None) -> None:
        self.name, self._runtime, self._max_tokens = name, runtime, max_tokens

    def library_key(self, item: Item) -> str:
        """Equal for items with the same documents and the same beginning of the prompt."""
        documents = () if self._max_tokens == 0 else item.documents
        said = repr((documents, item.prompt.partition(CONTEXT)[0]))
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()

    @contextmanager
    def read(self, item: Item, progress: Progress) -> Iterator[StreamedLibrary]:
        """Feed the beginning of the prompt and the library to a new session."""
        tokenizer, session = self._runtime.tokenizer, self._runtime.session()
        began = time.monotonic()
        before = item.prompt.partition(CONTEXT)[0]
        ids = tokenizer.encode(library_text(item))
        kept = cut_middle(ids, self._max_tokens)
        prompt = [*chat.opening(tokenizer), *tokenizer.encode(before), *kept]
        step = self._runtime.block_tokens * CHUNK_BLOCKS
        for start in range(0, len(prompt), step):
            progress(start, len(prompt))
            session.feed(prompt[start : start + step], logits=None)
        seconds = time.monotonic() - began
        reading = Reading(len(prompt), seconds, session.state.flops, len(ids) - len(kept))
        yield StreamedLibrary(reading, session)


def library_text(item: Item) -> str:
    """The documents of an item one after another, each below its title.

    A prescribed prompt says all that is to be around the text, so there are no titles then.
    """
    if item.prompt:
        return "\n\n".join(text for _, text in item.documents)
    parts = [f"# {title}\n\n{text}" if title else text for title, text in item.documents]
    return "\n\n".join(parts)


def cut_middle(ids: Sequence[int], max_tokens: int | None) -> Sequence[int]:
    """The first and the last tokens, together at most `max_tokens`."""
    if max_tokens is None or len(ids) <= max_tokens:
        return ids
    head = max_tokens - max_tokens // 2
    return [*ids[:head], *ids[len(ids) - max_tokens // 2 :]]


def question_ids(runtime: Runtime, item: Item) -> list[int]:
    """Token ids between the library and the answer.

    A prescribed prompt is followed to the letter. Without one the question is put as in training.
    """
    tokenizer = runtime.tokenizer
    _, has_context, after = item.prompt.partition(CONTEXT)
    if has_context:
        return [*tokenizer.encode(after), *_end_of_turn(runtime)]
    is_brief = not item.choices and item.max_new_tokens <= BRIEF_TOKENS
    return chat.closing(tokenizer, (BRIEFLY if is_brief else "") + item.question)


def _end_of_turn(runtime: Runtime) -> list[int]:
    encode, control = runtime.tokenizer.encode, runtime.tokenizer.control
    if chat.START not in control:
        return []
    return [control[chat.END], *encode("\n"), control[chat.START], *encode("assistant\n")]
