"""One key each for what a reader does most, on the page and on one with all of the targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.web.keys.html import KEYS, keys_html
from app.web.keys.tab import SCRIPT
from tests.browser.steps import open_tab, read

pytestmark = pytest.mark.slow

TARGETS = """
<div class="sidebar open"><button class="toggle-button">Toggle</button>
  <div id="sources"><input type="checkbox" aria-label="A source"></div></div>
<div id="question"><textarea aria-label="Question"></textarea></div>
<div id="reader"><h3 tabindex="-1">Page 1</h3>
  <button data-do="previous-passage">Previous passage</button>
  <button data-do="next-passage">Next passage</button>
  <button data-do="previous-page" disabled>Previous page</button>
  <button data-do="next-page">Next page</button></div>
<a href="#" id="elsewhere">Elsewhere</a>
"""
SETUP = """(script) => {
    window.pressed = [];
    document.querySelectorAll('[data-do]').forEach((button) => {
        button.addEventListener('click', () => window.pressed.push(button.dataset.do));
    });
    const sidebar = document.querySelector('.sidebar');
    document.querySelector('.toggle-button').addEventListener('click', () => {
        sidebar.classList.toggle('open');
    });
    new Function('element', script)(document.getElementById('keys'));
}"""


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """A page of nothing but the targets and the sheet, with the focus elsewhere."""
    page = browser.new_page()
    page.set_content(f'{TARGETS}<div id="keys">{keys_html()}</div>')
    page.evaluate(SETUP, SCRIPT.read_text(encoding="utf-8"))
    page.locator("#elsewhere").focus()
    yield page
    page.close()


def pressed(page: Page) -> list[str]:
    return page.evaluate("window.pressed.splice(0)")


def test_each_key_reaches_its_target(desk: Page):
    for key, do in (("n", "next-passage"), ("p", "previous-passage"), ("]", "next-page")):
        desk.keyboard.press(key)
        assert pressed(desk) == [do], key
    desk.keyboard.press("[")
    assert pressed(desk) == [], "there is no page before"
    desk.keyboard.press("s")
    expect(desk.get_by_label("A source")).to_be_focused()
    desk.keyboard.press("r")
    expect(desk.get_by_role("button", name="Previous passage")).to_be_focused()
    desk.keyboard.press("/")
    expect(desk.get_by_label("Question")).to_be_focused()
    expect(desk.get_by_label("Question")).to_have_value("")


def test_no_key_works_in_a_field_with_a_command_key_or_without_its_target(desk: Page):
    field = desk.get_by_label("Question")
    field.focus()
    desk.keyboard.type("/snrp][?")
    expect(field).to_have_value("/snrp][?")
    expect(desk.get_by_role("dialog")).to_be_hidden()
    desk.locator("#elsewhere").focus()
    for held in ("Control", "Alt", "Meta"):
        desk.keyboard.press(f"{held}+n")
    desk.evaluate("document.getElementById('reader').remove()")
    for key in KEYS[2:]:
        desk.keyboard.press(key.key)
    assert pressed(desk) == []
    expect(desk.locator("#elsewhere")).to_be_focused()


def test_the_sources_are_shown_first_if_they_are_closed(desk: Page):
    desk.get_by_role("button", name="Toggle").click()
    desk.add_style_tag(content=".sidebar:not(.open) #sources { display: none; }")
    desk.locator("#elsewhere").focus()
    desk.keyboard.press("s")
    expect(desk.get_by_label("A source")).to_be_focused()


def test_the_sheet_lists_every_key_and_gives_the_focus_back(
    page: Page, story: Path, violations: Callable[[Page], list[str]]
):
    read(page, "Keys of the sheet", story)
    open_tab(page, "Settings")
    tab = page.get_by_role("tab", name="Settings")
    tab.focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    expect(sheet.locator("kbd")).to_have_text([*(key.key for key in KEYS), "?"])
    page.keyboard.press("/")
    expect(sheet).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(tab).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.get_by_role("button", name="Keys", exact=True).click()
    sheet.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Keys", exact=True)).to_be_focused()
