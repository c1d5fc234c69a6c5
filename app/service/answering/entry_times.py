"""The times of a log's entries as numbers that can be compared, where they are written in full."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ingest.lines.times import time_stamp

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_ZONE = r" ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
_YEAR, _NAME, _DAY = r"(?P<year>\d{4})", "(?P<name>[A-Z][a-z]{2})", r"(?P<day>\d{1,2})"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:[.,:](?P<part>\d{1,9}))?"
_FORMS = [
    re.compile(form)
    for form in (
        rf"{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.]{_DAY}[T_ ,\t-]{{1,3}}{_CLOCK}{_ZONE}",
        rf"{_DAY}[-/ ]{_NAME}[-/ ]{_YEAR}[: T]{_CLOCK}{_ZONE}",
        rf"{_NAME} {{1,2}}{_DAY} {_CLOCK}",
    )
]
_EPOCH = re.compile(r"(\d{10})(?:\.(\d{1,9})|(\d{3}|\d{6}|\d{9}))?")


def time_of(line: str) -> float | None:
    """Seconds since 1970 of the time at the start of a line; None if none is written in full.

    Without a zone it is taken for UTC; without a year, as syslog writes it, for one of 1972, a
    leap year: such times can be compared with each other only.

    >>> time_of("Mar  1 00:00:01 host cron: ran"), time_of("2024-03-01T00:00:01Z ran")
    (68256001.0, 1709251201.0)
    >>> time_of("nothing happened") is None
    True
    """
    stamp = time_stamp(line)
    if stamp is None:
        return None
    if epoch := _EPOCH.fullmatch(stamp):
        return float(f"{epoch[1]}.{epoch[2] or epoch[3] or 0}")
    found = next(filter(None, (form.fullmatch(stamp) for form in _FORMS)), None)
    return None if found is None else _seconds(found.groupdict())


def has_year(seconds: float) -> bool:
    """Whether a time of `time_of` was written with its year; logs of 1972 there are none."""
    return not 63_072_000 <= seconds < 94_694_400


def _seconds(parts: dict[str, str | None]) -> float | None:
    name = (parts.get("name") or "").lower()
    if name and name not in _MONTHS:
        return None
    month = _MONTHS.index(name) + 1 if name else int(parts["month"] or 0)
    hour, minute, second = (int(parts[key] or 0) for key in ("hour", "minute", "second"))
    try:
        day = datetime(int(parts.get("year") or 1972), month, int(parts["day"] or 0), tzinfo=UTC)
    except ValueError:  # the 31st of June
        return None
    moment = day + timedelta(hours=hour, minutes=minute, seconds=second)
    zone = parts.get("zone") or ""
    if zone[:1] in ("+", "-"):
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        moment -= offset if zone[0] == "+" else -offset
    return moment.timestamp() + float(f"0.{parts.get('part') or 0}")
