"""Logs: time stamps, entries and locators."""

import pytest

from ingest import Limits
from ingest.lines.log import looks_like_log
from ingest.lines.times import time_stamp

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


def test_every_part_of_a_long_entry_has_the_time_of_the_entry(document):
    trace = "".join(f"\tat com.example.Step{at}.run(Step{at}.java:{at})\n" for at in range(60))
    log = (
        "2031-01-25 06:00:00,000 INFO up\n2031-01-25 06:09:30,999 ERROR charge failed\n"
        f"java.lang.IllegalStateException: declined\n{trace}Caused by: SocketTimeout\n"
        "2031-01-25 06:10:00,000 INFO up again\n"
    )
    limits = Limits(target_segment_chars=300, max_segment_chars=500)
    segments = list(document(log.encode(), "app.log", limits=limits).segments())
    assert "".join(segment.text for segment in segments) == log
    assert len(segments) > 4
    assert all(segment.locator.label == "2031-01-25 06:09:30,999" for segment in segments[2:-2])
    (end,) = [segment for segment in segments if "SocketTimeout" in segment.text]
    assert "06:09:30,999" in str(end.locator)


def test_the_entries_of_an_exported_journal_have_their_own_times(document):
    log = "".join(
        f"__CURSOR=s={at}\n__REALTIME_TIMESTAMP=170963280{at}000000\nMESSAGE=up {at}\n\n"
        for at in range(9)
    )
    limits = Limits(target_segment_chars=60, max_segment_chars=120)
    segments = list(document(log.encode(), "j.log", limits=limits).segments())
    assert all(segment.text.startswith("__CURSOR") for segment in segments)
    assert "10:00:03 UTC" in str(segments[3].locator)


def test_a_coloured_log_is_read_and_recognised_without_its_colours(document):
    line = "\x1b[90m2031-01-25 06:00:01\x1b[0m \x1b[31mERROR\x1b[0m failed\n"
    opened = document(line.encode() * 5, "server")
    (segment,) = opened.segments()
    assert opened.kind == "log"
    assert segment.text == "2031-01-25 06:00:01 ERROR failed\n" * 5
    assert segment.locator.label == "2031-01-25 06:00:01"
    assert opened.notes == ["Control sequences for terminals, such as colours, were left out."]


def test_progress_lines_count_as_the_lines_that_stay(document):
    opened = document(b"start\n10%\r20%\r30%\nend\n", "a.log")
    (segment,) = opened.segments()
    assert (segment.text, opened.unit_count) == ("start\n30%\nend\n", 3)


def test_a_log_of_two_encodings_loses_no_character(document):
    data = (
        "06:00:01 déjà reçu\n".encode() * 3 + "06:00:02 Müller prüft Größe\n".encode("cp1252") * 3
    )
    opened = document(data, "a.log")
    text = "".join(segment.text for segment in opened.segments())
    assert text == "06:00:01 déjà reçu\n" * 3 + "06:00:02 Müller prüft Größe\n" * 3
    assert opened.notes == [
        "The text has lines in UTF-8 and lines in another encoding; these were read as cp1252 "
        "(Western European)."
    ]
