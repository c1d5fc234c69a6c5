"""The frame around a text with a question: one chat turn, or plain text without control tokens."""

from __future__ import annotations

from ahn_runtime.tokenizer import Tokenizer

SYSTEM = "You read a long text with care and answer from it, exactly."
START, END = "<|im_start|>", "<|im_end|>"


def opening(tokenizer: Tokenizer) -> list[int]:
    """What stands before the text."""
    encode, control = tokenizer.encode, tokenizer.control
    if START not in control:
        return []
    system = [control[START], *encode(f"system\n{SYSTEM}"), control[END], *encode("\n")]
    return [*system, control[START], *encode("user\n")]


def closing(tokenizer: Tokenizer, question: str) -> list[int]:
    """The question after the text, and the start of the answer."""
    encode, control = tokenizer.encode, tokenizer.control
    if START not in control:
        return encode(f"\n\nQuestion: {question}\nAnswer: ")
    asked = [*encode(f"\n\n{question}"), control[END], *encode("\n")]
    return [*asked, control[START], *encode("assistant\n")]


def answered(tokenizer: Tokenizer, answer: list[int]) -> list[int]:
    """The answer and what ends it."""
    end = tokenizer.control.get(END)
    return answer if end is None else [*answer, end]
