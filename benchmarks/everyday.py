"""Ten everyday tasks on the page, with a real model: the actions and seconds that each takes.

    python -m benchmarks.everyday BOOK.pdf QUESTION WORD [--model embedded]

The tasks are done in Chromium, one after another, from an empty data directory on. BOOK is a short
PDF with an answer to QUESTION after its first page, and with WORD somewhere. An action is a click,
a drop, a pointing, a key or a field filled. Seconds run from a task's first action until what was
asked for is on the screen, without the time in which a person reads and thinks. Playwright and
Chromium are needed (requirements-dev.txt; apt-get install chromium).
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import benchmarks  # noqa: F401 (must be imported before torch)
from app.cli.open_service import open_service
from benchmarks.chromium import launched
from benchmarks.page import serving
from benchmarks.report import processor

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LIMIT_MS = 300_000
# What the browser hands to a page on which a file is dropped.
CARRIED = """([name, data]) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
    return transfer;
}"""


class Hand:
    """Acts on the page as a person would, and counts the actions."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, target: Locator) -> None:
        """Click on something."""
        self.count += 1
        target.click()

    def point(self, target: Locator) -> None:
        """Move the pointer onto something."""
        self.count += 1
        target.hover()

    def fill(self, target: Locator, text: str) -> None:
        """Write into a field, as one action."""
        self.count += 1
        target.fill(text)

    def press(self, key: str) -> None:
        """Press a key."""
        self.count += 1
        self.page.keyboard.press(key)

    def drop(self, file: Path) -> None:
        """Drop a file on the middle of the page."""
        self.count += 1
        data = base64.b64encode(file.read_bytes()).decode()
        carried = self.page.evaluate_handle(CARRIED, [file.name, data])
        self.page.dispatch_event("main", "drop", {"dataTransfer": carried})

    def ask(self, question: str) -> None:
        """Write a question, and send it."""
        self.fill(self.page.get_by_label("Question", exact=True), question)
        self.press("Enter")


class Desk:
    """The tasks in their order; each leaves the page as the next one needs it."""

    def __init__(self, page: Page, book: Path, question: str, word: str) -> None:
        self.page, self.hand = page, Hand(page)
        self.book, self.question, self.word = book, question, word
        self.tasks: list[tuple[str, Callable[[], None]]] = [
            ("read a PDF and get an answer with its pages", self._answer),
            ("see the passage that a sentence rests on", self._preview),
            ("open its page, with the passage marked", self._open_page),
            ("find a word elsewhere in the book", self._find),
            ("add a second document", self._add),
            ("ask only one of the two", self._ask_one),
            ("ask as of the end of the first page", self._ask_as_of),
            ("keep an answer as a note", self._keep),
            ("save the conversation with its sources", self._save),
            ("come back: session, conversation and reader as they were", self._come_back),
        ]

    def ready(self) -> None:
        """Wait until nothing is read any more, but for the tasks that are done meanwhile."""
        if self.page.locator(".doc").count() > 1:
            self.page.locator(".doc.done").nth(1).wait_for(state="visible")

    def _answer(self) -> None:
        self.hand.drop(self.book)
        self._answered(self.question, 1)

    def _preview(self) -> None:
        self.hand.point(self._mark())
        self.page.get_by_role("tooltip").wait_for(state="visible")

    def _open_page(self) -> None:
        self.hand.click(self._mark())
        self.page.locator("#reader figure span").first.wait_for(state="visible")

    def _find(self) -> None:
        self.hand.click(self.page.get_by_role("tab", name="Contents"))
        self.hand.fill(self.page.get_by_label("Search in this document"), self.word)
        self.hand.press("Enter")
        found = self.page.get_by_role("navigation", name="Found passages").get_by_role("button")
        self.hand.click(found.last)
        self.page.locator("#reader .passage mark").first.wait_for(state="visible")

    def _add(self) -> None:
        self.hand.click(self.page.get_by_role("button", name="Add", exact=True))
        second = self.book.with_name(f"second-{self.book.stem}.txt")
        second.write_text("The harbour has two lamps. Tam Rendall lights them at dusk.\n")
        self.hand.drop(second)
        self.page.locator(".doc").nth(1).wait_for(state="visible")

    def _ask_one(self) -> None:
        self.hand.click(self.page.locator("#sources").get_by_role("checkbox").last)
        self.page.get_by_text("1 of 2 are asked").first.wait_for(state="visible")
        self._answered(self.question, 2)

    def _ask_as_of(self) -> None:
        chip = self.page.locator(".as-of-chip")
        self.hand.click(chip)
        self.hand.fill(self.page.get_by_label("Answer as of"), "page 1")
        self.hand.press("Enter")
        self.page.locator(".as-of-chip", has_text="page 1").wait_for(state="visible")
        self._answered(self.question, 3)

    def _keep(self) -> None:
        self.hand.click(self.page.get_by_role("button", name="Keep as a note").first)
        self.page.get_by_role("button", name="Kept as a note").wait_for(state="visible")

    def _save(self) -> None:
        with self.page.expect_download():
            self.hand.click(self.page.get_by_role("button", name="Save as HTML"))

    def _come_back(self) -> None:
        self.hand.count += 1
        self.page.reload()
        self.page.locator(".sessions input:checked").wait_for(state="attached")
        self.page.locator(".bot.message .footing").nth(2).wait_for(state="visible")
        self.page.locator("#reader h3").wait_for(state="visible")

    def _answered(self, question: str, number: int) -> None:
        """Ask, and wait for the end of the answer, which is the page's so-manyth."""
        self.hand.ask(question)
        self.page.locator(".bot.message .footing").nth(number - 1).wait_for(state="visible")

    def _mark(self) -> Locator:
        return self.page.locator(".bot.message").first.locator(".mark").first


def main(book: Path, question: str, word: str, model: str) -> None:
    """Do the tasks, and print a row for each, with the processor's name above."""
    if not book.is_file():
        sys.exit(f"There is no file {book}: name a PDF.")
    with (
        launched() as browser,
        tempfile.TemporaryDirectory(prefix="ammon-everyday-") as folder,
        open_service(Path(folder) / "data", {"model": model}, None) as service,
    ):
        service.start()
        copy = Path(folder) / book.name
        shutil.copyfile(book, copy)
        with serving(service, Path(folder) / "uploads") as url:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(LIMIT_MS)
            page.goto(url)
            page.locator(".zone").wait_for(state="visible")
            print(f"{processor()}; {model}\n\n| task | actions | seconds |\n| --- | --- | --- |")
            desk = Desk(page, copy, question, word)
            for name, act in desk.tasks:
                desk.ready()
                desk.hand.count, began = 0, time.perf_counter()
                act()
                seconds = time.perf_counter() - began
                print(f"| {name} | {desk.hand.count} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("question")
    parser.add_argument("word")
    parser.add_argument("--model", default="embedded")
    main(**vars(parser.parse_args()))
