"""Take the README's pictures from a running Ammon: python docs/screenshots.py URL SESSION QUESTION.

Needs requirements-dev.txt and Chromium. The pictures are of whatever that server holds.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

IMAGES = Path(__file__).parent / "images"
SIZE = {"width": 1200, "height": 800}
ANSWER_MS = 180_000


def take(url: str, session: str, question: str) -> None:
    """Ask, open the first passage, and photograph the three tabs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        page.goto(url)
        page.get_by_role("radio", name=session).check()
        _chat(page, question)
        page.screenshot(path=IMAGES / "chat.png")
        page.get_by_role("tab", name="Library").click()
        expect(page.locator(".doc").first).to_be_visible()
        page.screenshot(path=IMAGES / "library.png")
        page.get_by_role("tab", name="Memory & savings").click()
        expect(page.locator(".tiles")).to_be_visible()
        page.wait_for_timeout(2000)  # the plot draws itself
        page.screenshot(path=IMAGES / "savings.png")
        browser.close()


def _chat(page: Page, question: str) -> None:
    page.get_by_label("Question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_enabled(timeout=ANSWER_MS)
    expect(stop).to_be_disabled(timeout=ANSWER_MS)
    page.locator(".sources summary").first.click()


if __name__ == "__main__":
    take(*sys.argv[1:4])
