"""The settings tab: the browser keeps the theme, a session is read again with another window."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import LONG_MS, open_tab, read

pytestmark = pytest.mark.slow

IS_DARK = re.compile(r"\bdark\b")


def test_a_theme_takes_effect_at_once_and_is_kept_by_the_browser(page: Page):
    body = page.locator("body")
    dark = page.get_by_label("Dark", exact=True)
    open_tab(page, "Settings")
    expect(body).not_to_have_class(IS_DARK)
    dark.check()
    expect(body).to_have_class(IS_DARK)
    page.reload()
    open_tab(page, "Settings")
    expect(dark).to_be_checked()
    expect(body).to_have_class(IS_DARK)
    page.emulate_media(color_scheme="dark")
    page.emulate_media(color_scheme="light")  # which gradio follows
    expect(body).to_have_class(IS_DARK)
    page.get_by_label("As the system says").check()
    expect(body).not_to_have_class(IS_DARK)
    page.emulate_media(color_scheme="dark")
    expect(body).to_have_class(IS_DARK)


def test_a_session_is_read_again_with_another_window(page: Page, story: Path):
    read(page, "Again", story)
    open_tab(page, "Settings")
    made = page.locator(".facts-list").first
    expect(made).to_contain_text("the last 2,048 tokens")
    window = page.get_by_label("Tokens of the window")
    start = page.get_by_role("button", name="Read again with these settings")
    window.fill("many")
    start.click()
    expect(page.get_by_text("The window takes a number of tokens; got 'many'.")).to_be_visible()
    window.fill("512")
    start.click()
    expect(made).to_contain_text("the last 512 tokens", timeout=LONG_MS)
    expect(window).to_have_value("512")
    expect(page.get_by_role("button", name="Cancel the re-reading")).to_have_count(0)
