"""Long lists in a real browser: screens of sessions, documents and messages, and searches."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

import storage
from benchmarks.many_rows import add_documents, add_messages, add_sessions
from storage import Database
from tests.browser.conftest import Server
from tests.browser.steps import as_of_chip, new_session, session

pytestmark = pytest.mark.slow

COUNT = 120

HELD_ANSWER = """
const {fetch, setTimeout} = window;
window.fetch = async (request, ...options) => {
    const answer = await fetch(request, ...options);
    const isHeld = String(options[0]?.body).includes('"input_value":"report "');
    if (isHeld) await new Promise((over) => setTimeout(over, 1500));
    return answer;
};
"""
LATE_TIMERS = """
const {setTimeout} = window;
let late = 3000;
window.setTimeout = (handler, delay, ...values) => {
    const isFind = JSON.stringify(values[0]?.output?.data ?? '').includes('Everything read so far');
    return setTimeout(handler, isFind ? (late = Math.max(0, late - 300)) : delay, ...values);
};
"""


@pytest.fixture
def filled(page: Page, server: Server) -> Iterator[Page]:
    """A page that shows the session "Archive", among many sessions and with much in it."""
    new_session(page, "Archive")
    with Database(server.data_dir / "ammon.sqlite") as db:
        row = storage.get_session(db, "Archive")
        add_sessions(db, COUNT, row.settings)
        add_documents(db, row, COUNT, {}, [])
        add_messages(db, row, COUNT)
        yield page
        names = [name for name in storage.session_names(db) if name.startswith("Volume ")]
        with db.transaction():
            for name in [*names, "Archive"]:
                storage.delete_session(db, storage.get_session(db, name).id)


def test_long_lists_are_shown_in_screens_and_searched(filled: Page):
    page = filled
    sessions = page.get_by_role("navigation", name="More sessions")
    expect(sessions).to_contain_text(re.compile(r"1–50 of 1\d\d"))
    sessions.get_by_role("button", name="Next sessions").click()
    expect(sessions).to_contain_text(re.compile(r"51–100 of 1\d\d"))
    expect(page.locator(".sessions input")).to_have_count(50)
    page.wait_for_timeout(3500)  # two polls leave the screen as it is
    expect(sessions).to_contain_text(re.compile(r"51–100 of 1\d\d"))
    page.get_by_label("Search sessions").fill("volume 77")
    session(page, "Volume 77").check()
    expect(sessions).to_have_count(0)
    page.get_by_label("Search sessions").fill("archive")
    session(page, "Archive").check()

    documents = page.get_by_role("navigation", name="More documents")
    expect(page.locator(".doc")).to_have_count(50)
    documents.get_by_role("button", name="Next documents").click()
    expect(documents).to_contain_text(f"51–100 of {COUNT}")
    page.get_by_label("Search documents").fill("report 117")
    expect(page.locator(".doc")).to_have_count(1)
    expect(page.locator(".doc-title")).to_have_text("report 117")
    page.get_by_label("Search documents").fill("")
    expect(page.locator(".doc")).to_have_count(50)

    messages = page.get_by_role("navigation", name="More messages")
    expect(messages).to_contain_text(f"21–120 of {COUNT}")
    messages.get_by_role("button", name="Previous messages").click()
    expect(messages).to_contain_text(f"1–100 of {COUNT}")
    expect(page.get_by_role("log")).to_contain_text("Message 0:")
    find = page.get_by_label("Find in the conversation")
    find.fill("message 7:")
    find.press("Enter")
    expect(page.get_by_role("log").locator(".message").last).to_contain_text("Message 7:")

    as_of_chip(page).click()
    places = page.get_by_label("Answer as of")
    places.click()
    expect(page.get_by_role("option", name="report 120, lines 1–2")).to_be_attached()
    places.press_sequentially("report 3", delay=50)
    expect(page.get_by_role("option", name="report 3, lines 1–2")).to_be_attached()


@pytest.mark.parametrize("busy", [HELD_ANSWER, LATE_TIMERS], ids=["answer", "timers"])
def test_what_the_last_key_found_is_shown_on_a_busy_machine_too(filled: Page, busy: str):
    page = filled
    page.add_init_script(busy)
    page.reload()
    expect(session(page, "Archive")).to_be_checked()
    as_of_chip(page).click()
    places = page.get_by_label("Answer as of")
    expect(page.get_by_role("option", name="report 120, lines 1–2")).to_be_attached()
    places.press_sequentially("report 3", delay=50)
    expect(page.get_by_role("option", name="report 3, lines 1–2")).to_be_attached()
    page.wait_for_timeout(3500)  # nothing that is late takes it away again
    expect(page.get_by_role("option", name="report 3, lines 1–2")).to_be_attached()


def test_short_lists_have_no_buttons_to_other_screens(page: Page):
    new_session(page, "Short")
    expect(page.locator(".empty")).to_be_visible()
    expect(page.locator(".pager:visible")).to_have_count(0)
    for label in ("Search documents", "Find in the conversation"):
        expect(page.get_by_label(label)).to_be_hidden()
