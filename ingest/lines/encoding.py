"""Detects the encoding of a text file. Reads it once, in blocks of a fixed size."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingest.errors import UnknownEncoding
from ingest.lines.encoding_guess import describe_encoding, guess_encoding, plausibility
from ingest.naming import clean_line
from ingest.sniffing import HEAD_BYTES
from ingest.wide_encodings import unicode_without_mark

BLOCK_BYTES = 64 * 1024
# How much the detector looks at of the lines that are not UTF-8, and of those that are.
_SAMPLE_BYTES = 32 * 1024
# The marks of four bytes come first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
# Browsers, too, read the first as the second, which has quotes where the first has nothing.
_CODECS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "gb2312": "gb18030"}
# ISO 2022 is ASCII but for the sequences that switch between sets of characters.
_SWITCHES = re.compile(rb"\x1b\$(?:[@B]|\([@BDOPQ]|\)C)")
_SWITCHED = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$(D", "iso2022_jp_ext"))
# Sequences of a terminal in their 8-bit form, in a text that is ASCII otherwise.
_TERMINAL_8_BIT = re.compile(rb"\x9b[0-?]{0,30}[@-~]")
_ESCAPED = re.compile("[\udc80-\udcff]")
# Python knows codecs that do not decode bytes to text as a file's writer encoded it.
_NOT_FOR_FILES = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}


@dataclass(frozen=True)
class Encoding:
    """How bytes become text.

    Args:
        name: of the codec.
        guessed: whether it is a guess of which the user is told.
        for_other_lines: the codec of the lines that are not in `name`, which then is UTF-8.
        given: whether the user named it.
    """

    name: str
    guessed: bool = False
    for_other_lines: str | None = None
    given: bool = False

    def note(self) -> str | None:
        """Return the sentence for the user about an encoding that is not the file's own word."""
        if self.given:
            return f"The text was read as {describe_encoding(self.name)}, as was asked for."
        if self.for_other_lines is not None:
            return (
                "The text has lines in UTF-8 and lines in another encoding; these were read as "
                f"{describe_encoding(self.for_other_lines)}."
            )
        if not self.guessed:
            return None
        return f"The text's encoding was not marked; it was read as {describe_encoding(self.name)}."


def named_encoding(name: str) -> Encoding:
    """Return the encoding that a user names.

    Raises:
        UnknownEncoding: there is none of that name.
    """
    try:
        known = codecs.lookup(name.strip()).name
        is_for_files = known not in _NOT_FOR_FILES and isinstance(
            b"aa".decode(known, "replace"), str
        )
    except (LookupError, ValueError, TypeError):
        is_for_files = False
    if not is_for_files:
        raise UnknownEncoding(
            f"There is no text encoding named '{clean_line(name, 40)}': give a name such as utf-8, "
            "utf-16-le, cp1252, cp1254, iso8859-2, koi8-r, shift_jis, gb18030 or euc_kr."
        )
    # The codec of UTF-8 itself would keep a byte order mark as a character.
    return Encoding("utf-8-sig" if known == "utf-8" else known, given=True)


def detect_encoding(stream: BinaryIO) -> Encoding:
    """Return the encoding of the text in a stream, from its start to its end.

    A byte order mark decides. Without one it is UTF-8 if all of the text is, or most of what is not
    ASCII: one broken byte must not make a whole UTF-8 book unreadable. If whole lines are in
    another encoding, as in a log of two programs, each line is read in its own. Otherwise the
    encoding is guessed from the lines that are not UTF-8.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    wide = unicode_without_mark(head)
    if wide is not None:
        return Encoding(wide, guessed=True)
    found = _measure_utf8(stream)
    if found.switched is not None:
        return Encoding(found.switched, guessed=True)
    if not found.bad:
        return Encoding("utf-8")
    return _decide(found)


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


@dataclass
class _Utf8Measure:
    """How much of a text is UTF-8.

    Args:
        good, bad: the characters beyond ASCII, and the bytes that are not UTF-8.
        good_lines, bad_lines: the first lines that are UTF-8 beyond ASCII, and the first that have
            a byte that is not UTF-8.
        switched: the encoding of a text in ISO 2022.
    """

    good: int
    bad: int
    good_lines: bytearray
    bad_lines: bytearray
    switched: str | None = None


def _measure_utf8(stream: BinaryIO) -> _Utf8Measure:
    found = _Utf8Measure(0, 0, bytearray(), bytearray())
    for block in _line_blocks(stream):
        if b"\x1b$" in block and (switch := _SWITCHES.search(block)):
            found.switched = dict(_SWITCHED).get(switch[0], "iso2022_jp_2")
            if not block.translate(None, bytes(range(0x80))):
                return found
            found.switched = None
        if block.isascii():
            continue
        text = block.decode("utf-8", "surrogateescape")
        bad = len(_ESCAPED.findall(text))
        found.good += len(text) - len(text.encode("ascii", "ignore")) - bad
        found.bad += bad
        _keep_lines(block, bad > 0, found)
    return found


def _line_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield a stream from its start in blocks that end at a line's end where possible.

    The end of a block of a longer line may cut a character; it is completed by the next block.
    """
    stream.seek(0)
    cut = b""
    while block := stream.read(BLOCK_BYTES):
        if not block.endswith(b"\n"):
            block += stream.readline(BLOCK_BYTES)
        block = cut + block
        cut = b"" if block.endswith(b"\n") else _cut_character(block)
        yield block[: len(block) - len(cut)]
    yield cut


def _cut_character(block: bytes) -> bytes:
    """Return the incomplete UTF-8 character at the end of a block."""
    for count in range(1, min(3, len(block)) + 1):
        first = block[-count]
        if first >= 0xC0:
            needed = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            return block[-count:] if count < needed else b""
        if first < 0x80:
            return b""
    return b""


def _keep_lines(block: bytes, has_bad: bool, found: _Utf8Measure) -> None:
    """Keep the lines of a block that say something about the encoding, up to the samples' size."""
    wants_bad = has_bad and len(found.bad_lines) < _SAMPLE_BYTES
    if not wants_bad and len(found.good_lines) >= _SAMPLE_BYTES:
        return
    for line in block.splitlines(keepends=True):
        if line.isascii():
            continue
        kept = found.good_lines if _is_utf8(line) else found.bad_lines
        kept += line[: _SAMPLE_BYTES - len(kept)]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decide(found: _Utf8Measure) -> Encoding:
    """Return the encoding of a text with bytes that are not UTF-8."""
    bad, good = bytes(found.bad_lines), bytes(found.good_lines)
    if not _TERMINAL_8_BIT.sub(b"", bad).strip() or _TERMINAL_8_BIT.sub(b"", bad).isascii():
        return Encoding("iso8859-1")
    lines = bad.splitlines(keepends=True)
    other_lines = b"".join([line for line in lines if not is_damaged_utf8(line)])
    if good and other_lines:
        other = guess_encoding(other_lines)
        if _are_mixed(good, other_lines, other):
            return Encoding("utf-8", guessed=True, for_other_lines=other)
    if found.bad <= found.good // 4:
        return Encoding("utf-8")
    return Encoding(guess_encoding(bad), guessed=True)


def is_damaged_utf8(line: bytes) -> bool:
    """Return whether a line that is not UTF-8 has more characters in UTF-8 than other bytes."""
    text = line.decode("utf-8", "surrogateescape")
    bad = len(_ESCAPED.findall(text))
    return 0 < bad <= len(text) - len(text.encode("ascii", "ignore")) - bad


def _are_mixed(good: bytes, other_lines: bytes, other: str) -> bool:
    """Return whether a text has lines in UTF-8 and lines in another encoding.

    The lines in UTF-8 must look worse in the other encoding ("cafÃ©"): short lines of old encodings
    are UTF-8 by chance. The other lines must consist of words, not of stray bytes.
    """
    as_utf8 = plausibility(good.decode("utf-8", "replace"))
    as_other = plausibility(good.decode(other, "replace"))
    return as_utf8 > as_other + 0.25 and plausibility(other_lines.decode(other, "replace")) > 0.75
