"""A newer event of a page ends what an earlier one still shows; others go on."""

from types import SimpleNamespace

import gradio as gr

from app.web import latest
from app.web.latest import Latest

SKIPPED = (gr.skip(),)


def of_page(name: str) -> SimpleNamespace:
    return SimpleNamespace(session_hash=name)


def two(name: str):
    return iter([(f"the text of {name}",), (f"the picture of {name}",)])


def test_an_earlier_page_is_not_shown_after_a_later_one():
    newest = Latest()
    first = newest.of(of_page("a"), two("page 1"))
    assert next(first) == ("the text of page 1",)
    second = newest.of(of_page("a"), two("page 2"))
    assert next(second) == ("the text of page 2",)
    assert list(first) == [SKIPPED], "its picture comes too late"
    assert list(second) == [("the picture of page 2",)]


def test_other_pages_and_no_page_at_all_do_not_matter():
    newest = Latest()
    first = newest.of(of_page("a"), two("page 1"))
    next(first)
    assert len(list(newest.of(of_page("b"), two("page 2")))) == 2
    assert len(list(newest.of(None, two("page 3")))) == 2
    assert list(first) == [("the picture of page 1",)]


def test_only_so_many_pages_are_kept(monkeypatch):
    monkeypatch.setattr(latest, "MAX_PAGES", 2)
    newest = Latest()
    events = {name: newest.of(of_page(name), two(name)) for name in "abc"}
    for event in events.values():
        next(event)
    assert list(events["a"]) == [SKIPPED], "it was forgotten, and the page can ask again"
    assert list(events["c"]) == [("the picture of c",)]
