"""Take screenshots of each state of the page from a running Ammon.

    python docs/screenshots.py URL SESSION QUESTION BOOK

Needs the packages of requirements-dev.txt, and Chromium. SESSION is the name of a session that has
read an answer to QUESTION. BOOK is a file that takes a while to read: it is photographed while it
is read into a new session, which is then deleted.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

IMAGES = Path(__file__).parent / "images"
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
ANSWER_MS = 180_000


def take(url: str, session: str, question: str, book: str) -> None:
    """Write the screenshots to docs/images: answering, an empty session, reading, dark and phone.

    Args:
        url: address of the running page.
        session: name of a session that has read an answer to `question`.
        question: asked in `session`.
        book: path of a file that is read into a new session.

    Raises:
        AssertionError: the page does not reach an expected state in time.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        with _page(browser, url, WIDE) as page:
            _take_answer(page, session, question)
            _take_new_session(page, book)
        with _page(browser, url, WIDE, color_scheme="dark") as page:
            _select_session(page, session)
            page.locator(".option").first.click()
            _wait_for_passage(page)
            _save(page, "dark")
        with _page(browser, url, PHONE, has_touch=True) as page:
            page.get_by_label("Show or hide sessions and sources").click()
            _select_session(page, session)
            page.get_by_label("Show or hide sessions and sources").click()
            _save(page, "phone")
        browser.close()


@contextmanager
def _page(browser: Browser, url: str, size: Any, **context: Any) -> Iterator[Page]:
    page = browser.new_page(viewport=size, **context)
    page.goto(url)
    expect(page.locator(".sessions label").first).to_be_attached()
    page.wait_for_timeout(1000)
    yield page
    page.close()


def _take_answer(page: Page, session: str, question: str) -> None:
    _select_session(page, session)
    page.get_by_label("Question", exact=True).fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled(timeout=ANSWER_MS)
    expect(stop).to_be_disabled(timeout=ANSWER_MS)
    _save(page, "answer")
    page.locator(".option").first.click()
    _wait_for_passage(page)
    _save(page, "passage")
    page.get_by_role("tab", name="Memory & savings").click()
    expect(page.locator(".tiles")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 1480})
    page.wait_for_timeout(2000)  # until the plots are drawn
    _save(page, "memory")
    page.set_viewport_size(WIDE)  # the lower part of Settings shows directories of this machine
    page.get_by_role("tab", name="Settings").click()
    page.wait_for_timeout(1500)
    _save(page, "settings")


def _take_new_session(page: Page, book: str) -> None:
    page.get_by_role("tab", name="Chat").click()
    page.get_by_label("Name of a new session").fill("A new shelf")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("radio", name="A new shelf")).to_be_checked()
    _save(page, "empty")
    page.get_by_label("Name of a new session").fill("A new shelf")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator(".toast-body")).to_be_visible()
    _save(page, "error")
    page.set_input_files("#sources input[type=file]", [book])
    expect(page.locator(".doc.reading .facts")).to_contain_text("left", timeout=ANSWER_MS)
    expect(page.locator(".toast-body")).to_have_count(0, timeout=20_000)
    _save(page, "library")
    page.get_by_role("button", name="Delete", exact=True).click()
    undo = page.get_by_role("button", name="Undo: bring back “A new shelf”")
    expect(undo).to_be_visible(timeout=ANSWER_MS)  # the model ends the slice that it reads


def _select_session(page: Page, session: str) -> None:
    page.get_by_role("radio", name=session).check()
    page.wait_for_timeout(1500)


def _wait_for_passage(page: Page) -> None:
    """Wait until the passage and the image of its page are shown; not every document has pages."""
    expect(page.locator("#reader mark").first).to_be_attached(timeout=ANSWER_MS)
    expect(page.get_by_text("being drawn")).to_have_count(0, timeout=ANSWER_MS)


def _save(page: Page, name: str) -> None:
    page.mouse.move(0, 0)  # over nothing that changes its colour
    page.wait_for_timeout(600)  # until elements have faded in
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    take(*sys.argv[1:5])
