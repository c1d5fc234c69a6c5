"""The chip in the question's line that says as of where a question is answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import as_of_chip, choose_as_of, new_session, read

pytestmark = pytest.mark.slow


def test_a_place_is_chosen_seen_and_cleared_by_keys_alone(
    page: Page, story: Path, violations: Callable[[Page], list[str]]
):
    read(page, "As of", story)
    chip, choice = as_of_chip(page), page.get_by_label("Answer as of")
    expect(chip).to_have_text("as of now")
    expect(choice).to_be_hidden()
    chip.focus()
    page.keyboard.press("Enter")
    expect(choice).to_be_focused()
    expect(chip).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(choice).to_be_hidden()
    expect(chip).to_be_focused()
    expect(chip).to_have_text("as of now")
    page.keyboard.press("Enter")
    expect(choice).to_be_focused()
    page.keyboard.type("page 120")
    page.keyboard.press("Enter")
    expect(chip).to_have_text("as of page 120")
    expect(choice).to_be_hidden()
    expect(chip).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chip).to_have_text("as of now")
    expect(chip).to_be_focused()
    choose_as_of(page, "page 7")
    page.get_by_role("button", name="Clear the place").click()
    expect(chip).to_have_text("as of now")
    choose_as_of(page, "A very long title: page 7", "page 7, A very long title")
    choose_as_of(page, "3", "checkpoint 3")
    chip.click()
    page.get_by_label("Question", exact=True).click()
    expect(choice).to_be_hidden()
    choose_as_of(page, "page 9")
    new_session(page, "Another place")
    expect(chip).to_have_text("as of now")
