"""Marks and previews, what an answer rests on, copies, scrolling and the focus in a conversation.

The answers are stored beside the running page, which shows them as those of another page.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import storage
from storage import Database
from tests.browser.conftest import Server, opened
from tests.browser.steps import LONG_MS, last_answer, read, session

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
SAID = "It was Ozymandias [1]. The keeper was Flett. In 1874 it flew away."


class Stored:
    """Stores turns in a session that has read the story."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name

    def add(self, question: str, text: str, sentences: Any = (), passages: int = 1) -> None:
        with Database(self.server.data_dir / "ammon.sqlite") as db:
            row = storage.get_session(db, self.name)
            (document,) = storage.list_documents(db, row.id)
            found, *_ = db.rows(
                "SELECT id, locator, text FROM segments WHERE document_id = ?", (document.id,)
            )
            passage = {
                "document": document.title,
                "locator": found["locator"],
                "text": found["text"],
                "document_id": document.id,
                "segment_id": found["id"],
                "is_read": True,
            }
            details = {
                "passages": [
                    {
                        **passage,
                        "number": n + 1,
                        "cited": n == 0,
                        "segment_id": found["id"] + n,
                    }
                    for n in range(passages)
                ],
                "sentences": [
                    {"text": said, "supported_by": by, "unknown": unknown}
                    for said, by, unknown in sentences
                ],
                "seconds": 5.1,
                "first_word_s": 2.0,
            }
            with db.transaction():
                storage.add_message(db, row.id, role="user", text=question, position=0)
                storage.add_message(
                    db, row.id, role="assistant", text=text, position=0, details=details
                )

    def add_checked(self, question: str = "What was its name?") -> None:
        sentences = [
            ("It was Ozymandias [1].", [1], []),
            ("The keeper was Flett.", [1], []),
            ("In 1874 it flew away.", [], ["1874"]),
        ]
        self.add(question, SAID, sentences)


@pytest.fixture
def stored(page: Page, server: Server, story: Path, request: pytest.FixtureRequest) -> Stored:
    name = request.node.name[:100]
    read(page, name, story)
    with Database(server.data_dir / "ammon.sqlite") as db:  # the page may still show the one before
        while [d.state for d in storage.list_documents(db, storage.get_session(db, name).id)] != [
            storage.DocumentState.DONE
        ]:
            page.wait_for_timeout(200)
    return Stored(server, name)


def expect_messages(page: Page, count: int) -> None:
    expect(page.get_by_role("log").locator(".message")).to_have_count(count, timeout=LONG_MS)


def test_marks_of_every_answer_are_previewed_and_lead_to_the_passage(page: Page, stored: Stored):
    stored.add_checked("The first?")
    stored.add_checked("The second?")
    expect_messages(page, 4)
    first = page.locator(".message.bot").first
    marks = first.locator(".mark")
    expect(marks).to_have_count(2)
    expect(first.locator(".said")).to_have_text(
        SAID.replace("Flett.", "Flett.[1]") + " (No passage supports this (in no passage: 1874).)"
    )
    expect(first.locator(".unsupported")).to_have_css("text-decoration-line", "underline")
    expect(first.locator(".unsupported")).to_have_attribute(
        "title", "No passage supports this (in no passage: 1874)."
    )

    preview = page.get_by_role("tooltip")
    marks.first.hover()
    expect(preview).to_contain_text("The lighthouse of Brandra stood on the outer rock.")
    expect(preview).to_contain_text("lighthouse, lines 1")
    page.mouse.move(5, 5)
    expect(preview).to_be_hidden()
    page.get_by_text("What this rests on").first.focus()
    page.keyboard.press("Shift+Tab")  # to the chip
    expect(preview).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    mark = first.get_by_role("button", name="Passage 1: lighthouse, lines 1").last
    expect(mark).to_be_focused()
    expect(mark).to_have_attribute("aria-describedby", "preview")
    page.keyboard.press("Enter")
    passage = page.get_by_label("Passage", exact=True)
    expect(passage.locator("mark")).to_contain_text("the parrot's name was Ozymandias")
    expect(page.get_by_label("Answers", exact=True)).to_contain_text("The first?")
    page.get_by_role("button", name="Close the reader").click()
    expect(passage).to_be_hidden()
    expect(mark).to_be_focused()
    first.locator(".said").click(position={"x": 4, "y": 8})
    expect(passage).to_be_visible()


def test_a_copied_answer_has_its_citations_as_text(page: Page, stored: Stored):
    stored.add_checked()
    expect_messages(page, 2)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    last_answer(page).get_by_role("button", name="Copy").click()
    expect(last_answer(page).get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    text, _, places = copied.partition("\n\n")
    assert text == SAID.replace("Flett.", "Flett.[1]")
    assert places.startswith("[1] lighthouse, lines 1") and "\n" not in places


def test_focus_place_and_what_is_open_stay_when_messages_arrive(page: Page, stored: Stored):
    for number in range(12):
        stored.add_checked(f"Question {number}?")
    expect_messages(page, 24)
    log = page.get_by_role("log")
    at_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 2"
    assert log.evaluate(at_end)
    third = page.locator(".message.bot").nth(2)
    third.get_by_text("What this rests on").click()
    expect(third.locator("details")).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.closest('.message').dataset.id")
    log.evaluate("log => { log.scrollTop = 200; }")
    stored.add_checked("And one more?")
    expect_messages(page, 26)
    page.wait_for_timeout(300)
    assert log.evaluate("log => log.scrollTop") == 200, "the reader has scrolled up"
    expect(third.locator("details")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.closest('.message').dataset.id") == focused
    log.evaluate("log => { log.scrollTop = log.scrollHeight; }")
    stored.add_checked("And the last?")
    expect_messages(page, 28)
    page.wait_for_timeout(300)
    assert log.evaluate(at_end)

    edit = page.get_by_role("button", name="Edit", exact=True)
    expect(edit).to_have_count(1)
    edit.click()
    field = page.get_by_role("textbox", name="Edit the question")
    expect(field).to_be_focused()
    expect(field).to_have_value("And the last?")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(edit).to_be_focused()


def test_hostile_and_very_long_answers_are_text_and_fit(page: Page, stored: Stored):
    sentences = [f"Sentence {n} is {HOSTILE}." for n in range(1_000)]
    text = f"{'w' * 3000}\n\u202etxet [1]\n{' '.join(sentences)}"
    assert len(text) > 100_000
    stored.add(HOSTILE, text, [(said, [1], []) for said in sentences])
    expect_messages(page, 2)
    expect(last_answer(page).locator(".mark")).to_have_count(1001)
    assert page.title() == "Ammon" and page.locator("img[src=x]").count() == 0
    for width in (320, 768, 1920):
        page.set_viewport_size({"width": width, "height": 860})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_role("log").evaluate("log => log.scrollWidth - log.clientWidth") <= 0


def test_a_conversation_with_marks_is_accessible_in_light_and_dark(
    page: Page,
    browser: Browser,
    server: Server,
    stored: Stored,
    violations: Callable[[Page], list[str]],
):
    stored.add_checked()
    stored.add("And who?", "It was Flett.", [("It was Flett.", [2], [])], passages=2)
    dark: Any = {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}

    def check(shown: Page) -> None:
        expect_messages(shown, 4)
        last_answer(shown).get_by_text("What this rests on").click()
        last_answer(shown).locator(".mark").focus()
        shown.wait_for_timeout(600)
        assert violations(shown) == []

    check(page)
    for phone in opened(browser, server, **dark):
        phone.evaluate("name => { location.hash = encodeURIComponent(name); }", stored.name)
        phone.reload()
        expect(session(phone, stored.name)).to_be_checked(timeout=LONG_MS)
        check(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 320
