"""The prompt around a text and a question: a chat turn if the tokenizer has chat control tokens,
plain text if not."""

from __future__ import annotations

from ahn_runtime.tokenizer import Tokenizer, no_thinking

SYSTEM = "You read a long text with care and answer from it, exactly."
START, END = "<|im_start|>", "<|im_end|>"


def opening(tokenizer: Tokenizer) -> list[int]:
    """Token ids before the text: the system message and the start of the user message.

    Returns:
        An empty list for a tokenizer without chat control tokens.
    """
    encode, control = tokenizer.encode, tokenizer.control
    if START not in control:
        return []
    system = [control[START], *encode(f"system\n{SYSTEM}"), control[END], *encode("\n")]
    return [*system, control[START], *encode("user\n")]


def closing(tokenizer: Tokenizer, question: str) -> list[int]:
    """Token ids between the text and the answer: the question and the start of the answer."""
    encode, control = tokenizer.encode, tokenizer.control
    if START not in control:
        return encode(f"\n\nQuestion: {question}\nAnswer: ")
    asked = [*encode(f"\n\n{question}"), control[END], *encode("\n")]
    return [*asked, control[START], *encode("assistant\n"), *no_thinking(tokenizer)]


def end_answer(tokenizer: Tokenizer, answer: list[int]) -> list[int]:
    """The token ids of an answer, followed by the end-of-message token if the tokenizer has one."""
    end = tokenizer.control.get(END)
    return answer if end is None else [*answer, end]
