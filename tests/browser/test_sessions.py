"""The sidebar: sessions are made, searched, renamed, duplicated, deleted and restored."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.steps import new_session, session

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)</script> \U0001f980"


def test_a_session_is_renamed_duplicated_searched_deleted_and_restored(page: Page):
    new_session(page, "Whales")
    page.get_by_role("button", name="Rename").click()
    field = page.get_by_label("New name of the session")
    expect(field).to_have_value("Whales")
    field.fill(HOSTILE)
    page.get_by_role("button", name="Save name").click()
    expect(session(page, HOSTILE)).to_be_checked()
    expect(page.locator(".sessions script")).to_have_count(0)

    page.get_by_role("button", name="Duplicate").click()
    copy = session(page, f"{HOSTILE} (copy)")
    expect(copy).to_be_checked()
    new_session(page, "Ships")
    page.get_by_label("Search sessions").fill("ships")
    expect(copy).to_have_count(0)
    page.get_by_label("Search sessions").fill("no such session")
    expect(session(page, "Ships")).to_have_count(0)
    # The selected one is still shown, though not listed.
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_label("New name of the session")).to_have_value("Ships")
    page.get_by_role("button", name="Keep the old").click()
    page.get_by_label("Search sessions").fill("script COPY")
    copy.check()

    page.get_by_role("button", name="Delete", exact=True).click()
    expect(copy).to_have_count(0)
    page.get_by_role("button", name=f"Undo: bring back “{HOSTILE} (copy)”").click()
    expect(copy).to_be_checked()
    page.wait_for_timeout(2000)  # the page's own requests cause no error
    expect(page.locator(".toast-body")).to_have_count(0)


def test_a_session_name_that_is_in_use_or_too_long_is_refused(page: Page):
    new_session(page, "Taken")
    field = page.get_by_label("Name of a new session")
    for name, message in (("taken", "already"), ("x" * 121, "has 1 to 120 characters")):
        field.fill(name)
        field.press("Enter")
        expect(page.locator(".toast-body", has_text=message)).to_be_visible()
    expect(session(page, "Taken")).to_be_checked()


def test_a_session_made_before_the_page_is_complete_stays_selected(page: Page):
    new_session(page, "Before")
    held: list[Route] = []
    is_holding = True

    def pass_on(route: Route) -> None:
        # A page that looks for changes by then shows what it may: that is not what is held.
        is_look = '"mark"' in (route.request.post_data or "")
        held.append(route) if is_holding and not is_look else route.continue_()

    page.route("**/queue/join*", pass_on)
    page.reload()
    button = page.get_by_role("button", name="New", exact=True)
    expect(button).to_be_visible()
    page.wait_for_timeout(1000)
    assert held, "the page asks for its sessions when it is loaded"
    is_holding = False
    line = new_session(page, "Made early")
    for route in held:
        route.continue_()
    expect(session(page, "Before")).to_be_attached()
    page.wait_for_timeout(3000)
    expect(line).to_be_checked()
