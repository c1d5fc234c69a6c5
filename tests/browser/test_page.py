"""The page end to end: upload, progress, a question, the passage, the savings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.steps import (
    LONG_MS,
    ask,
    expect_answered,
    last_answer,
    new_session,
    open_tab,
    read,
    session,
    upload,
)

pytestmark = pytest.mark.slow


def test_a_document_is_read_and_asked(page: Page, story: Path):
    read(page, "Lighthouse", story)
    ask(page, "What was the parrot's name?")
    expect(last_answer(page)).to_contain_text("Ozymandias", timeout=LONG_MS)
    expect_answered(page)
    expect(last_answer(page).locator(".footing")).to_contain_text("from 1 passage")
    last_answer(page).get_by_text("What this rests on").click()
    expect(last_answer(page)).to_contain_text("Read again just before the answer: 1 passage")
    page.get_by_role("button", name="[1] lighthouse, line").click()
    marked = page.get_by_label("Passage", exact=True).locator("mark")
    expect(marked).to_contain_text("the parrot's name was Ozymandias")
    page.get_by_role("button", name="Close the reader").click()
    expect(marked).to_be_hidden()


def test_memory_and_savings_are_drawn_and_saved(page: Page, story: Path):
    read(page, "Savings", story)
    open_tab(page, "Memory & savings")
    expect(page.get_by_label("What the model holds")).to_contain_text("held exactly, word for word")
    expect(page.locator(".tile", has_text="Compressed memory")).to_contain_text("trained")
    expect(page.get_by_text("untrained")).to_have_count(0)
    expect(page.locator(".savings")).to_contain_text("0.0%")
    for title in ("Cache held", "Computing", "Reading speed"):
        expect(page.locator("svg", has_text=title)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the figures as CSV").click()
    assert download.value.suggested_filename == "Savings.csv"
    with Path(download.value.path()).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 40 and int(rows[-1]["cache_bytes_full"]) > int(rows[-1]["cache_bytes"])
    assert [row for row in rows if float(row["tokens_per_second"] or 0) > 0]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the figures as PNG").click()
    assert download.value.suggested_filename == "Savings.png"
    with Image.open(download.value.path()) as image:
        assert image.format == "PNG" and image.width > 1800


def test_savings_follow_the_selected_session_whether_their_tab_is_open_or_not(
    page: Page, story: Path
):
    held = page.get_by_label("What the model holds")
    nothing = page.get_by_text("Nothing was read yet: what is held will be drawn here.")
    read(page, "With savings", story)
    new_session(page, "Without")
    open_tab(page, "Memory & savings")
    expect(nothing).to_be_visible()
    session(page, "With savings").check()
    expect(held).to_contain_text("held exactly, word for word")
    open_tab(page, "Chat")
    session(page, "Without").check()
    open_tab(page, "Memory & savings")
    expect(nothing).to_be_visible()
    expect(held).to_have_count(0)


def test_an_error_is_notified_and_leaves_the_page_unchanged(page: Page, tmp_path: Path):
    new_session(page, "Wrong")
    expect(page.locator(".zone")).to_be_visible()
    expect(page.get_by_label("Question", exact=True)).to_be_hidden()
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    upload(page, empty)
    expect(page.get_by_text("empty.txt is empty")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".empty").first).to_contain_text("No sources yet")
