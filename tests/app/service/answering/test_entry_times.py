"""Times of log entries can be compared, whatever program wrote them."""

import pytest

from app.service.answering.entry_times import has_year, time_of


@pytest.mark.parametrize(
    "line",
    [
        "2024-03-05T10:00:00Z started",
        "2024-03-05 10:00:00 started",
        "2024-03-05 12:00:00+02:00 started",
        "2024-03-05T05:30:00-0430 started",
        "[2024/03/05 10:00:00] started",
        '1.2.3.4 - - [05/Mar/2024:11:00:00 +0100] "GET /"',
        "1709632800 started",
    ],
)
def test_one_moment_is_one_number(line):
    assert time_of(line) == 1_709_632_800.0 and has_year(time_of(line))


def test_parts_of_a_second_and_days_are_in_order():
    lines = ["Feb 28 23:59:59 a", "Feb 29 00:00:00 b", "Mar  1 00:00:00 c"]
    times = [time_of(line) for line in lines]
    assert times == sorted(times) and not any(map(has_year, times))
    assert time_of("2024-03-05 10:00:00.250 x") - time_of("2024-03-05 10:00:00,125 x") == 0.125


@pytest.mark.parametrize(
    "line", ["", "started", "10:00:00 started", "Jun 31 10:00:00 x", "  at f()"]
)
def test_what_is_not_written_in_full_has_no_time(line):
    assert time_of(line) is None
