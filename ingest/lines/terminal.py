"""Makes text that was written for a terminal readable: colours, redrawn lines, overstriking.

Knows no files. The law of this file: the result depends on the text only, not on the pieces in
which it arrives. So a line is held until its end is there; of a longer line, the next `WINDOW`
characters are taken as soon as `_AHEAD` characters more are there.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

WINDOW = 4096
"""How many characters of a line without an end are made readable at a time."""
# A sequence that begins within the window is not longer than this, or it is not recognised.
_AHEAD = 1024
# ECMA-48. The 8-bit forms (U+0090 to U+009F) are control characters in any text.
_SEQUENCE = re.compile(
    r"(?P<start>\x1b\[|\x9b)(?P<values>[0-?]{0,100})[ -/]{0,4}(?P<final>[@-~])"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,1000}(?:\x07|\x1b\\|\x9c)"
    # Sets of characters, and what needs no values.
    r"|\x1b(?: [FGLMN]|[#%()*+./-]{1,2}[0-~]|[78=>DEHMNOZc\[\]])?|[\x07\x0e\x0f]"
)
# The same colours as programs write them that show control characters as text.
_WRITTEN_OUT = re.compile(r"(?:\\u001[bB]|\\x1[bB]|\\033|\\e|#033|\^\[)\[[0-9;:]{0,40}[mK]")
# Looking for each is far quicker than looking for a class of characters.
_CONTROLS = ("\x1b", "\r", "\b", "\x07", "\x0e", "\x0f")
_C1_CONTROLS = re.compile(r"[\x90\x98\x9b\x9d-\x9f]")
_WRITTEN_OUT_STARTS = ("\\u001b[", "\\u001B[", "\\x1b[", "\\x1B[", "\\033[", "\\e[", "#033[", "^[[")
# What changes between two drawings of the same progress line, and what shows that it is one.
_BAR = r"[#=>*.\-_|/\\█▉▊▋▌▍▎▏▓▒░━╸╺●○⠀-⣿]"
_CHANGING = re.compile(rf"[\d:,.%\s]|{_BAR}|\b(?:[kKMGT]?i?B(?:/s)?|it/s|ETA|eta|s/it)\b")
_PROGRESS = re.compile(rf"\d\s?%|\d\s?/\s?\d|{_BAR}{{4}}|[⠀-⣿]")
_MAX_COLUMNS = 80


class TerminalText:
    """Makes a text readable that arrives in pieces.

    Args:
        is_log: progress lines are kept only as they were drawn last, and colours are removed that
            a program has written out as text.

    Attributes:
        held: the text that waits for what follows it.
        has_sequences: whether something was removed.
        redrawn: how many drawings of progress lines were left out.
    """

    def __init__(self, is_log: bool) -> None:
        self.held, self.has_sequences, self.redrawn = "", False, 0
        self._is_log = is_log

    def add(self, text: str) -> str:
        """Add the next text and return what is readable of it now."""
        text = (self.held + text).replace("\r\n", "\n")
        if not self._is_special(text):
            return self._plain(text)
        *lines, self.held = text.split("\n")
        readable = "".join([self._line(line) + "\n" for line in lines])
        # A newline may follow a carriage return at the end.
        while len(self.held) - self.held.endswith("\r") >= WINDOW + _AHEAD:
            part, self.held = self._window(self.held)
            readable += part
        return readable

    def finish(self) -> str:
        """Return what is readable of the text that was held: nothing follows it."""
        text, self.held = self.held, ""
        if text.endswith("\r"):
            return self._line(text[:-1]) + "\n"
        return self._line(text)

    def stream(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield the readable text of a whole text."""
        for text in texts:
            yield self.add(text)
        yield self.finish()

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user about what was left out."""
        if self.has_sequences:
            yield "Control sequences for terminals, such as colours, were left out."
        if self.redrawn:
            yield f"Earlier drawings of progress lines were left out: {self.redrawn:,}."

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that can be stored, for `from_dict`."""
        return {
            "held": self.held,
            "has_sequences": self.has_sequences,
            "redrawn": self.redrawn,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any], is_log: bool) -> "TerminalText":
        """Return the object of which `as_dict` made the values."""
        made = cls(is_log)
        made.held, made.redrawn = str(values["held"]), int(values["redrawn"])
        made.has_sequences = bool(values["has_sequences"])
        return made

    def _plain(self, text: str) -> str:
        """Return what is readable of a text without sequences; hold the rest as `add` does."""
        end = text.rfind("\n") + 1
        while len(text) - end >= WINDOW + _AHEAD:
            end += WINDOW
        self.held = text[end:]
        return text[:end]

    def _line(self, line: str) -> str:
        """Return what is readable of a line, or of the rest of one, without its newline."""
        if not self._is_special(line):
            return line
        readable = ""
        while len(line) >= WINDOW + _AHEAD:
            part, line = self._window(line)
            readable += part
        return readable + "\n".join(self._drawn_last(self._drawings(line.rstrip("\r"))))

    def _is_special(self, line: str) -> bool:
        if _has_controls(line):
            return True
        return self._is_log and any(start in line for start in _WRITTEN_OUT_STARTS)

    def _window(self, line: str) -> tuple[str, str]:
        """Return what is readable of the first part of a long line, and the rest of the line."""
        text = line[: WINDOW + _AHEAD]
        last = text.rfind("\r", 0, WINDOW)
        start = text.rfind("\r", 0, max(0, last)) + 1
        if start > 0:  # the last whole drawing is compared with the next one
            drawings = self._drawn_last(self._drawings(text[:last]))[:-1]
            return "".join([drawing + "\n" for drawing in drawings]), line[start:]
        end = self._window_end(text)
        return "\n".join(self._drawings(text[:end])), line[end:]

    def _window_end(self, text: str) -> int:
        """Return how much of an unended line is taken so that no sequence is cut."""
        for pattern in (_SEQUENCE, _WRITTEN_OUT):
            for match in pattern.finditer(text):
                if match.start() < WINDOW < match.end():
                    return match.end()
        end = WINDOW
        while "\b" in (text[end], text[end - 1]) and end < len(text) - 1:
            end += 1
        return end

    def _drawings(self, line: str) -> list[str]:
        """Return what carriage returns separate in a line, each readable."""
        plain = _SEQUENCE.sub(_replacement, line)
        if self._is_log:
            plain = _WRITTEN_OUT.sub("", plain)
        self.has_sequences = self.has_sequences or plain != line or "\b" in line
        return list(map(_without_backspaces, plain.split("\r")))

    def _drawn_last(self, drawings: list[str]) -> list[str]:
        """Return the drawings without those that the next one draws again."""
        if not self._is_log:
            return drawings
        pairs = itertools.pairwise(drawings)
        kept = [before for before, after in pairs if not _is_redrawn(before, after)]
        self.redrawn += sum(map(bool, map(str.strip, drawings[:-1]))) - len(kept)
        return kept + drawings[-1:]


def without_sequences(text: str) -> str:
    """Return text without control sequences for terminals."""
    return _SEQUENCE.sub(_replacement, text) if _has_controls(text) else text


def _has_controls(text: str) -> bool:
    if any(control in text for control in _CONTROLS):
        return True
    return not text.isascii() and _C1_CONTROLS.search(text) is not None


def _replacement(match: re.Match[str]) -> str:
    """Return what a sequence becomes: nothing, or what separates the words that it separates."""
    values, final = match["values"] or "", match["final"]
    if final == "G" and values in ("", "0", "1"):
        return "\r"
    if final == "C":
        return " " * min(int(values) if values.isdigit() else 1, _MAX_COLUMNS)
    return " " if final in ("G", "H", "f", "d") else ""


def _without_backspaces(text: str) -> str:
    """Return the text as a terminal or printer shows it: a letter printed over another one.

    >>> _without_backspaces("N\\bNO\\bO"), _without_backspaces("_\\bt_\\bo 10%\\b\\b\\b20%")
    ('NO', 'to 20%')
    """
    if "\b" not in text:
        return text
    text = re.sub("([^_\b])\b_", r"\1", text)  # an underscore under a letter
    shown: list[str] = []
    for character in text:
        if character != "\b":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)


def _is_redrawn(before: str, after: str) -> bool:
    if not before.strip() or before == after:
        return True
    if _PROGRESS.search(before) is None or _PROGRESS.search(after) is None:
        return False
    return _CHANGING.sub("", before) == _CHANGING.sub("", after)
