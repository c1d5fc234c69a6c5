"""A person at the page: upload, progress, a question, the passage, the savings."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

LONG_MS = 120_000


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "lighthouse.txt"
    path.write_text(
        "The lighthouse of Brandra stood on the outer rock. Its keeper was Mairead Flett.\n\n"
        "She kept a grey parrot, and the parrot's name was Ozymandias.\n\n"
        "In the winter of 1881 the lamp went out for a single night.\n",
        encoding="utf-8",
    )
    return path


def upload(page: Page, *paths: Path) -> None:
    page.get_by_role("tab", name="Library").click()
    page.set_input_files("input[type=file]", [str(p) for p in paths])


def ask(page: Page, question: str) -> None:
    page.get_by_role("tab", name="Chat").click()
    page.get_by_label("Question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def test_a_document_is_read_and_asked(page: Page, story: Path):
    upload(page, story)
    expect(page.locator(".doc.done")).to_contain_text("lighthouse", timeout=LONG_MS)
    ask(page, "What was the parrot's name?")
    answer = page.get_by_role("log").locator(".bot").last
    expect(answer).to_contain_text("Ozymandias", timeout=LONG_MS)
    source = page.locator(".sources details.cited").first
    expect(source).to_contain_text("lighthouse, line", timeout=LONG_MS)
    source.locator("summary").click()
    expect(source.locator("p")).to_contain_text("the parrot's name was Ozymandias")
    page.get_by_role("tab", name="Memory & savings").click()
    expect(page.locator(".tiles")).to_contain_text("Tokens read")
    expect(page.locator(".tile", has_text="Compressed memory")).to_contain_text("trained")
    expect(page.get_by_text("untrained")).to_have_count(0)


def test_what_goes_wrong_is_told_and_leaves_the_page_as_it_was(page: Page, tmp_path: Path):
    ask(page, "Is anybody there?")
    expect(page.get_by_text("Add a document in Library first")).to_be_visible()
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    upload(page, empty)
    expect(page.get_by_text("empty.txt is empty")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".empty").first).to_contain_text("No documents yet")
