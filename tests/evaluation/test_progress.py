"""The progress of an evaluation: a line only if there is something new; the rate is of this run."""

import pytest

from evaluation import progress as module
from evaluation.progress import EVERY_S, STALLED_EVERY_S, RunProgress
from evaluation.tasks.item import Item

ITEM = Item("q", (("The mill", "The miller kept a lamp."),), "What?", "", ("a lamp",), (), 6, "f1")


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def lines():
    return []


@pytest.fixture
def progress(clock, lines):
    made = RunProgress("memory", [[("batch", ITEM)]], 1, lines.append)
    made.library_begins([("batch", ITEM)])
    return made


def reported(progress, clock, tokens, seconds, step=0.5):
    for _ in range(int(seconds / step)):
        clock.now += step
        progress.reading(tokens, 10_000)


def test_a_line_is_printed_only_when_more_is_read(progress, clock, lines):
    progress.reading(0, 10_000)
    reported(progress, clock, 1000, EVERY_S)
    assert lines == [
        "memory: reading, 1,000 of 10,000 tokens, 200 tokens/s, about 45 s left for this text"
    ]
    reported(progress, clock, 1000, STALLED_EVERY_S - 1)
    assert len(lines) == 1
    reported(progress, clock, 1000, 1)
    assert len(lines) == 2 and lines[1].startswith(
        "memory: reading, 1,000 of 10,000 tokens, none in"
    )
    reported(progress, clock, 5000, EVERY_S)
    assert len(lines) == 3 and "5,000 of 10,000" in lines[2]
    assert len(set(lines)) == len(lines)


def test_nothing_is_printed_before_the_first_token(progress, clock, lines):
    reported(progress, clock, 0, 10 * STALLED_EVERY_S)
    assert lines == []


def test_the_rate_does_not_count_what_an_earlier_run_has_read(progress, clock, lines):
    progress.reading(8000, 10_000)
    reported(progress, clock, 8100, EVERY_S)
    assert lines == [
        "memory: reading, 8,100 of 10,000 tokens, 20 tokens/s, about 2 min left for this text"
    ]
