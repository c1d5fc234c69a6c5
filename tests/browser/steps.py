"""Steps that a person takes on the page, shared by the tests."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from playwright.sync_api import JSHandle, Locator, Page, expect

LONG_MS = 300_000  # two processes of tests share two cores, and some read six times as fast
LONG_DAYS = 60
LONG_QUESTION = "Why did the brig go to the west?"
"""Of a `voyage` of so many days: the passages fill the prompt, which takes seconds to read."""


def open_tab(page: Page, name: str) -> None:
    """Open a tab; the first sight leaves only the settings, from which all are reached."""
    tab = page.get_by_role("tab", name=name, include_hidden=True)
    chat = page.get_by_role("tab", name="Chat", include_hidden=True)
    if tab.get_attribute("aria-selected") == "true":
        return
    if chat.get_attribute("aria-selected") == "true" and name != "Settings":
        page.get_by_role("tab", name="Settings").click()
    tab.click()


def show_or_hide_pane(page: Page) -> None:
    """Open the left pane, with the sessions and sources, or close it."""
    page.get_by_label("Show or hide sessions and sources").click()


def new_session(page: Page, name: str) -> Locator:
    """Make a session; returns its entry in the sidebar."""
    expect(page.locator(".unknown")).to_have_count(0)
    field = page.get_by_label("Name of a new session")
    if not field.is_visible():  # there is nothing yet, so only the first sight is shown
        page.get_by_role("button", name="Other ways to begin").click()
    field.fill(name)
    page.get_by_role("button", name="New", exact=True).click()
    line = session(page, name)
    expect(line).to_be_checked(timeout=60_000)  # the first one waits for the model
    expect(page.locator(".zone")).to_have_count(1)  # it has nothing to show yet
    return line


def session(page: Page, name: str) -> Locator:
    """The entry of a session in the sidebar, also in a closed pane: its name, then its size."""
    escaped = re.escape(name).replace("/", r"\/")  # which ends a pattern in the browser
    label = re.compile(rf"^{escaped}\s+[\d,]+(?: tokens|% of)")
    return page.get_by_role("radio", name=label, include_hidden=True)


def upload(page: Page, *paths: Path) -> None:
    page.set_input_files("#sources input[type=file]", [str(p) for p in paths])


def carried(page: Page, *paths: Path) -> JSHandle:
    """Files as the browser hands them to the page when they are dragged onto it."""
    files = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths]
    return page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, data] of files) {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            return transfer;
        }""",
        files,
    )


def drop(page: Page, *paths: Path) -> None:
    """Drop files on the middle of the page."""
    page.dispatch_event("main", "drop", {"dataTransfer": carried(page, *paths)})


def read(page: Page, name: str, path: Path) -> None:
    """Make a session and wait until it has read a file."""
    new_session(page, name)
    expect(page.locator(".doc")).to_have_count(0)  # the documents of the session before are gone
    upload(page, path)
    expect(page.locator(".doc.done")).to_contain_text(path.stem, timeout=LONG_MS)
    open_tab(page, "Chat")


def voyage(folder: Path, days: int) -> Path:
    """Write a story of about 17 tokens a day, with the name that is asked for in its first line."""
    path = folder / "voyage.txt"
    first = "The cook of the brig Halcyon was Tobias Wrenn.\n\n"
    lines = [f"On day {n} the brig made {n % 170 + 3} miles to the west." for n in range(days)]
    path.write_text(first + "\n".join(lines), encoding="utf-8")
    return path


def ask(page: Page, question: str) -> None:
    open_tab(page, "Chat")
    page.get_by_label("Question", exact=True).fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def last_answer(page: Page) -> Locator:
    return page.get_by_role("log").locator(".bot.message").last


def expect_answered(page: Page) -> None:
    """Wait until the answer is complete and cannot be stopped any more."""
    expect(last_answer(page).locator(".footing")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()


def as_of_chip(page: Page) -> Locator:
    return page.locator(".as-of-chip")


def choose_as_of(page: Page, place: str, shown: str = "") -> None:
    """Let answers know nothing after a place, which the chip shows as it is or as `shown`."""
    as_of_chip(page).click()
    page.get_by_label("Answer as of").fill(place)
    page.get_by_label("Answer as of").press("Enter")
    expect(as_of_chip(page)).to_have_text(f"as of {shown or place}")
