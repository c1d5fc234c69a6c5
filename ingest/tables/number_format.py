"""Writes a number of a workbook as its cell shows it: dates, percent, decimals, currency.

Knows the common part of the format codes; what it does not know is shown as a plain number. Names
of months and days are English, and a date in the form of the user's computer is shown as ISO date.

Source: ECMA-376 part 1, 18.8.30 and 18.8.31 (numFmt, numFmts).
"""

import datetime
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

GENERAL = "General"
_ISO_DATE, _ISO_TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    14: _ISO_DATE, 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: _ISO_TIME,
    37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: "$#,##0",
    43: "#,##0.00", 44: "$#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 48: "0.0E+0",
    49: "@",
}  # fmt: skip
_MAX_CODE_CHARS = 255
_TOKENS = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<elapsed>\[[hms]+\])'
    r"|\[[^\]]*\]|[_*].|(?P<ampm>AM/PM|A/P)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?)"
    r"|(?P<number>[0#?][0#?,]*(?:\.[0#?]*)?,*|\.[0#?]+)(?P<scientific>E[+-][0#?]+)?|(?P<other>.)",
    re.IGNORECASE,
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH = datetime.datetime(1899, 12, 30)
_EPOCH_1904 = datetime.datetime(1904, 1, 1)
# 31 December 9999.
_MAX_DAYS = 2_958_466


class _Token(NamedTuple):
    """A part of a format code; `kind` is "text", "date", "elapsed", "ampm" or "number"."""

    kind: str
    text: str


def format_number(value: float, code: str, *, from_1904: bool = False) -> str:
    """Return a number as a cell of a format shows it.

    Args:
        value: of the cell; a date is a number of days.
        code: of the format, such as "0.00%" or "dd.mm.yyyy".
        from_1904: whether days are counted from 1904, not from 1900.
    """
    if not math.isfinite(value):
        return str(value)
    sections = _sections(code[:_MAX_CODE_CHARS])
    tokens, shown = _section(sections, value)
    kinds = {token.kind for token in tokens}
    if kinds & {"date", "elapsed", "ampm"}:
        return _date_text(value, tokens, from_1904) or plain_number(value)
    if "number" not in kinds:
        text = "".join(token.text for token in tokens)
        return plain_number(value) if not text or text == "@" or _is_general(code) else text
    return _number_text(shown, tokens)


def plain_number(value: float) -> str:
    """Return a number as a cell without a format shows it."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.11g}"


def _is_general(code: str) -> bool:
    return GENERAL.lower() in code.lower()


def _section(sections: tuple[list[_Token], ...], value: float) -> tuple[list[_Token], float]:
    """Return the part of the format for a number of this sign, and the number it shows."""
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:
        return sections[2], value
    return sections[0], value


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[list[_Token], ...]:
    sections: list[list[_Token]] = [[]]
    if _is_general(code):
        return tuple(sections)
    for match in _TOKENS.finditer(code):
        kind, text = match.lastgroup, match[0]
        if text == ";" and kind == "other":
            sections.append([])
        elif kind == "other" or kind in {"quoted", "escaped", "currency"}:
            sections[-1].append(_Token("text", match[kind] or ""))
        elif kind in {"number", "scientific"}:
            sections[-1].append(_Token("number", text))
        elif kind is not None:
            sections[-1].append(_Token(kind, text.lower()))
    return tuple(sections)


def _number_text(value: float, tokens: list[_Token]) -> str:
    """Return a number in a format with placeholders for digits."""
    texts = "".join(token.text for token in tokens if token.kind == "text")
    if "/" in texts or sum(token.kind == "number" for token in tokens) > 1:
        return plain_number(value)
    parts = []
    for token in tokens:
        parts.append(
            _digits(abs(value), token.text, texts) if token.kind == "number" else token.text
        )
    # A cell "-" for zero, or a number in brackets, has its signs in the format.
    return ("-" if value < 0 else "") + "".join(parts).strip()


def _digits(value: float, pattern: str, texts: str) -> str:
    pattern, _, exponent = pattern.upper().partition("E")
    if "%" in texts:
        value *= 100
    # Each comma at the end divides by a thousand.
    value /= 1000.0 ** (len(pattern) - len(pattern.rstrip(",")))
    whole, _, decimals = pattern.rstrip(",").partition(".")
    if exponent:
        return f"{value:.{len(decimals)}E}"
    if not value and not set(pattern) - {"?"}:
        return ""  # a zero in Excel's format for accounts is a dash alone
    text = f"{value:{',' if ',' in whole else ''}.{len(decimals)}f}"
    optional = len(decimals) - len(decimals.rstrip("#?"))
    while optional and text.endswith("0"):
        text, optional = text[:-1], optional - 1
    before, point, after = text.partition(".")
    if "," not in whole:
        before = before.zfill(whole.count("0"))
    return before + (point + after if after else "")


def _date_text(days: float, tokens: list[_Token], from_1904: bool) -> str | None:
    """Return the date or time that a number of days is, None if there is no such date."""
    if not 0 <= days < _MAX_DAYS:
        return None
    # 1900 is taken for a leap year, so the first two months are counted from a day later.
    epoch = _EPOCH_1904 if from_1904 else _EPOCH + datetime.timedelta(days=1 <= days < 60)
    try:
        moment = epoch + datetime.timedelta(seconds=round(days * 86400))
    except OverflowError:
        return None
    twelve = any(token.kind == "ampm" for token in tokens)
    parts, previous = [], ""
    for index, (kind, text) in enumerate(tokens):
        if kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[1]]
            parts.append(str(round(days * 86400) // unit).zfill(len(text) - 2))
            previous = text[1]
        elif kind == "ampm":
            parts.append("AM" if moment.hour < 12 else "PM")
        elif kind == "date":
            following = next((t.text for t in tokens[index + 1 :] if t.kind == "date"), "")
            is_minute = text[0] == "m" and (previous == "h" or following.startswith("s"))
            parts.append(_date_part(moment, "min" if is_minute else text, len(text), twelve))
            previous = text[0]
        else:
            parts.append(text)
    return "".join(parts).strip()


def _date_part(moment: datetime.datetime, text: str, length: int, twelve: bool) -> str:
    """Return one part of a date, such as the month for "mm" or its name for "mmmm"."""
    hour = (moment.hour % 12 or 12) if twelve else moment.hour
    numbers: dict[str, Callable[[], int]] = {
        "min": lambda: moment.minute,
        "m": lambda: moment.month,
        "d": lambda: moment.day,
        "h": lambda: hour,
        "s": lambda: moment.second,
    }
    if text[0] == "y":
        return f"{moment.year:04d}" if length > 2 else f"{moment.year % 100:02d}"
    if text != "min" and text[0] in "md" and length > 2:
        names = _MONTHS if text[0] == "m" else _DAYS
        name = names[moment.month - 1 if text[0] == "m" else moment.weekday()]
        return name if length > 3 else name[:3]
    number = numbers["min" if text == "min" else text[0]]()
    return f"{number:02d}" if length > 1 else str(number)
