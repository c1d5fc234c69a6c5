"""Times in the first lines of log entries, as programs write them."""

import time

import pytest

from ingest.lines.times import shown_time, time_span, time_stamp

WEB = '10.0.0.1 - - [05/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 200'


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("I1125 14:10:40.123456   42 server.cc:88] up", "1125 14:10:40.123456"),
        ('time="2024-03-05T10:00:00Z" level=info msg="up"', "2024-03-05T10:00:00Z"),
        ("level=info ts=1709632800.123 msg=x", "1709632800.123"),
        ("05-Mar-2024 10:00:00.123 INFO [main] up", "05-Mar-2024 10:00:00.123"),
        ("[Tue Mar 05 10:00:00.123456 2024] [core:error] bad", "Tue Mar 05 10:00:00.123456 2024"),
        ("2024-03-05T10:00:00.123456789Z stderr F bad", "2024-03-05T10:00:00.123456789Z"),
        ("2024/03/05 10:00:00 [error] 7#7: bad", "2024/03/05 10:00:00"),
        ("05/03/2024 10:00:00 INFO up", "05/03/2024 10:00:00"),
        ("05.03.2024 10:00:00 INFO up", "05.03.2024 10:00:00"),
        ("3/5/2024, 10:00:00 PM - up", "3/5/2024, 10:00:00 PM"),
        ("Tue Mar  5 10:00:00 2024: up", "Tue Mar  5 10:00:00 2024"),
        ("Mar  5 10:00:00 host app[1]: up", "Mar  5 10:00:00"),
        ("Mar  5 2024 10:00:00 host app[1]: up", "Mar  5 2024 10:00:00"),
        ("Mar 05, 2024 10:00:00 AM com.example.Main up", "Mar 05, 2024 10:00:00 AM"),
        ("<34>Oct 11 22:14:15 host su: no", "Oct 11 22:14:15"),
        ("<165>1 2003-10-11T22:14:15.003Z host app - - up", "2003-10-11T22:14:15.003Z"),
        (WEB, "05/Mar/2024:10:00:00 +0000"),
        (f"example.com:80 {WEB}", "05/Mar/2024:10:00:00 +0000"),
        *[(f"1709632800{more} up", f"1709632800{more}") for more in ("", ".5", "123", "123456")],
        ("[1709632800] up", "1709632800"),
        ("01-02 15:04:05.123  12  34 I Tag: up", "01-02 15:04:05.123"),
        ("2016-09-28 04:30:30, Info   CBS    Loaded", "2016-09-28 04:30:30"),
        ("2016-09-28\t04:30:30:123\t 123", "2016-09-28\t04:30:30:123"),
        ("17/06/09 20:10:40 INFO executor", "17/06/09 20:10:40"),
        ("081109 203615 148 INFO dfs", "081109 203615"),
        ("2024-03-05 10:00:00,123 - name - INFO - up", "2024-03-05 10:00:00,123"),
        ("I, [2024-03-05T10:00:00.123456 #12]  INFO -- : up", "2024-03-05T10:00:00.123456"),
        ('Started GET "/" for 127.0.0.1 at 2024-03-05 10:00:00 +0000', "2024-03-05 10:00:00 +0000"),
        ("1234:M 05 Mar 2024 10:00:00.123 * Ready", "05 Mar 2024 10:00:00.123"),
        ("240305  9:00:00 [Note] mysqld", "240305  9:00:00"),
        ("2024-03-05 10:00:00.123 CET [77] LOG:  up", "2024-03-05 10:00:00.123 CET"),
        ("web_1  | 2024-03-05 10:00:00 up", "2024-03-05 10:00:00"),
        ("INFO:     2024-03-05 10:00:00 up", "2024-03-05 10:00:00"),
        ("20171223-22:15:29:606|Step|up", "20171223-22:15:29:606"),
        ("*Mar  5 10:00:00.123: %LINK-3-UPDOWN", "Mar  5 10:00:00.123"),
        ("type=SYSCALL msg=audit(1709632800.123:456): x", "1709632800.123"),
        ("__REALTIME_TIMESTAMP=1709632800123456", "1709632800123456"),
        ('{"log":"up\\n","stream":"stdout","time":"2024-03-05T10:00:00Z"}', "2024-03-05T10:00:00Z"),
        ('{"level":30,"time":1709632800123,"pid":1}', "1709632800123"),
        ("[main] INFO 2024-03-05 10:00:00 up", "2024-03-05 10:00:00"),
        ("[INFO ] [2024-03-05 10:00:00] up", "2024-03-05 10:00:00"),
        ("[10:00:00 INFO]: up", "10:00:00"),
        (">>>  Section start 2024/03/05 10:00:00.123", "2024/03/05 10:00:00.123"),
    ],
)
def test_the_time_of_an_entry_in_the_formats_of_programs(line, stamp):
    assert time_stamp(line) == stamp


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Traceback (most recent call last):",
        "\tat Main.run(Main.java:12) 2024-03-05 10:00:00",
        "    2024-03-05 is a date",
        "Caused by: x.Error: since 2024-03-05 10:00:00",
        "The meeting of 2024-03-05 was moved to 10:00",
        "12:30 lunch",
        "call 5551234567 now",
        "0000000001 is no time",
        '{"msg": "no time here", "time": "soon enough"}',
    ],
)
def test_lines_without_a_time_of_their_own(line):
    assert time_stamp(line) is None


@pytest.mark.parametrize(
    "part", ["x", "1", ":", "a:1|", "- ", "a.b ", "Jan ", "[", "10:00:0", '{"t":']
)
def test_a_hostile_line_takes_no_time(part):
    start = time.process_time()
    for _ in range(20):
        time_stamp(part * 100_000)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "stamp", ["1709632800", "1709632800123", "1709632800123456", "1709632800.5"]
)
def test_a_count_of_seconds_is_shown_with_its_date(stamp):
    assert shown_time(stamp) == f"{stamp} = 2024-03-05 10:00:00 UTC"


def test_a_span_of_equal_times_is_one_time():
    assert time_span("10:00:00", "10:00:00") == "10:00:00"
    assert time_span("10:00:00", None) == "10:00:00"
    assert time_span(None, None) is None
