"""A browser learns in a word whether anything has changed, and is shown all changes at once."""

import threading

import pytest

from app.web.events import Handler
from app.web.update.combined import combined
from app.web.update.mark import ChangeMark
from app.web.update.tab import shown_html


def test_a_mark_is_another_text_after_a_change_and_after_a_restart():
    now = ["a"]
    mark = ChangeMark(lambda: now[0])
    first = mark.text()
    assert mark.text() == first
    now[0] = "b"
    second = mark.text()
    now[0] = "a"
    assert len({first, second, mark.text()}) == 3, "what was before is not what is now"
    assert ChangeMark(lambda: "a").text() != first, "of another server"


def test_a_look_that_takes_long_does_not_stand_for_a_later_one():
    values, is_slow, may_end = iter(["before", "after", "after"]), threading.Event(), []

    def look() -> str:
        value = next(values)
        if value == "before":
            is_slow.set()
            may_end.append(threading.Event())
            may_end[0].wait(0.3)  # another page looks meanwhile
        return value

    mark, seen = ChangeMark(look), []
    slow = threading.Thread(target=lambda: seen.append(mark.text()))
    slow.start()
    is_slow.wait()
    after = mark.text()
    slow.join()
    assert mark.text() == after != seen[0]


@pytest.mark.parametrize(
    "asked, mark, choice",
    [
        ({"mark": "0a1b-7", "choice": 3}, "0a1b-7", 3),
        ({"mark": '"><script>', "choice": "3"}, "", 0),
        ({"mark": None, "choice": -1}, "", 0),
        ({"mark": ["0a1b-7"], "choice": 2**60}, "", 0),
        ({}, "", 0),
    ],
)
def test_what_is_shown_is_said_of_a_mark_only(asked, mark, choice):
    assert shown_html(asked, True) == f'<span data-mark="{mark}" data-choice="{choice}"></span>'
    assert 'data-mark=""' in shown_html(asked, False), "it is to be looked at once more"


def test_handlers_read_once_and_each_gets_the_values_of_its_own_inputs():
    reads = []
    handler = combined(
        [
            Handler(lambda found, a, b: (found + a, b), ["a", "b"], ["x", "y"]),
            Handler(lambda found: (found,), [], ["z"]),
            Handler(lambda found, c: (c,), ["c"], ["w"]),
        ],
        "first",
        lambda value: reads.append(value) or value * 10,
    )
    assert handler.inputs == ["first", "a", "b", "c"] and handler.outputs == ["x", "y", "z", "w"]
    assert handler.function(1, 2, 3, 4) == (12, 3, 10, 4) and reads == [1]
