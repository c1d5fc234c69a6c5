"""What reading a library cost, and what was answered at what cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """The cost of reading a library once.

    Args:
        tokens: that were read.
        seconds: that it took; 0 for what an earlier, interrupted run had read.
        flops: as the runtime counts them.
        left_out: tokens of the library that were not read, because it is too long.
    """

    tokens: int
    seconds: float
    flops: int
    left_out: int = 0


@dataclass(frozen=True)
class Reply:
    """An answer and its cost, without the reading.

    Args:
        text: what the model generated, and nothing else; or the option that it finds most likely.
        tokens: generated ones; 0 for an option.
        first_word_s, seconds: from the question to the first word, and to the end.
        flops: as the runtime counts them.
        bytes_held: keys, values, gates and memories at the end of the answer.
        says_nothing_found: the assistant said beforehand that no passage was found.
        passages: texts that were read again for the answer; None where none is searched for.
    """

    text: str
    tokens: int
    first_word_s: float
    seconds: float
    flops: int
    bytes_held: int
    says_nothing_found: bool = False
    passages: tuple[str, ...] | None = None
