"""Decodes the bytes of a text, also of one whose lines are in two encodings."""

import codecs
import io
from typing import Protocol

from ingest.lines.encoding import Encoding, detect_encoding, is_damaged_utf8, named_encoding

# A longer line is decoded in parts.
_MAX_LINE_BYTES = 1 << 20


class Decoder(Protocol):
    """Decodes a text that arrives in blocks."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the next bytes; with `final`, also of what was held back."""
        ...


def decoder_for(encoding: Encoding) -> Decoder:
    """Return a decoder that shows bytes that are invalid in the encoding as U+FFFD."""
    if encoding.for_other_lines is not None:
        return _MixedDecoder(encoding)
    return codecs.getincrementaldecoder(encoding.name)(errors="replace")


def decode_text(data: bytes, name: str | None = None) -> str:
    """Return the text of all of a file's bytes.

    Args:
        name: of the encoding, None to detect it.

    Raises:
        UnknownEncoding: there is no encoding of that name.
    """
    encoding = named_encoding(name) if name else detect_encoding(io.BytesIO(data))
    return decoder_for(encoding).decode(data, final=True)


def decode_whole(data: bytes, encoding: Encoding) -> str:
    """Return the text of whole lines."""
    if encoding.for_other_lines is None:
        return data.decode(encoding.name, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        lines = data.split(b"\n")
        return "\n".join([decode_part(line, encoding, is_last=True)[0] for line in lines])


def decode_part(data: bytes, encoding: Encoding, is_last: bool) -> tuple[str, int]:
    """Return the text of a part of a line, and of how many of its bytes that is.

    Args:
        is_last: else an incomplete character at the end is left for later.
    """
    text, count = _decode(data, encoding.name, is_last)
    if encoding.for_other_lines is None or "\ufffd" not in text:
        return text, count
    if _is_utf8(data, is_last) or is_damaged_utf8(data):
        return text, count
    return _decode(data, encoding.for_other_lines, is_last)


def _is_utf8(data: bytes, is_last: bool) -> bool:
    """Whether the bytes are UTF-8 as they are; U+FFFD may be a character of the text."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=is_last)
    except UnicodeDecodeError:
        return False
    return True


def _decode(data: bytes, name: str, is_last: bool) -> tuple[str, int]:
    decoder = codecs.getincrementaldecoder(name)("replace")
    text = decoder.decode(data, final=is_last)
    return text, len(data) - len(decoder.getstate()[0])


class _MixedDecoder:
    """Decodes each line as UTF-8, or in another encoding if it is not."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding, self._held = encoding, b""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the lines that the bytes complete; hold the last one back."""
        data = self._held + data
        end = data.rfind(b"\n") + 1
        text, self._held = decode_whole(data[:end], self._encoding), data[end:]
        if final or len(self._held) > _MAX_LINE_BYTES:
            rest, count = decode_part(self._held, self._encoding, final)
            text, self._held = text + rest, self._held[count:]
        return text
