"""Pages are drawn one at a time, seldom, and only if somebody asks."""

import threading
import time

from app.web.reading.page_drawer import MAX_KEPT, REST_S, REST_SHARE, PageDrawer
from ingest import DamagedDocument


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(drawer, document, page, clock=None):
    """Ask until it is drawn; with a clock, after rests that are over at once."""
    deadline = time.monotonic() + 30
    while (found := drawer.picture(document, page)) is None or found.page_index != page:
        assert time.monotonic() < deadline
        if clock is not None:
            clock.now += 1000
        time.sleep(0.005)
    return found


def test_a_page_is_drawn_in_the_background_and_the_next_one_after_a_rest():
    clock, asked, may_end = Clock(), [], threading.Event()

    def draw(document: int, page: int) -> str:
        asked.append((document, page))
        assert may_end.wait(30)
        clock.now += 1.0 if page == 5 else 0.1
        return f"page {page}"

    drawer = PageDrawer(draw, clock)
    assert drawer.picture(1, 5) is None and drawer.picture(2, 1) is None
    may_end.set()
    assert drawn(drawer, 1, 5).html == "page 5"
    assert drawer.picture(1, 6).page_index == 5 and asked == [(1, 5)]
    clock.now += REST_SHARE - 1
    assert drawer.picture(1, 7).page_index == 5 and asked == [(1, 5)], "it took a second"
    clock.now += 1.5
    assert drawn(drawer, 1, 7).html == "page 7" and asked == [(1, 5), (1, 7)]
    clock.now += REST_S + 1
    drawer.picture(1, 7)
    assert asked == [(1, 5), (1, 7)], "it is drawn already"


def test_what_cannot_be_drawn_has_no_picture_and_others_are_drawn():
    clock = Clock()

    def draw(document: int, page: int) -> str:
        if document == 1:
            raise DamagedDocument("It is damaged.")
        return f"{document}"

    drawer = PageDrawer(draw, clock)
    assert drawer.picture(1, 0) is None
    for document in range(2, MAX_KEPT + 4):
        assert drawn(drawer, document, 0, clock).html == str(document)
    assert drawer.picture(1, 0) is None and len(drawer._drawn) <= MAX_KEPT
