"""Splits RTF into tokens while it is read, without regard to what they mean.

Source: Rich Text Format (RTF) Specification 1.9.1.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import NamedTuple

# A longer text comes as several tokens.
_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?[ ]?"
    rb"|\\'(?P<code>[0-9a-fA-F]{2})"
    rb"|\\(?P<symbol>.)"
    rb"|(?P<brace>[{}])"
    rb"|(?P<text>[^\\{}\r\n]{1,4096})"
    rb"|[\r\n]+|\\",
    re.DOTALL,
)
# No token but a text is longer, so that one which ends sooner before a block's end is whole.
_MAX_TOKEN_BYTES = 64


class TokenKind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    WORD = auto()
    TEXT = auto()


class Token(NamedTuple):
    """A brace, a control word (or symbol) with its number, or bytes of text."""

    kind: TokenKind
    word: str = ""
    number: int | None = None
    text: bytes = b""


_BRACES = {b"{": Token(TokenKind.OPEN), b"}": Token(TokenKind.CLOSE)}


def rtf_tokens(blocks: Iterable[bytes]) -> Iterator[Token | None]:
    """Yield the tokens of a file that arrives in blocks, and None after each block."""
    rest, binary_bytes = b"", 0
    for block in blocks:
        data, rest = rest + block, b""
        binary_bytes, data = binary_bytes - len(data), data[binary_bytes:]
        position = 0
        while position <= len(data) - _MAX_TOKEN_BYTES:
            match = _TOKEN.match(data, position)
            assert match is not None  # every byte begins a token
            position = match.end()
            if match["word"] == b"bin":  # so many bytes of binary data follow
                position += max(0, int(match["number"] or 0))
            else:
                yield from _token(match)
        binary_bytes = max(0, position - len(data), binary_bytes)
        rest = data[position:]
        yield None
    for match in _TOKEN.finditer(rest):
        yield from _token(match)


def _token(match: re.Match[bytes]) -> Iterator[Token]:
    """Yield the token of a match; a newline is none."""
    if match["text"]:
        yield Token(TokenKind.TEXT, text=match["text"])
    elif match["word"]:
        number = match["number"]
        yield Token(TokenKind.WORD, match["word"].decode(), int(number) if number else None)
    elif match["code"]:
        yield Token(TokenKind.TEXT, "'", text=bytes.fromhex(match["code"].decode()))
    elif match["brace"]:
        yield _BRACES[match["brace"]]
    elif match["symbol"]:
        yield Token(TokenKind.WORD, match["symbol"].decode("latin-1"))
