"""Notes of one's own and kept answers on the page; the saved conversation opens alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import storage
from storage import Database
from tests.browser.conftest import Server, opened
from tests.browser.steps import LONG_MS, last_answer, new_session, session
from tests.browser.test_conversation import HOSTILE, Stored, expect_messages

pytestmark = pytest.mark.slow


@pytest.fixture
def stored(page: Page, server: Server, request: pytest.FixtureRequest) -> Stored:
    """A session with a text that the page shows; nothing is read for it."""
    name = request.node.name[:100]
    new_session(page, name)
    with Database(server.data_dir / "ammon.sqlite") as db:
        row = storage.get_session(db, name)
        document = storage.add_document(
            db, row.id, title="lighthouse", kind="text", file_name="a", sha256="a", byte_count=1
        )
        text = "She kept a grey parrot, and the parrot's name was Ozymandias."
        storage.add_segments(
            db, document.id, [storage.NewSegment(text, "lines 1–3", "line", 1, 3, 0, 10)]
        )
        storage.finish_indexing(db, document.id, token_count=10, unit_count=3, unit_name="lines")
    show(page, name)
    return Stored(server, name)


def show(page: Page, name: str) -> None:
    page.evaluate("name => { location.hash = encodeURIComponent(name); }", name)
    page.reload()
    expect(session(page, name)).to_be_checked(timeout=LONG_MS)


def open_notes(page: Page) -> None:
    page.get_by_role("button", name="Notes", exact=True).click()
    expect(page.get_by_label("A note of your own")).to_be_focused()


def test_an_answer_is_kept_and_found_again_and_its_marks_lead_to_the_passage(
    page: Page, browser: Browser, server: Server, stored: Stored
):
    stored.add_checked("The first?")
    stored.add_checked("The second?")
    expect_messages(page, 4)
    for other in opened(browser, server):
        show(other, stored.name)
        page.get_by_role("button", name="Keep as a note").first.click()
        kept = page.get_by_role("button", name="Kept as a note")
        expect(kept).to_have_count(1)
        expect(kept).to_be_focused()
        # The other page shows it without a reload.
        expect(other.get_by_role("button", name="Kept as a note")).to_have_count(1)
        open_notes(other)
        expect(other.get_by_label("Kept answer")).to_contain_text("The first?")
        other.get_by_label("A note of your own").fill(f"<b>My note</b> {HOSTILE}")
        other.get_by_role("button", name="Add the note").click()
        expect(other.locator(".kept-note")).to_have_count(2)
        expect(other.get_by_label("A note of your own")).to_have_value("")
        assert other.locator(".kept-note img").count() == 0
    kept.click()
    note = page.get_by_label("Kept answer")
    expect(note).to_be_focused()
    expect(page.locator(".kept-note").first).to_contain_text("<b>My note</b>")
    note.locator(".mark").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reader mark")).to_contain_text("Ozymandias")
    open_notes(page)
    page.get_by_label("At the page that the reader shows").check()
    page.get_by_label("A note of your own").fill("Here.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".kept-note").first).to_contain_text("lighthouse, lines 1–3")


def test_a_note_is_changed_and_deleted_by_keyboard_and_the_focus_is_kept(
    page: Page, stored: Stored
):
    open_notes(page)
    for text in ("first", "second"):
        page.get_by_label("A note of your own").fill(text)
        page.get_by_role("button", name="Add the note").click()
        expect(page.locator(".kept-note").first).to_contain_text(text)
    newest = page.locator(".kept-note").first
    newest.get_by_role("button", name="Edit").focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("Change the note")
    expect(field).to_be_focused()
    expect(field).to_have_value("second")
    field.fill("second, changed")
    page.get_by_role("button", name="Save the change").click()
    expect(newest).to_contain_text("second, changed")
    expect(newest).to_contain_text("changed ")
    newest.get_by_role("button", name="Delete").focus()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.keyboard.press("Enter")
    expect(page.locator(".kept-note")).to_have_count(2)
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Enter")
    expect(page.locator(".kept-note")).to_have_count(1)
    assert page.evaluate("document.activeElement !== document.body")
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_text("The note is empty; write something first.")).to_be_visible()


def test_notes_are_accessible_and_fit_in_light_and_dark(
    page: Page,
    browser: Browser,
    server: Server,
    stored: Stored,
    violations: Callable[[Page], list[str]],
):
    stored.add_checked(f"{'w' * 300} {HOSTILE}")
    expect_messages(page, 2)
    page.get_by_role("button", name="Keep as a note").click()
    expect(page.get_by_role("button", name="Kept as a note")).to_be_visible()
    open_notes(page)
    page.wait_for_timeout(600)
    assert violations(page) == []
    dark: Any = {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}
    for phone in opened(browser, server, **dark):
        show(phone, stored.name)
        open_notes(phone)
        phone.wait_for_timeout(600)
        assert violations(phone) == []
        for width in (320, 768, 1920):
            phone.set_viewport_size({"width": width, "height": 700})
            assert phone.evaluate("document.documentElement.scrollWidth") <= width


def test_a_saved_conversation_opens_alone_and_asks_nothing_of_any_host(
    page: Page,
    browser: Browser,
    stored: Stored,
    tmp_path: Path,
    violations: Callable[[Page], list[str]],
):
    stored.add_checked(f"What was {HOSTILE} called?")
    expect_messages(page, 2)
    last_answer(page).get_by_role("button", name="Keep as a note").click()
    expect(page.get_by_role("button", name="Kept as a note")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as HTML").click()
    assert download.value.suggested_filename.endswith(".html")
    download.value.save_as(tmp_path / "talk.html")
    for scheme, width in (("light", 1280), ("dark", 320)):
        context = browser.new_context(
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": 700},
            bypass_csp=True,  # for axe-core alone, which is a script
        )
        alone = context.new_page()
        asked: list[str] = []
        alone.on("request", lambda request: asked.append(request.url))  # noqa: B023
        alone.goto((tmp_path / "talk.html").as_uri())
        assert asked == [(tmp_path / "talk.html").as_uri()]
        expect(alone.get_by_role("heading", name="Kept notes")).to_be_visible()
        assert alone.locator("img, script").count() == 0
        mark = alone.get_by_role("link", name="[1]").first
        mark.click()
        expect(alone.locator("li:target")).to_contain_text("Ozymandias")
        expect(alone.locator("li:target")).to_contain_text("lighthouse, lines 1–3")
        assert violations(alone) == []
        assert alone.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
