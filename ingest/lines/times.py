"""Finds the time of a log's entry in its first line, in the formats that programs write.

Knows no files. A time is near the start of its line: at the start, after what some programs write
before it (a level, a host, a process), in brackets, or behind a key ("time=", "ts":).
"""

import re
from datetime import UTC, datetime, timedelta

from ingest.naming import clean_line

# The rest of a line is not searched.
_WITHIN_CHARS = 200
_MAX_STAMP_CHARS = 40

_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
_ZONE_NAME = "(?:UTC|GMT|[CE]ES?T|[ECMP][SD]T|[BIJKN]ST|MSK|AE[SD]T|NZ[SD]T|SGT)"
_ZONE = rf"(?: ?(?:Z|{_ZONE_NAME}|[+-]\d{{2}}:?\d{{2}}))?"
_HALF = r"(?: ?[AaPp]\.?[Mm]\.?)?"
_MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    "|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? +)"
# A date with its time: years first, days or months first, names of months.
_DATED = (
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[T_ ,\t]{{1,3}}|-){_CLOCK}{_HALF}{_ZONE}"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})[T ,\t]{{1,3}}{_CLOCK}{_HALF}{_ZONE}"
    rf"|{_WEEKDAY}?\d{{1,2}}[-/ .]{_MONTH}[-/ .]\d{{2,4}}[: ,T]{{1,2}}{_CLOCK}{_HALF}{_ZONE}"
    rf"|{_WEEKDAY}?{_MONTH} +\d{{1,2}},? \d{{4}},? {_CLOCK}{_HALF}{_ZONE}"
    rf"|{_WEEKDAY}{_MONTH} +\d{{1,2}} {_CLOCK}(?: {_ZONE_NAME})?(?: \d{{4}})?"
    r"|\d{4}-\d{2}-\d{2}-\d{2}\.\d{2}\.\d{2}(?:\.\d{1,9})?"
    r"|\d{8}T\d{6}(?:[.,]\d{1,9})?Z?(?=\W)|\d{8}-\d{1,2}:\d{1,2}:\d{1,2}:\d{1,3}(?=\|)"
)
# Times that only the start of a line makes recognisable, in this order: syslog; glog; Android;
# compact dates; a time of day; seconds and their parts since 1970; seconds since the start.
_BARE = (
    rf"{_MONTH} {{1,2}}\d{{1,2}} {_CLOCK}"
    rf"|(?<=[IWEFDV])\d{{4}} {_CLOCK}"
    rf"|\d{{2}}-\d{{2}} {_CLOCK}"
    rf"|\d{{6}} {{1,2}}{_CLOCK}|\d{{6}} \d{{6}}(?= \d{{1,6}} [A-Z])"
    rf"|{_CLOCK}{_HALF}(?=[\s\]|,])"
    r"|\d{10}(?:\d{3}|\d{6}|\d{9}|\.\d{1,9})?(?=[\s\]:|,])"
    r"| *\d{1,8}\.\d{6}(?=\])"
)
# What programs write before the time. A priority of syslog, a container, a process, a level.
_BEFORE = (
    r"(?:<\d{1,3}>(?:\d )?)?(?:[\w.@/-]{1,60} {1,20}\| )?(?:\d{1,7}: ?\*?|\d{1,7}:[A-Z] )?\*?"
    r"[\[(\"\']?(?:(?:[A-Z]{4,8}|[A-Z][a-z]{3,7})[:, \t]{1,8}|[A-Z],? (?=\[))?"
    r"[\[(\"\']?(?:[IWEFDV](?=\d{4} \d{2}:))?"
)
_AT_START = re.compile(rf"{_BEFORE}(?P<stamp>{_DATED}|{_BARE})")
_KEY = r"(?:@?timestamp|date_?time|time|asctime|ts|t|date|eventTime|event_time)"
# Behind a key, as in logfmt; in the brackets of a web server; journald's export; the audit log.
_INSIDE = re.compile(
    rf"(?:^|[\s{{,;|]){_KEY}=\"?(?P<logfmt>{_DATED}|\d{{10}}(?:\d{{3}}|\d{{6}}|\d{{9}}|\.\d{{1,9}})?\b)"
    rf"|\[(?P<web>\d{{1,2}}/{_MONTH}/\d{{4}}:{_CLOCK}(?: [+-]\d{{4}})?)\]"
    r"|^_?_REALTIME_TIMESTAMP=(?P<journal>\d{16})"
    r"|\bmsg=audit\((?P<audit>\d{10}\.\d{3}):"
    rf"|^Started [A-Z]+ \".{{0,120}}\" for \S+ at (?P<rails>{_DATED})"
    # Further inside a line: only a whole date with its time, behind a few words without brackets.
    r"|^(?!Caused by|Suppressed)(?:[\w.:@/,\[\]=#>-]{1,60}[ \t|]{1,3}){1,4}[\[(]?"
    rf"(?P<late>{_DATED})"
)
_IN_JSON = re.compile(
    r"\"(?:@?timestamp|ts|time|t|date|datetime|eventTime|asctime)\"\s?:\s?(?:\{\"\$date\"\s?:\s?)?"
    r"\"?(?P<stamp>[^\",}]{8,40})"
)
_EPOCH = re.compile(r"(\d{10})(?:(\d{3})|(\d{6})|(\d{9})|\.(\d{1,9}))?")
# 2001 to 2100: other numbers of ten digits are not times.
_FIRST_EPOCH, _LAST_EPOCH = 978_307_200, 4_102_444_800
# The first line of an entry of journald's export, which comes before the time.
_ENTRY_BEFORE_TIME = "__CURSOR="


def time_stamp(line: str) -> str | None:
    """Return the time stamp at the start of a line as it is written there, None without one."""
    if line[:1].isspace() and not line[:1] == " ":
        return None
    head = line[:_WITHIN_CHARS]
    match = _AT_START.match(head)
    if match:
        return _checked(match["stamp"])
    if ":" not in head and "=" not in head:
        return None
    if head.startswith("{"):
        found = _IN_JSON.search(head) or _IN_JSON.search(line[-_WITHIN_CHARS:])
        return found["stamp"].strip() if found and _is_time(found["stamp"]) else None
    inside = None if head.startswith(" ") else _INSIDE.search(head)
    return _checked(inside[inside.lastgroup]) if inside and inside.lastgroup else None


def begins_entry_before_time(line: str) -> bool:
    """Return whether a line begins an entry whose time is in a later line."""
    return line.startswith(_ENTRY_BEFORE_TIME)


def shown_time(stamp: str) -> str:
    """Return a time stamp for a locator; the date is added to a count of seconds since 1970.

    >>> shown_time("1709632800.5"), shown_time("06:00:01")
    ('1709632800.5 = 2024-03-05 10:00:00 UTC', '06:00:01')
    """
    stamp = clean_line(stamp, _MAX_STAMP_CHARS)
    match = _EPOCH.fullmatch(stamp)
    if match is None or not _FIRST_EPOCH <= int(match[1]) < _LAST_EPOCH:
        return stamp
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(match[1]))
    return f"{stamp} = {moment:%Y-%m-%d %H:%M:%S} UTC"


def time_span(first: str | None, last: str | None) -> str | None:
    """Return "first – last" as a label for a locator; one time if they are equal or one is None."""
    stamps = [shown_time(stamp) for stamp in (first, last) if stamp]
    return " – ".join(dict.fromkeys(stamps)) or None


def _checked(stamp: str) -> str | None:
    """Return a stamp without spaces around it; None for a number that is no count of seconds."""
    stamp = stamp.strip()
    epoch = _EPOCH.fullmatch(stamp)
    if epoch and not _FIRST_EPOCH <= int(epoch[1]) < _LAST_EPOCH:
        return None
    return stamp


def _is_time(text: str) -> bool:
    return re.match(_DATED, text) is not None or _EPOCH.fullmatch(text.strip()) is not None
