"""The first sight: what an empty page shows, and how documents come from anywhere on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.samples import SAMPLE_TITLE
from tests.browser.conftest import Server, opened
from tests.browser.steps import (
    LONG_MS,
    carried,
    drop,
    expect_answered,
    last_answer,
    new_session,
    session,
)
from tests.support.pdf_samples import make_pdf

pytestmark = pytest.mark.slow

SIZES = [(320, 640), (768, 1024), (1280, 860), (1920, 1080)]


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an empty data directory; each test leaves it empty."""
    server = Server(tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("allowed"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def empty(browser: Browser, empty_server: Server) -> Iterator[Page]:
    for page in opened(browser, empty_server, viewport={"width": 1280, "height": 860}):
        expect(page.locator(".zone")).to_be_visible()
        yield page


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "keeper-of-brandra.pdf"
    keeper = "The lighthouse of Brandra stood on the outer rock. Its keeper was Mairead Flett."
    path.write_bytes(make_pdf(keeper, "She kept a parrot, and the parrot's name was Ozymandias."))
    return path


def paste(page: Page, text: str) -> None:
    """Paste a text while no field has the focus."""
    page.evaluate(
        """(text) => {
            const transfer = new DataTransfer();
            transfer.setData('text/plain', text);
            const options = {clipboardData: transfer, bubbles: true, cancelable: true};
            document.body.dispatchEvent(new ClipboardEvent('paste', options));
        }""",
        text,
    )


def delete_selected(page: Page) -> None:
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Undo: bring back")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".sessions label")).to_have_count(0)
    expect(page.locator(".zone")).to_be_visible()  # the session is not selected any more


def test_an_empty_page_shows_the_first_sight_and_nothing_else(
    empty: Page, violations: Callable[[Page], list[str]]
):
    page = empty
    expect(page.locator(".zone")).to_contain_text("up to 537 MB a file")
    expect(page.locator(".zone")).to_contain_text("AMMON_ALLOW_URLS=1")
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(1)
    expect(tabs).to_have_text("Settings")
    for label in ("Question", "Search sessions", "Name of a new session"):
        expect(page.get_by_label(label, exact=True)).to_be_hidden()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="or paste text").click()
        page.wait_for_timeout(600)  # colours fade
        assert violations(page) == [], scheme
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="or paste text")).to_be_focused()
    page.get_by_role("button", name="Other ways to begin").click()
    expect(page.get_by_label("Name of a new session")).to_be_focused()


def test_a_dropped_pdf_is_cited_in_three_actions(empty: Page, manual: Path):
    page = empty
    page.dispatch_event("main", "dragover", {"dataTransfer": carried(page, manual)})
    expect(page.locator("#veil")).to_contain_text("Drop to read it")
    drop(page, manual)  # the first action
    expect(page.locator("#veil")).to_be_hidden()
    expect(session(page, "Keeper of Brandra")).to_be_checked(timeout=LONG_MS)
    expect(page.locator(".zone")).to_have_count(0)
    page.get_by_label("Question", exact=True).fill("What was the parrot's name?")  # the second
    page.keyboard.press("Enter")  # the third
    expect(last_answer(page)).to_contain_text("Ozymandias", timeout=LONG_MS)
    expect_answered(page)
    expect(last_answer(page).locator(".option").first).to_contain_text("Keeper of Brandra, page 2")

    page.dispatch_event("main", "dragover", {"dataTransfer": carried(page, manual)})
    expect(page.locator("#veil")).to_contain_text("Drop to add to “Keeper of Brandra”")
    name = page.locator(".sessions label span")
    name.dblclick()
    page.get_by_label("New name for").fill("Nothing")
    page.keyboard.press("Escape")
    expect(session(page, "Keeper of Brandra")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("New name for").fill("The <b>light</b>")
    page.keyboard.press("Enter")
    expect(session(page, "The <b>light</b>")).to_be_checked()
    delete_selected(page)
    expect(page.locator(".zone")).to_be_visible()


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until something has the focus, as somebody without a mouse does."""
    expect(target).to_be_visible(timeout=LONG_MS)
    for _ in range(120):
        if target.evaluate("target => target === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{key} does not reach it")


def test_keyboard_alone_leads_from_nothing_to_a_note_with_its_page(empty: Page, manual: Path):
    page, keys = empty, empty.keyboard
    with page.expect_file_chooser() as chooser:  # so early that the browser knows of it by then
        tab_to(page, page.get_by_role("button", name="Drop books, documents or logs here"))
        page.wait_for_timeout(500)
        keys.press("Enter")
    chooser.value.set_files(manual)
    question = page.get_by_label("Question", exact=True)
    expect(question).to_be_focused(timeout=LONG_MS)
    keys.type("What was the parrot's name?")
    keys.press("Enter")
    expect(last_answer(page)).to_contain_text("Ozymandias", timeout=LONG_MS)
    expect_answered(page)

    tab_to(page, last_answer(page).locator(".mark").first, "Shift+Tab")
    keys.press("Enter")
    expect(page.locator("#reader mark")).to_contain_text("Ozymandias")
    heading = page.locator("#reader h3")
    expect(heading).to_be_focused()
    keys.press("[")
    expect(heading).to_contain_text("page 1")
    keys.press("]")
    expect(heading).to_contain_text("page 2")

    keys.press("/")
    expect(question).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Keep as a note"), "Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Kept as a note")).to_be_focused()
    keys.press("Enter")
    note = page.get_by_label("Kept answer")
    expect(note).to_be_focused()
    expect(note).to_contain_text("Ozymandias")

    keys.press("s")
    tick = page.locator("#sources").get_by_role("checkbox").first
    tab_to(page, tick)
    keys.press("Space")
    expect(tick).not_to_be_checked()
    pane = page.locator("#left-pane")
    tab_to(page, pane.get_by_role("button", name="Delete", exact=True), "Shift+Tab")
    keys.press("Enter")
    expect(page.locator(".sessions label")).to_have_count(0, timeout=LONG_MS)
    expect(page.locator(".zone")).to_be_visible()


def test_the_sample_is_read_by_one_click_and_named_after_the_book(empty: Page):
    page = empty
    page.get_by_role("button", name="or try a sample").click()
    line = session(page, SAMPLE_TITLE)
    expect(line).to_be_checked(timeout=LONG_MS)
    expect(page.get_by_role("log").locator(".suggested button").first).to_be_visible()
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    delete_selected(page)


def test_what_is_pasted_outside_a_field_is_offered_or_fetched(empty: Page):
    page = empty
    paste(page, "https://example.org/page")
    expect(page.locator(".toast-body")).to_contain_text("AMMON_ALLOW_URLS=1")
    paste(page, "The crab <b>Otto</b> said nothing.")
    text = page.get_by_label("Text to read")
    expect(text).to_have_value("The crab <b>Otto</b> said nothing.")
    expect(page.locator(".sessions label")).to_have_count(0)  # nothing is added unasked
    page.get_by_label("Its title").fill("Crabs")
    page.get_by_role("button", name="Read this text").click()
    expect(session(page, "Crabs")).to_be_checked(timeout=LONG_MS)
    expect(text).to_be_hidden()
    expect(text).to_have_value("")
    delete_selected(page)


def test_files_are_dropped_one_after_another_and_a_refused_one_leaves_no_session(
    empty: Page, story: Path, manual: Path, tmp_path: Path
):
    page = empty
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    drop(page, picture)
    expect(page.locator(".toast-body")).to_contain_text("picture.png", timeout=LONG_MS)
    expect(page.locator(".sessions label")).to_have_count(0)
    drop(page, manual)
    drop(page, story)  # while the first is being added
    expect(session(page, "Keeper of Brandra")).to_be_checked(timeout=LONG_MS)
    expect(page.locator(".doc.done")).to_have_count(2, timeout=LONG_MS)
    delete_selected(page)


def test_documents_that_come_from_elsewhere_take_the_first_sight_away(
    browser: Browser, empty: Page, empty_server: Server, story: Path
):
    expect(empty.locator(".zone")).to_be_visible()
    for other in opened(browser, empty_server, viewport={"width": 1280, "height": 860}):
        new_session(other, "Elsewhere")
        expect(session(empty, "Elsewhere")).to_be_checked()
        expect(empty.locator(".zone")).to_be_visible()  # it has no document yet
        drop(other, story)
        expect(empty.locator(".zone")).to_have_count(0, timeout=LONG_MS)
        expect(empty.get_by_label("Question", exact=True)).to_be_visible()
    delete_selected(empty)
