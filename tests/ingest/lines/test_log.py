"""Logs: time stamps, entries and locators."""

import pytest

from ingest import Limits
from ingest.lines.log import looks_like_log, time_stamp

ACCESS = '37.57.136.68 - - [25/Jan/2031:06:00:06 +0000] "GET / HTTP/1.1" 304 49284\n'


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("2031-01-25T06:00:01.335Z INFO up\n", "2031-01-25T06:00:01.335Z"),
        ("2031-01-25 06:00:01,335 INFO up", "2031-01-25 06:00:01,335"),
        ("2031/01/25 06:00:01 [error] 7#7: *1 open() failed", "2031/01/25 06:00:01"),
        ("[2031-01-25 06:00:01 +0100] GET /", "2031-01-25 06:00:01 +0100"),
        ("INFO 2031-01-25 06:00:01 app.py started", "2031-01-25 06:00:01"),
        ("Jan 25 06:00:01 node03 dhclient: bound", "Jan 25 06:00:01"),
        ("<34>1 2031-01-25T06:00:01Z host app - - up", "2031-01-25T06:00:01Z"),
        ("[   12.345678] usb 1-1: new device", "12.345678"),
        (ACCESS, "25/Jan/2031:06:00:06 +0000"),
        ("06:00:01 tick", "06:00:01"),
        ("  at com.example.Main(Main.java:12)", None),
        ("Jan met Kim at 06:00:01", None),
        ("2031-01-25 was a Saturday", None),
        ("", None),
    ],
)
def test_the_time_stamp_of_a_line(line, stamp):
    assert time_stamp(line) == stamp


def test_a_long_line_without_a_time_stamp_takes_no_time():
    assert time_stamp("x" * 10**7) is None
    assert time_stamp(("x" * 90 + " ") * 10**5) is None


def test_segments_have_whole_lines_and_locators_have_their_times(document):
    lines = [f"2031-01-25 06:{at:02}:00 worker {at} is up and running\n" for at in range(60)]
    opened = document("".join(lines).encode(), "app.log")
    segments = list(opened.segments())
    assert "".join(segment.text for segment in segments) == "".join(lines)
    assert all(segment.text.endswith("\n") for segment in segments)
    first = segments[0].locator
    assert str(first) == (
        f"lines 1–{first.end} (2031-01-25 06:00:00 – 2031-01-25 06:{first.end - 1:02}:00)"
    )
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("log", "line", 60)


def test_a_stack_trace_stays_with_its_entry(document):
    entry = "Jan 25 06:00:01 app: failed\n  at one\n  at two\n  at three\n"
    limits = Limits(target_segment_chars=100, max_segment_chars=150)
    for segment in document((entry * 20).encode(), "app.log", limits=limits).segments():
        assert segment.text.startswith("Jan") and segment.text.endswith("three\n")


@pytest.mark.parametrize("name", ["syslog", "access.log.1", "messages-20310125"])
def test_a_log_without_a_suffix_is_recognised_by_its_lines(document, name):
    assert document(ACCESS.encode() * 5, name).kind == "log"


def test_a_text_with_a_few_times_in_it_is_not_a_log():
    assert not looks_like_log("A diary\n\n06:00:01 Up.\nThen tea.\nThen work.\n")


def test_a_log_without_time_stamps_is_read(document):
    (segment,) = document(b"started\nstopped\n", "a.log").segments()
    assert str(segment.locator) == "lines 1–2"
