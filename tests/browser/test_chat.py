"""The conversation: suggested questions, retries, edits, a stop, "as of", saved files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, opened
from tests.browser.steps import (
    LONG_DAYS,
    LONG_MS,
    LONG_QUESTION,
    ask,
    choose_as_of,
    expect_answered,
    last_answer,
    read,
    session,
    voyage,
)
from tests.support.pdf_samples import make_pdf

pytestmark = pytest.mark.slow


def test_a_conversation_is_started_edited_retried_and_saved(page: Page, story: Path):
    read(page, "Talk", story)
    page.locator(".suggested button").first.click()
    expect_answered(page)

    page.get_by_role("button", name="Edit").last.click()
    field = page.get_by_role("log").locator("textarea")
    field.fill("What was the parrot's name?")
    page.get_by_role("button", name="Submit").click()
    expect(last_answer(page)).to_contain_text("Ozymandias", timeout=LONG_MS)
    expect_answered(page)
    expect(page.get_by_role("log").locator(".user.message")).to_have_count(1)

    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_enabled(timeout=LONG_MS)
    expect_answered(page)

    for name, kind in (("Markdown", "md"), ("JSON", "json")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {name}").click()
        assert download.value.suggested_filename == f"Talk.{kind}"
        text = Path(download.value.path()).read_text(encoding="utf-8")
        assert "What was the parrot's name?" in text
    assert [m["role"] for m in json.loads(text)["messages"]] == ["user", "assistant"]


def test_a_stopped_answer_lets_the_next_queued_question_run(
    page: Page, browser: Browser, server: Server, story: Path, tmp_path: Path
):
    read(page, "Waiting", story)
    read(page, "Stopped", voyage(tmp_path, days=LONG_DAYS))
    for other in opened(browser, server):
        session(other, "Waiting").check()
        other.get_by_label("Question", exact=True).fill("What was the parrot's name?")
        ask(page, LONG_QUESTION)
        stop = page.get_by_role("button", name="Stop", exact=True)
        expect(stop).to_be_enabled(timeout=LONG_MS)
        other.get_by_role("button", name="Ask", exact=True).click()
        expect(last_answer(other)).to_contain_text("Number 1 in line")
        stop.click()
        expect(last_answer(page)).to_contain_text("Stopped here", timeout=LONG_MS)
        expect(page.get_by_label("Question", exact=True)).to_have_value(LONG_QUESTION)
        expect(last_answer(other)).to_contain_text("Ozymandias", timeout=LONG_MS)
        expect_answered(other)


def test_an_answer_as_of_a_page_shows_that_page_and_cites_nothing_after_it(
    page: Page, tmp_path: Path
):
    book = tmp_path / "harbour.pdf"
    book.write_bytes(
        make_pdf(
            "The ship Aurora came into the harbour of Lisbon in March.",
            "Captain Vasquez was the thief of the pearl, as all learned in June.",
        )
    )
    read(page, "Harbour", book)
    choose_as_of(page, "page 1")
    ask(page, "Which ship came into the harbour?")
    expect(last_answer(page)).to_contain_text("Aurora", timeout=LONG_MS)
    expect_answered(page)
    expect(last_answer(page).locator(".footing")).to_contain_text("as of page 1.")
    expect(page.locator(".option", has_text="page 2")).to_have_count(0)
    page.locator(".option").first.click()
    picture = page.get_by_role("img", name="the passage is marked")
    expect(picture).to_be_visible(timeout=LONG_MS)
    assert picture.evaluate("image => image.naturalWidth") > 500
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()


def test_a_question_as_of_an_unread_page_is_refused(page: Page, story: Path):
    read(page, "Nowhere", story)
    choose_as_of(page, "page 900")
    ask(page, "Who is there?")
    expect(page.locator(".toast-body")).to_contain_text("page 900", timeout=LONG_MS)
    expect(page.get_by_label("Question", exact=True)).to_have_value("Who is there?")
