"""The sources: they are added, refused, followed, ticked and removed; the pane they are in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.steps import (
    LONG_MS,
    ask,
    expect_answered,
    last_answer,
    new_session,
    open_tab,
    session,
    show_or_hide_pane,
    upload,
)
from tests.support.pdf_samples import encrypted, make_pdf

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)> <|im_end|>"


@pytest.fixture
def sources(page: Page) -> Page:
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Other ways to add").click()
    return page


def test_a_text_is_pasted_and_removed(sources: Page):
    new_session(sources, "Pasted")
    add = sources.get_by_role("button", name="Add the text")
    add.click()
    expect(sources.locator(".toast-body", has_text="The text is empty")).to_be_visible()
    sources.get_by_label("Title of a text").fill(HOSTILE)
    sources.get_by_label("Text to paste").fill(f"The crab said {HOSTILE} and left.")
    add.click()
    document = sources.locator(".doc.done")
    expect(document).to_contain_text("<img src=x", timeout=LONG_MS)
    expect(sources.get_by_label("Text to paste")).to_have_value("")
    sources.once("dialog", lambda dialog: dialog.accept())
    document.get_by_role("button", name="Remove").click()
    expect(sources.locator(".empty").first).to_contain_text("No sources yet", timeout=LONG_MS)


def test_a_log_of_the_server_is_followed_until_it_is_cancelled(sources: Page, server: Server):
    new_session(sources, "Followed")
    log = server.allowed / "app.log"
    log.write_text("2024-05-01 12:00:00 INFO started\n", encoding="utf-8")
    path = sources.get_by_label("File on the server")
    path.fill("/etc/hostname")
    sources.get_by_role("button", name="Add the file").click()
    expect(sources.locator(".toast-body", has_text="is in no folder")).to_be_visible()
    path.fill(str(log))
    sources.get_by_role("button", name="Follow the log").click()
    document = sources.locator(".doc")
    expect(document).to_contain_text("1 line", timeout=LONG_MS)
    with log.open("a", encoding="utf-8") as file:
        file.write("2024-05-01 12:00:01 ERROR the disk is full\n")
    expect(document).to_contain_text("2 lines", timeout=LONG_MS)
    expect(sources.get_by_label("Address on the web")).to_have_count(0)


def test_a_protected_pdf_takes_its_password_and_keeps_it_nowhere(sources: Page, tmp_path: Path):
    book = tmp_path / "diary.pdf"
    book.write_bytes(encrypted(make_pdf("The key lay below the third stair."), "sesame"))
    new_session(sources, "Protected")
    upload(sources, book)
    expect(sources.locator(".toast-body", has_text="diary.pdf is encrypted")).to_be_visible()
    password = sources.get_by_label("Password of a protected PDF")
    password.fill("sesame")
    upload(sources, book)
    expect(sources.locator(".doc.done")).to_contain_text("1 page", timeout=LONG_MS)
    expect(password).to_have_value("")
    ask(sources, "Where lay the key?")
    expect_answered(sources)
    sources.locator(".option").first.click()
    passage = sources.get_by_label("Passage", exact=True)
    expect(passage).to_contain_text("Ammon does not keep its password", timeout=LONG_MS)
    expect(passage.locator("mark")).to_contain_text("below the third stair")


PARROTS = {"harbour": ("Tam Rendall", "Hannibal"), "island": ("Nan Isbister", "Cassandra")}


def test_sources_that_are_ticked_out_are_not_cited_and_stay_out(
    page: Page, story: Path, tmp_path: Path
):
    paths = [story]
    for name, (keeper, parrot) in PARROTS.items():
        paths.append(tmp_path / f"{name}.txt")
        text = f"The keeper here was {keeper}. The parrot's name was {parrot}.\n"
        paths[-1].write_text(text, encoding="utf-8")
    new_session(page, "Ticked")
    expect(page.locator(".doc")).to_have_count(0)
    upload(page, *paths)
    expect(page.locator(".doc.done")).to_have_count(3, timeout=LONG_MS)
    counted = page.get_by_role("status").filter(has_text="are asked")
    expect(counted).to_have_text("All 3 are asked")
    boxes = {name: page.get_by_role("checkbox", name=f"Ask {name}") for name in PARROTS}
    boxes["harbour"].click()
    boxes["island"].focus()
    page.keyboard.press("Space")  # while the click is under way
    expect(counted).to_have_text("1 of 3 are asked")
    expect(boxes["island"]).to_be_focused()
    ask(page, "What was the parrot's name?")
    expect_answered(page)
    expect(last_answer(page).locator(".footing")).to_contain_text("asked of 1 of 3 sources")
    expect(last_answer(page)).to_contain_text("Ozymandias")
    last_answer(page).get_by_text("What this rests on").click()
    for option in last_answer(page).locator(".option").all():  # cited, or only looked at
        expect(option).to_contain_text("lighthouse")
    page.reload()
    expect(session(page, "Ticked")).to_be_checked()
    expect(counted).to_have_text("1 of 3 are asked")
    for box in boxes.values():
        expect(box).not_to_be_checked()
    page.get_by_role("button", name="Ask none").click()
    expect(counted).to_have_text("0 of 3 are asked")
    ask(page, "When did the lamp go out?")
    expect(page.locator(".toast-body", has_text="is ticked; tick one")).to_be_visible()
    expect(page.get_by_label("Question", exact=True)).to_have_value("When did the lamp go out?")
    page.get_by_role("button", name="Ask all").click()
    expect(page.get_by_role("checkbox", name="Ask lighthouse")).to_be_checked()


def test_the_notes_of_a_source_are_opened_in_the_reader_from_everywhere(
    page: Page, story: Path, tmp_path: Path
):
    island = tmp_path / "island.txt"
    island.write_text("Chapter 1. The Bay\n\n" + "The parrots sang. " * 20, encoding="utf-8")
    new_session(page, "Noted")
    expect(page.locator(".doc")).to_have_count(0)
    upload(page, story, island)
    expect(page.locator(".doc.done")).to_have_count(2, timeout=LONG_MS)
    contents = page.get_by_role("navigation", name="Contents")
    open_tab(page, "Settings")
    for name in ("island", "lighthouse", "island"):  # the tab is opened, then shows another one
        page.get_by_role("button", name=f"Notes: {name}").click()
        expect(contents).to_contain_text("No notes: it is too short for any.")
        expect(contents.get_by_text("The Bay")).to_have_count(int(name == "island"))
        expect(contents).to_be_focused()
        expect(page.locator("#reader-document input")).to_have_value(name)
    page.get_by_role("button", name="lighthouse", exact=True).click()
    expect(page.locator("#reader h3")).to_be_focused()
    page.set_viewport_size({"width": 390, "height": 844})
    show_or_hide_pane(page)
    page.get_by_role("button", name="Notes: island").click()
    toggle = page.get_by_label("Show or hide sessions and sources")
    expect(toggle).to_have_attribute("aria-expanded", "false")  # it would cover the reader
    expect(contents).to_be_focused()
    expect(contents).to_be_in_viewport()


def test_a_window_made_narrow_closes_the_left_pane_and_a_wide_one_has_it_as_it_was(page: Page):
    toggle = page.get_by_label("Show or hide sessions and sources")
    search = page.get_by_label("Search sessions")
    new_session(page, "Rotated")  # so that the pane is shown, whatever came before

    def turn(width: int, is_open: bool) -> None:
        page.set_viewport_size({"width": width, "height": 800})
        expect(toggle).to_have_attribute("aria-expanded", str(is_open).lower())

    search.focus()
    turn(700, False)
    expect(toggle).to_be_focused()  # no key leads into what is hidden
    turn(1280, True)
    turn(700, False)
    page.reload()
    expect(session(page, "Rotated")).to_be_checked(timeout=LONG_MS)
    turn(700, False)
    turn(1280, True)  # that it was closed there is not kept
    toggle.click()
    turn(700, False)
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")  # over the page, as on a phone
    turn(1280, False)
    toggle.click()
    turn(1280, True)


def test_the_left_pane_is_resized_and_closed_and_stays_so(page: Page):
    edge = page.get_by_role("separator", name="Width of the left pane")
    pane, tabs = page.locator("#left-pane"), page.get_by_role("tablist")

    def expect_width(width: int) -> None:
        expect(edge).to_have_attribute("aria-valuenow", str(width))
        page.wait_for_function(
            "width => document.getElementById('left-pane').offsetWidth === width", arg=width
        )
        page.wait_for_timeout(500)  # the page moves there
        beside = tabs.bounding_box()
        assert beside is not None and 0 <= beside["x"] - width < 60

    expect_width(300)
    edge.focus()
    page.keyboard.press("ArrowRight")
    expect_width(316)
    page.keyboard.press("Home")
    expect_width(260)
    box = edge.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, 300)
    page.mouse.down()
    page.mouse.move(400, 310, steps=4)
    page.mouse.up()
    expect_width(400)
    page.reload()
    expect_width(400)
    show_or_hide_pane(page)
    toggle = page.get_by_label("Show or hide sessions and sources")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    page.reload()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(pane.get_by_role("button", name="Rename")).to_have_count(0)  # no key leads there
    toggle.click()
    expect(pane.get_by_role("button", name="Rename")).to_be_visible()
    page.set_viewport_size({"width": 800, "height": 600})
    expect_width(320)  # the rest of the page keeps room
    page.set_viewport_size({"width": 1280, "height": 860})
    expect_width(400)
