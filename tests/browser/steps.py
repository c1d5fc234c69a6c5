"""Steps that a person takes on the page, shared by the tests."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

LONG_MS = 120_000
LONG_QUESTION = "Write Python code for a class Lighthouse with a keeper, a parrot and a lamp."
"""Its answer takes about ten seconds on an idle machine."""


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def new_session(page: Page, name: str) -> Locator:
    """Make a session; returns its entry in the sidebar."""
    page.get_by_label("Name of a new session").fill(name)
    page.get_by_role("button", name="New", exact=True).click()
    line = session(page, name)
    expect(line).to_be_checked(timeout=60_000)  # the first one waits for the model
    return line


def session(page: Page, name: str) -> Locator:
    return page.get_by_role("radio", name=name)


def upload(page: Page, *paths: Path) -> None:
    open_tab(page, "Library")
    page.set_input_files("input[type=file]", [str(p) for p in paths])


def read(page: Page, name: str, path: Path) -> None:
    """Make a session and wait until it has read a file."""
    new_session(page, name)
    open_tab(page, "Library")
    expect(page.locator(".doc")).to_have_count(0)  # the documents of the session before are gone
    upload(page, path)
    expect(page.locator(".doc.done")).to_contain_text(path.stem, timeout=LONG_MS)
    open_tab(page, "Chat")


def ask(page: Page, question: str) -> None:
    open_tab(page, "Chat")
    page.get_by_label("Question", exact=True).fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def last_answer(page: Page) -> Locator:
    return page.get_by_role("log").locator(".bot.message").last


def expect_answered(page: Page) -> None:
    """Wait until the answer is complete and cannot be stopped any more."""
    expect(page.locator(".option").first).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
