"""Takes encoded binary data (base64) out of text: pictures in data: URLs, certificates, dumps.

Nobody reads such characters, and nothing asked for can be found in them. Knows no files. Each run
becomes "…"; its newlines stay, so that line numbers stay true. What is shorter than `MIN_RUN_CHARS`
is kept: hashes, tokens and keys are things that people look for.
"""

import re
from collections.abc import Iterable, Iterator

MIN_RUN_CHARS = 400
# A line of encoded data has 60 to 76 characters (RFC 4648, RFC 7468), or is one long line; in JSON
# its newlines are written as "\n".
_LINE = r"[A-Za-z0-9+/]{60,}"
_NEXT = r"(?:\\n|\n[ \t]{0,16})"
_NEWLINE = re.compile(_NEXT)
_RUN = re.compile(rf"{_LINE}(?:{_NEXT}{_LINE})*(?:{_NEXT}[A-Za-z0-9+/]{{4,59}}(?==))?={{0,2}}")
_CONTINUED = re.compile(rf"{_NEXT}?{_RUN.pattern}")
_LETTERS = "\\ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n"
_NO_SIGNS = str.maketrans("", "", "+/")
# A run holds two parts of that length with few blanks, wherever it begins, and each of them has a
# stretch without anything but letters, digits and signs.
_STRIDE = 120
_MAX_BLANKS = 8
_STRETCH = 30
_MARK = "…"


class EncodedDataFilter:
    """Takes runs of encoded data out of a text that arrives in blocks; `count` of them so far."""

    def __init__(self) -> None:
        self.count = 0
        self._tail = ""
        self._in_run = False

    def filtered(self, blocks: Iterable[str]) -> Iterator[str]:
        """Yield the text without the runs; blocks that are left empty are yielded, too."""
        for block in blocks:
            yield self._add(block)
        yield self._clean(self._tail)

    def notes(self) -> Iterator[str]:
        """Yield the sentence for the user about the runs that were left out."""
        if self.count:
            yield (
                "Encoded binary data (base64), such as pictures in the text, was left out and is "
                f'shown as "{_MARK}": {self.count:,}.'
            )

    def _add(self, block: str) -> str:
        text = self._tail + block
        # A run that goes on beyond the end waits for the next block.
        body, self._tail = self._split(text, len(text.rstrip(_LETTERS)))
        return self._clean(body)

    def _split(self, text: str, at: int) -> tuple[str, str]:
        """Return the part that can be given out, and the part that waits."""
        if len(text) - at > 4 * MIN_RUN_CHARS:
            # Far into a run: only its end has to wait, from the start of a line on.
            at = len(text) - MIN_RUN_CHARS
            at = max((m.start() for m in _NEWLINE.finditer(text, at - 200, at)), default=at)
        return text[:at], text[at:]

    def _clean(self, text: str) -> str:
        if not text:
            return ""
        continued = _CONTINUED.match(text) if self._in_run else None
        self._in_run = False
        if continued is None and not _may_hold_run(text):
            return text
        pieces, position = [], 0
        for match in self._runs(text, continued):
            self._in_run = match.end() == len(text)
            self.count += match is not continued
            pieces += [text[position : match.start()], "" if match is continued else _MARK]
            pieces.append("\n" * match[0].count("\n"))
            position = match.end()
        return "".join(pieces) + text[position:]

    def _runs(self, text: str, continued: re.Match[str] | None) -> Iterator[re.Match[str]]:
        """Yield the runs in a text; it may begin with the rest of one that was taken out."""
        if continued is not None:
            yield continued
        for match in _RUN.finditer(text, continued.end() if continued else 0):
            if len(match[0]) >= MIN_RUN_CHARS and _is_encoded(match[0]):
                yield match


def without_encoded_data(text: str) -> str:
    """Return a text without runs of encoded data."""
    return "".join(EncodedDataFilter().filtered([text]))


def _may_hold_run(text: str) -> bool:
    """Return whether two parts in a row may be of a run: quick, true too often."""
    last_start = -2 * _STRIDE
    for start in range(0, len(text) - _STRIDE + 1, _STRIDE):
        part = text[start : start + _STRIDE]
        if part.count(" ") <= _MAX_BLANKS and _has_stretch(part):
            if start - last_start == _STRIDE:
                return True
            last_start = start
    return False


def _has_stretch(part: str) -> bool:
    stretches = (part[start : start + _STRETCH] for start in range(0, _STRIDE, _STRETCH))
    return any(one.isascii() and one.translate(_NO_SIGNS).isalnum() for one in stretches)


def _is_encoded(run: str) -> bool:
    """Return whether a run has capitals, small letters and digits, as encoded data has.

    Sequences of genes and proteins, hexadecimal numbers, rules of dashes and long words have not.
    """
    sample = run[:MIN_RUN_CHARS]
    least = len(sample) // 50
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(sum(map(kind, sample)) > least for kind in kinds)
