"""Record a film of about a minute: from an empty page to a cited answer about a dropped document.

    python docs/film.py URL BOOK QUESTION [FILM]

URL is the address of a running Ammon without sessions, BOOK a PDF that answers QUESTION. FILM is
written as WebM, by default to docs/images/desk.webm. Needs the packages of requirements-dev.txt,
and Chromium, which also encodes the film (`recorder.py`).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright
from recorder import Recorder

FILM = Path(__file__).parent / "images" / "desk.webm"
SIZE = {"width": 1280, "height": 720}
LONG_MS = 600_000
# The screencast has no pointer, so the page draws one.
POINTER = """() => {
    const dot = document.createElement('div');
    dot.style.cssText = 'position:fixed;z-index:99999;width:18px;height:18px;left:-99px;' +
        'background:#d9770699;border:2px solid #fff;border-radius:50%;' +
        'pointer-events:none;translate:-50% -50%';
    document.body.append(dot);
    addEventListener('mousemove', ({clientX, clientY}) => {
        dot.style.left = `${clientX}px`; dot.style.top = `${clientY}px`;
    }, true);
}"""


def point(target: Locator) -> None:
    """Move the pointer to an element as a hand would."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    target.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=12)
    target.page.wait_for_timeout(400)


def press(target: Locator) -> None:
    """Move the pointer to an element, and click it."""
    point(target)
    target.click()


def play(page: Page, film: Recorder, book: Path, question: str) -> None:
    """Act on the page what the film shows."""
    with film.caption("An empty page: drop a document, try the sample, or paste text"):
        film.hold(2.5)
    with film.caption(f"1. Drop a PDF ({book.name}): it is read at once"):
        page.locator("input[type=file]").first.set_input_files(str(book))
        expect(page.locator(".doc")).to_have_count(1, timeout=LONG_MS)
        film.hold(3)
    with film.caption("It is read token by token; you can ask already", speed=8):
        expect(page.locator(".doc.done")).to_have_count(1, timeout=LONG_MS)
        film.hold(2)
    with film.caption("2. Ask: the suggested questions are answered by the text, or ask your own"):
        film.hold(1.5)
        field = page.get_by_label("Question", exact=True)
        press(field)
        field.press_sequentially(question, delay=35)
    with film.caption("The answer streams, each sentence with the passages it rests on"):
        page.keyboard.press("Enter")
        expect(page.locator(".bot.message .footing").last).to_be_visible(timeout=LONG_MS)
        film.hold(2)
    mark = page.locator(".bot.message").last.locator(".mark").first
    with film.caption("Point at a mark: the passage"):
        point(mark)
        film.hold(2.5)
    with film.caption("3. Click it: the page of the book, the passage marked"):
        mark.click()
        expect(page.locator("#reader .page img")).to_be_visible(timeout=LONG_MS)
        film.hold(3)
    with film.caption("Read on from there"):
        press(page.locator('#reader [data-do="next-page"]'))
        film.hold(2.5)
    with film.caption("Contents, with the notes made while reading"):
        press(page.locator("#reader").get_by_role("tab", name="Contents"))
        film.hold(3)
    with film.caption("Keep the answer as a note, with its marks"):
        press(page.get_by_role("button", name="Keep as a note"))
        page.wait_for_timeout(500)
        press(page.locator("#reader").get_by_role("tab", name="Notes"))
        film.hold(2.5)
    with film.caption("What the session holds, and what that saves"):
        press(page.get_by_role("tab", name="Memory & savings"))
        film.hold(4)


def main(url: str, book: str, question: str, path: str = str(FILM)) -> None:
    """Record the film; see the top of this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        page.goto(url)
        expect(page.locator("#first-sight button").first).to_be_visible(timeout=LONG_MS)
        page.evaluate(POINTER)
        film = Recorder(page)
        play(page, film, Path(book), question)
        seconds = film.save(browser, Path(path))
        browser.close()
    print(f"{path}: {seconds:.0f} s, {Path(path).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    if not 4 <= len(sys.argv) <= 5:
        sys.exit(str(__doc__))
    main(*sys.argv[1:])
