"""Detects the encoding of a text file. Reads it once, in blocks of a fixed size."""

import codecs
import itertools
import re
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from ingest.sniffing import HEAD_BYTES, utf16_without_mark

BLOCK_BYTES = 64 * 1024
# Small, because charset_normalizer tries each encoding on the whole sample.
_SAMPLE_BYTES = 32 * 1024
# The marks of four bytes come first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings that are in use; without this list, rare ones win on short samples.
_CANDIDATES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("koi8_r", "koi8_u", "cp437", "cp850", "cp866", "mac_roman", "cp874"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
)
_FALLBACK = "cp1252"
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
# Browsers, too, read the first as the second, which has quotes where the first has nothing.
_CODECS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "gb2312": "gb18030"}
_WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüœßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŒ«»‘’“”„–—…•°·§©®€£¡¿½¼ªº´\u00a0"
)


@dataclass(frozen=True)
class Encoding:
    """A codec's name, and whether it is a guess of which the user is told."""

    name: str
    guessed: bool = False


def detect_encoding(stream: BinaryIO) -> Encoding:
    """Return the encoding of the text in a stream, from its start to its end.

    A byte order mark decides. Without one it is UTF-8 if all of the text is, or most of what is not
    ASCII: one broken byte must not make a whole UTF-8 book unreadable. Otherwise it is guessed from
    the text at the first byte that is not UTF-8.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    utf16 = utf16_without_mark(head)
    if utf16 is not None:
        return Encoding(utf16, guessed=True)
    good, bad, first_bad = _measure_utf8(stream)
    if bad <= good // 4:
        return Encoding("utf-8")
    return Encoding(_guess(stream, first_bad), guessed=True)


def detect_markup_encoding(stream: BinaryIO) -> Encoding:
    """Return the encoding that an HTML or XHTML file declares, else the detected one.

    A byte order mark outranks the declaration, as in browsers. So does a file that is valid UTF-8:
    files are often converted without a change of the declaration.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    declared = _DECLARED.search(head)
    detected = detect_encoding(stream)
    if not detected.guessed or declared is None:
        return detected
    name = _CODECS.get(declared[1].decode().lower(), declared[1].decode())
    try:
        # Only encodings in which markup is ASCII: the declaration was just read as ASCII.
        fits = b"<\xe9".decode(name, "replace").startswith("<")
    except (LookupError, ValueError):
        return detected
    return Encoding(codecs.lookup(name).name) if fits else detected


def _measure_utf8(stream: BinaryIO) -> tuple[int, int, int]:
    """Return the counts of valid and of invalid characters beyond ASCII, and a position.

    The position, in bytes, is the start of the block with the first invalid character.
    """
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    good, bad, first_bad, offset = 0, 0, 0, 0
    while True:
        block = stream.read(BLOCK_BYTES)
        text = decoder.decode(block, final=not block)
        if not text.isascii():
            broken = text.count("\ufffd")
            first_bad = offset if broken and not bad else first_bad
            bad += broken
            good += len(text) - len(text.encode("ascii", "ignore")) - broken
        if not block:
            return good, bad, first_bad
        offset += len(block)


def _guess(stream: BinaryIO, first_bad: int) -> str:
    """Return the likeliest of the old encodings, from the text at the first byte outside UTF-8."""
    stream.seek(first_bad)
    block = stream.read(BLOCK_BYTES)
    # ASCII text says nothing about the encoding: begin shortly before the first other byte.
    start = next((index for index, byte in enumerate(block) if byte >= 0x80), 0)
    sample = block[max(0, start - 1024) :][:_SAMPLE_BYTES]
    if _looks_western(sample):
        return _FALLBACK
    best = from_bytes(sample, cp_isolation=list(_CANDIDATES), preemptive_behaviour=False).best()
    return _FALLBACK if best is None else best.encoding


def _looks_western(sample: bytes) -> bool:
    """Return whether the sample, read as cp1252, looks like a Western European language.

    The most common case is decided here, because charset_normalizer takes Finnish text for Mac
    Roman. Western texts have few accents, mostly single ones between plain letters. Cyrillic, Greek
    and Hebrew read as cp1252 are runs of accented letters; Polish and Turkish have characters that
    are not in the list.
    """
    text = sample.decode(_FALLBACK, "replace")
    others = [index for index, character in enumerate(text) if not character.isascii()]
    known = sum(text[index] in _WESTERN for index in others)
    in_row = sum(left + 1 == right for left, right in itertools.pairwise(others))
    return known >= 0.98 * len(others) and in_row <= 0.25 * len(others)
