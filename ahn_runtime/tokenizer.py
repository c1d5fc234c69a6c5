"""Qwen's byte-level BPE as a `tiktoken.Encoding`, built from the model's own vocabulary.

Text is normalised to NFC first, as Qwen2's tokenizer does. Text never becomes control tokens:
`<|im_end|>` in a document is encoded as those ten characters; control tokens are reached by name.

Source: the vocabulary travels in the GGUF (`tokenizer.ggml.tokens`) or in `tokenizer.json`; the
byte-to-character table is GPT-2's (Radford et al., 2019).
"""

from __future__ import annotations

import codecs
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import tiktoken

from ahn_runtime.errors import WeightsError

# The split of Qwen2: contractions, words, single digits, punctuation, line ends, spaces.
QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


THINK, END_THINK = "<think>", "</think>"
"""Control tokens around what a Qwen3 model thinks before it answers."""


class Encoder(Protocol):
    """What a prompt needs of a tokenizer."""

    control: dict[str, int]

    def encode(self, text: str) -> list[int]:
        """Ids of a text; control tokens in it are only characters."""
        ...


def no_thinking(tokens: Encoder) -> list[int]:
    """Ids with which an answer begins that is not thought about before: Qwen3's empty thought.

    Empty for a model that does not think aloud. Source: the chat template in Qwen3's
    tokenizer_config.json, with enable_thinking=False.
    """
    begin, end = tokens.control.get(THINK), tokens.control.get(END_THINK)
    if begin is None or end is None:
        return []
    blank = tokens.encode("\n\n")
    return [begin, *blank, end, *blank]


class Tokenizer:
    """Text to ids and back.

    Args:
        ranks: token bytes to id; in Qwen's vocabulary the id is the merge rank.
        control: name to id of the control tokens.
    """

    def __init__(self, ranks: Mapping[bytes, int], control: Mapping[str, int]) -> None:
        self.control = dict(control)
        self._encoding = tiktoken.Encoding(
            "qwen2",
            pat_str=QWEN2_PATTERN,
            mergeable_ranks=dict(ranks),
            special_tokens=self.control,
        )

    @property
    def stop_ids(self) -> frozenset[int]:
        """Ids that end an answer."""
        names = ("<|im_end|>", "<|endoftext|>")
        return frozenset(self.control[name] for name in names if name in self.control)

    def encode(self, text: str) -> list[int]:
        """Ids of a text; control tokens in it are only characters."""
        return self._encoding.encode_ordinary(unicodedata.normalize("NFC", text))

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids; invalid UTF-8 becomes U+FFFD."""
        return self._encoding.decode_bytes(list(ids)).decode("utf-8", errors="replace")

    def decode_stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Text of ids in pieces; a character split over tokens comes with its last byte."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for token_id in ids:
            piece = decoder.decode(self._encoding.decode_single_token_bytes(token_id))
            if piece:
                yield piece
        if rest := decoder.decode(b"", final=True):
            yield rest


def from_vocabulary(tokens: Sequence[str], is_control: Sequence[bool]) -> Tokenizer:
    """A tokenizer from the tokens in id order, in GPT-2's printable form."""
    byte_of = {char: byte for byte, char in _printable_bytes().items()}
    ranks: dict[bytes, int] = {}
    control: dict[str, int] = {}
    for token_id, (token, special) in enumerate(zip(tokens, is_control, strict=True)):
        if special:
            control[token] = token_id
        else:
            ranks[bytes(byte_of[char] for char in token)] = token_id
    return Tokenizer(ranks, control)


def from_tokenizer_json(path: Path) -> Tokenizer:
    """A tokenizer from a Hugging Face `tokenizer.json` of the Qwen2 family.

    Raises:
        WeightsError: the file is not a byte-level BPE tokenizer.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        vocabulary: dict[str, int] = raw["model"]["vocab"]
        control = {t["content"]: int(t["id"]) for t in raw.get("added_tokens", [])}
        byte_of = {char: byte for byte, char in _printable_bytes().items()}
        ranks = {
            bytes(byte_of[char] for char in token): token_id
            for token, token_id in vocabulary.items()
            if token not in control
        }
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is not a byte-level BPE tokenizer.json: {error!r}.") from error
    return Tokenizer(ranks, control)


def _printable_bytes() -> dict[int, str]:
    """GPT-2's table: printable Latin-1 bytes as themselves, the others from U+0100."""
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = (byte for byte in range(256) if byte not in printable)
    table = {byte: chr(byte) for byte in printable}
    table.update({byte: chr(0x100 + i) for i, byte in enumerate(others)})
    return table
