"""Retrieval in the forms of InfiniteBench: pass keys, number strings and key-value pairs.

Source: "InfiniteBench: Extending Long Context Evaluation Beyond 100K Tokens" (arXiv 2402.13718),
tasks Retrieve.PassKey, Retrieve.Number and Retrieve.KV. There the texts have 128k tokens (KV: 2,500
pairs); here any number.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from evaluation.tasks.generated.cells import cells
from evaluation.tasks.generated.haystack import hide, noise_lines
from evaluation.tasks.generated.words import digits, random_uuid
from evaluation.tasks.item import CONTEXT, Item
from evaluation.tasks.options import Encode, TaskOptions

NOISE_PROMPT = (
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize "
    "them. I will quiz you about the important information there.\n\n" + CONTEXT + "\n\n"
)
PASSKEY_QUESTION = "What is the pass key?"
NUMBER_QUESTION = "What is the sequence of digits?"
KV_PROMPT = (
    "Extract the value corresponding to the specified key in the JSON object below.\n\n"
    "JSON data:\n" + CONTEXT + "\n\n"
)
KV_QUESTION = 'Key: "{key}"\nThe value associated with the specified key is: '


def passkey(options: TaskOptions) -> Iterator[Item]:
    """A number of five digits in noise."""
    for length, depth, name, rng in cells(options):
        key = digits(rng, 5)
        needle = f"The pass key is {key}. Remember it. {key} is the pass key.\n"
        yield _in_noise(name, needle, key, PASSKEY_QUESTION, length, depth, options.encode)


def number_string(options: TaskOptions) -> Iterator[Item]:
    """A sequence of ten digits in noise: five random ones, each of them twice in succession."""
    for length, depth, name, rng in cells(options):
        key = "".join(2 * digit for digit in digits(rng, 5))
        needle = f"The sequence of digits is {key}. Remember it. {key} is the sequence of digits.\n"
        yield _in_noise(name, needle, key, NUMBER_QUESTION, length, depth, options.encode)


def _in_noise(
    name: str, needle: str, key: str, question: str, length: int, depth: int, encode: Encode
) -> Item:
    text = hide([(needle, depth / 100)], noise_lines, length, encode, Random(0))
    return Item(
        id=name,
        documents=(("", text),),
        question=question,
        prompt=NOISE_PROMPT + question,
        references=(key,),
        choices=(),
        max_new_tokens=16,
        metric="infinitebench_first_digits",
    )


def kv_retrieval(options: TaskOptions) -> Iterator[Item]:
    """The value of one key among pairs of UUIDs, as JSON."""
    for length, depth, name, rng in cells(options):
        pairs = _pairs(length, rng, options.encode)
        key, value = pairs[round(depth / 100 * (len(pairs) - 1))]
        text = "{" + ", ".join(f'"{k}": "{v}"' for k, v in pairs) + "}"
        question = KV_QUESTION.format(key=key)
        yield Item(
            id=name,
            documents=(("", text),),
            question=question,
            prompt=KV_PROMPT + question,
            references=(value,),
            choices=(),
            max_new_tokens=50,
            metric="infinitebench_words",
        )


def _pairs(length: int, rng: Random, encode: Encode) -> list[tuple[str, str]]:
    """As many pairs as a text of `length` tokens holds, at least one."""
    pairs: list[tuple[str, str]] = []
    while length > 0 or not pairs:
        key, value = random_uuid(rng), random_uuid(rng)
        length -= len(encode(f'"{key}": "{value}", '))
        if length > 0 or not pairs:
            pairs.append((key, value))
    return pairs
