"""Accessibility: WCAG 2.1 AA in the light and the dark theme, on a phone, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import (
    ask,
    expect_answered,
    last_answer,
    open_tab,
    read,
    show_or_hide_pane,
)

pytestmark = pytest.mark.slow

TABS = ("Chat", "Memory & savings", "Settings")


def expect_no_violations(page: Page, find: Callable[[Page], list[str]]) -> None:
    for tab in TABS:
        open_tab(page, tab)
        page.wait_for_timeout(600)  # text that fades in has too little contrast before
        assert find(page) == [], tab


def test_every_tab_is_accessible(page: Page, story: Path, violations: Callable[[Page], list[str]]):
    read(page, "For all", story)
    ask(page, "What was the parrot's name?")
    expect_answered(page)
    page.locator(".option").first.click()
    expect(page.get_by_label("Passage", exact=True)).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Other ways to add").click()
    expect(page.get_by_label("Text to paste")).to_be_visible()
    expect_no_violations(page, violations)


def test_every_tab_is_accessible_and_fits_on_a_phone(
    phone: Page, violations: Callable[[Page], list[str]]
):
    expect(phone.locator("body")).to_have_class("dark")
    expect_no_violations(phone, violations)
    for tab in TABS:
        open_tab(phone, tab)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, tab
    show_or_hide_pane(phone)
    expect(phone.get_by_role("heading", name="Sources")).to_be_in_viewport()
    phone.get_by_role("button", name="Add", exact=True).click()
    phone.wait_for_timeout(600)
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_questions_and_passages_are_reached_by_keyboard(page: Page, story: Path):
    read(page, "Keys", story)
    page.get_by_label("Question", exact=True).focus()
    page.keyboard.type("What was the parrot's name?")
    page.keyboard.press("Enter")
    expect_answered(page)
    page.get_by_label("Question", exact=True).focus()
    page.keyboard.type("In which winter did the lamp go out?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").locator(".user.message")).to_have_count(2)
    expect_answered(page)
    last_answer(page).locator(".option").first.focus()
    page.keyboard.press("Enter")
    steps = page.get_by_label("Answers", exact=True)
    expect(steps).to_contain_text("In which winter did the lamp go out?")
    page.get_by_role("button", name="Earlier answer").focus()
    page.keyboard.press("Enter")
    expect(steps).to_contain_text("What was the parrot's name?")
    expect(page.get_by_label("Passage", exact=True).locator("mark")).to_be_visible()
