"""What survives a reload, a second page and a killed server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, opened
from tests.browser.steps import (
    LONG_DAYS,
    LONG_MS,
    LONG_QUESTION,
    ask,
    expect_answered,
    last_answer,
    new_session,
    open_tab,
    read,
    session,
    upload,
    voyage,
)

pytestmark = pytest.mark.slow

LOST = ("Failed to load resource: net::ERR_", "TypeError: network error")
"""What the browser says when the server is gone: of a request, and of one that was under way."""


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own that a test may kill."""
    server = Server(tmp_path / "data", tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def second(browser: Browser, server: Server) -> Iterator[Page]:
    """The same page in another window."""
    yield from opened(browser, server)


def test_a_question_is_answered_while_reading_and_across_a_reload(page: Page, tmp_path: Path):
    new_session(page, "Voyage")
    upload(page, voyage(tmp_path, days=600))
    document = page.locator(".doc.reading")
    expect(document).to_contain_text("tokens/s", timeout=LONG_MS)
    expect(document.get_by_role("progressbar")).to_have_attribute(
        "aria-valuenow", re.compile("[1-9]")
    )
    open_tab(page, "Memory & savings")
    held = page.get_by_label("What the model holds")
    expect(held).to_be_visible()
    before = held.inner_text()
    expect(held).not_to_have_text(before, use_inner_text=True, timeout=LONG_MS)  # it is live
    new_session(page, "Another")
    session(page, "Voyage").check()
    expect(page.locator(".doc.reading")).to_have_count(1)
    ask(page, "Who was the cook of the brig Halcyon?")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_enabled(timeout=LONG_MS)
    page.reload()
    expect(session(page, "Voyage")).to_be_checked()
    expect(last_answer(page)).to_contain_text("Wrenn", timeout=LONG_MS)
    expect_answered(page)
    expect(page.locator(".doc")).to_contain_text("voyage")
    # It would be read beside all tests that come after this one.
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Undo: bring back “Voyage”")).to_be_visible(
        timeout=LONG_MS
    )


def test_an_answer_streams_to_two_pages_of_a_session_and_either_can_stop_it(
    page: Page, second: Page, story: Path, tmp_path: Path
):
    read(page, "Both", story)
    upload(page, voyage(tmp_path, days=LONG_DAYS))
    expect(page.locator(".doc.done")).to_have_count(2, timeout=LONG_MS)
    session(second, "Both").check()
    ask(page, LONG_QUESTION)
    stop = second.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled(timeout=LONG_MS)
    stop.click()
    expect(last_answer(page)).to_contain_text("Stopped here", timeout=LONG_MS)
    second.reload()
    expect(session(second, "Both")).to_be_checked()
    ask(second, "What was the parrot's name?")
    expect_answered(second)
    for each in (page, second):
        expect(last_answer(each)).to_contain_text("Ozymandias", timeout=LONG_MS)
        expect(each.get_by_role("log").locator(".user.message")).to_have_count(1)
    ask(page, LONG_QUESTION)
    expect(second.get_by_role("log")).to_contain_text(LONG_QUESTION, timeout=LONG_MS)
    ask(second, "When did the lamp go out?")
    expect(second.locator(".toast-body")).to_contain_text("is being answered: wait")


def test_a_killed_server_resumes_reading_and_answers(
    browser: Browser, own_server: Server, story: Path, tmp_path: Path
):
    for page in opened(browser, own_server, expected=LOST):
        read(page, "Killed", story)
        new_session(page, "Other")
        session(page, "Killed").check()
        upload(page, voyage(tmp_path, days=150))
        expect(page.locator(".doc.reading")).to_contain_text("tokens/s", timeout=LONG_MS)
        own_server.kill()
        expect(page.locator(".toast-body")).to_contain_text("Connection to the server was lost")
        own_server.start()
        expect(page.locator(".toast-body")).to_have_count(0, timeout=LONG_MS)
        expect(session(page, "Killed")).to_be_checked(timeout=LONG_MS)
        expect(page.locator(".doc.done")).to_contain_text(story.stem)
        expect(page.locator(".doc.reading")).to_contain_text("tokens/s", timeout=LONG_MS)
        ask(page, "What was the parrot's name?")
        expect(last_answer(page)).to_contain_text("Ozymandias", timeout=LONG_MS)
        expect_answered(page)
        expect(page.locator(".doc.done")).to_have_count(2, timeout=LONG_MS)
