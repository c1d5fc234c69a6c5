"""The reader: marks open their page at every width, documents are read through, places stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Locator, Page, expect

import storage
from storage import Database
from tests.browser.conftest import Server
from tests.browser.steps import LONG_MS, new_session, read, session, show_or_hide_pane
from tests.support.noted import add_document
from tests.support.pdf_samples import make_pdf

pytestmark = pytest.mark.slow

WIDTHS = (320, 768, 1280, 1920)


def store_answer(server: Server, name: str, text: str, *pages: int) -> None:
    """Store a question with an answer of one sentence that these pages of the document support."""
    with Database(server.data_dir / "ammon.sqlite") as db:
        row = storage.get_session(db, name)
        (document,) = storage.list_documents(db, row.id)
        found = {s.locator_start: s for s in storage.iter_segments(db, document.id)}
        passages = [
            {"number": n, "document": document.title, "locator": found[page].locator}
            | {"text": found[page].text.strip(), "document_id": document.id, "cited": True}
            | {"segment_id": found[page].id, "is_read": True}
            for n, page in enumerate(pages, 1)
        ]
        numbers = list(range(1, len(pages) + 1))
        sentences = [{"text": text, "supported_by": numbers, "unknown": []}]
        details = {"passages": passages, "sentences": sentences}
        with db.transaction():
            storage.add_message(db, row.id, role="user", text="Who?", position=0)
            storage.add_message(
                db, row.id, role="assistant", text=text, position=0, details=details
            )


def heading(page: Page) -> Locator:
    return page.locator("#reader h3")


def expect_no_sideways_scrolling(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pane = page.locator("#reader")
    assert cast(int, pane.evaluate("pane => pane.scrollWidth - pane.clientWidth")) <= 0


def test_marks_open_their_page_at_every_width_in_light_and_dark(
    page: Page, server: Server, tmp_path: Path, violations: Callable[[Page], list[str]]
):
    book = tmp_path / "harbour.pdf"
    book.write_bytes(
        make_pdf(
            "The ship Aurora came into the harbour in March.",
            "Captain Vasquez was the thief of the pearl.",
            "The pearl was found again behind the clock.",
        )
    )
    read(page, "Marked", book)
    store_answer(server, "Marked", "Vasquez took the pearl, which was found.", 2, 3)
    marks = page.locator(".message.bot .mark")
    expect(marks).to_have_count(2, timeout=LONG_MS)
    preview = page.get_by_role("tooltip")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=cast(Any, scheme))
        page.reload()
        expect(session(page, "Marked")).to_be_checked(timeout=LONG_MS)
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        expect(marks).to_have_count(2)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 860})
            if width == 320:  # the list of sessions covers a small screen
                if page.locator(".sidebar.open").count():
                    show_or_hide_pane(page)
            mark, number = marks.nth(1), 3
            mark.hover()
            expect(preview).to_contain_text("harbour, page 2")
            expect(preview).to_contain_text("harbour, page 3")
            expect(preview.locator("b").first).to_contain_text("page 3")
            mark.click()
            expect(heading(page)).to_have_text(f"harbour, page {number}")
            expect(heading(page)).to_be_focused()
            expect(heading(page)).to_be_in_viewport()
            expect(page.locator("#reader figure span").first).to_be_visible()
            expect(page.locator("#reader mark")).to_contain_text("behind the clock")
            expect_no_sideways_scrolling(page, width)
            if (scheme, width) in (("light", 1280), ("dark", 320)):
                page.wait_for_timeout(600)  # text that fades in has too little contrast before
                assert violations(page) == []
            page.get_by_label("Close the reader").click()
            expect(page.locator("#reader")).to_be_hidden()
            expect(mark).to_be_focused()


def test_the_mark_on_the_picture_comes_into_view_though_the_text_was_there_before(
    page: Page, server: Server, tmp_path: Path
):
    book = tmp_path / "atlas.pdf"
    lines = "\n".join(f"Sheet {n} shows the coast with its lights and buoys." for n in range(45))
    book.write_bytes(make_pdf(lines))
    read(page, "Deep", book)
    store_answer(server, "Deep", "The coast.", 1)
    page.locator(".message.bot .mark").first.click(timeout=LONG_MS)
    expect(page.locator("#reader figure span").first).to_be_in_viewport()
    pane = page.locator("#reader")
    scrolled = "pane => { pane.scrollTop = 7; }"
    pane.evaluate(scrolled)
    page.wait_for_timeout(2000)  # updates leave the place to which a person scrolled
    assert pane.evaluate("pane => pane.scrollTop") == 7


PLACE_OF_WORDS = """words => {
    const texts = document.createTreeWalker(
        document.querySelector('#reader .text'), NodeFilter.SHOW_TEXT);
    while (texts.nextNode() && !texts.currentNode.data.includes(words));
    const range = document.createRange();
    range.setStart(texts.currentNode, texts.currentNode.data.indexOf(words));
    range.setEnd(texts.currentNode, range.startOffset + words.length);
    return range.getBoundingClientRect().top;
}"""
"""Pixels from the upper end of the window to some words in the reader."""


def show_voyage(page: Page, server: Server, name: str) -> None:
    """Make and show a session with a text of many lines, of which nothing has to be read."""
    new_session(page, name)
    with Database(server.data_dir / "ammon.sqlite") as db:
        row = storage.get_session(db, name)
        document = storage.add_document(
            db, row.id, title="voyage", kind="text", file_name="a", sha256="a", byte_count=1
        )
        text = "\n\n".join(f"Line {i}." for i in range(60))
        storage.add_segments(
            db, document.id, [storage.NewSegment(text, "lines 1–119", "line", 1, 119, 0, 10)]
        )
        storage.finish_indexing(db, document.id, token_count=10, unit_count=119, unit_name="lines")
    page.reload()
    expect(session(page, name)).to_be_checked(timeout=LONG_MS)


def test_the_edge_of_the_reader_is_dragged_and_moved_with_keys_and_its_place_is_kept(
    page: Page, server: Server
):
    show_voyage(page, server, "Dragged")
    page.evaluate("localStorage.setItem('ammon.reader', '{\"width\": 50}')")
    page.reload()
    expect(session(page, "Dragged")).to_be_checked(timeout=LONG_MS)
    page.get_by_role("button", name="voyage", exact=True).click()
    edge = page.get_by_role("separator", name="Width of the reader")
    expect(edge).to_have_attribute("aria-valuenow", "50")
    pane = page.locator("#reader")
    before, at, desk = (each.bounding_box() for each in (pane, edge, page.locator("#desk")))
    assert before is not None and at is not None and desk is not None
    page.mouse.move(at["x"] + 5, 300)
    page.mouse.down()
    page.mouse.move(at["x"] + 125, 310, steps=4)
    page.mouse.up()
    width = round(100 * (desk["x"] + desk["width"] - at["x"] - 125) / desk["width"])
    expect(edge).to_have_attribute("aria-valuenow", str(width))
    after = pane.bounding_box()
    assert after is not None and after["width"] < before["width"] - 20
    page.reload()
    expect(edge).to_have_attribute("aria-valuenow", str(width), timeout=LONG_MS)
    expect(heading(page)).to_be_visible()  # the place is kept beside it
    edge.focus()
    for key, value in (("End", 70), ("ArrowRight", 68), ("Home", 25), ("ArrowLeft", 27)):
        page.keyboard.press(key)
        expect(edge).to_have_attribute("aria-valuenow", str(value))
    expect(edge).to_have_attribute("aria-valuemin", "25")
    expect(edge).to_have_attribute("aria-valuemax", "70")


def test_what_is_read_stays_in_view_when_the_window_becomes_narrow_and_wide_again(
    page: Page, server: Server
):
    show_voyage(page, server, "Narrowed")
    page.get_by_role("button", name="voyage", exact=True).click()
    expect(heading(page)).to_be_focused()
    pane = page.locator("#reader")
    top = page.evaluate(PLACE_OF_WORDS, "30.")
    pane.evaluate("(pane, top) => pane.scrollBy(0, top - 300)", top)
    for width in (600, 1280, 600):
        page.set_viewport_size({"width": width, "height": 860})
        expect(page.locator("#desk[data-narrow]")).to_have_count(int(width == 600))
        page.wait_for_timeout(600)  # the left pane moves
        page.wait_for_function(f"0 < ({PLACE_OF_WORDS})('30.') && ({PLACE_OF_WORDS})('30.') < 800")
        box = pane.bounding_box()
        assert box is not None and (box["y"] < 0) == (width == 600)
    page.set_viewport_size({"width": 1280, "height": 860})
    question = page.get_by_label("Question", exact=True)
    question.focus()
    page.set_viewport_size({"width": 600, "height": 860})
    expect(page.locator("#desk[data-narrow]")).to_have_count(1)
    expect(question).to_be_in_viewport()  # not the reader


def test_a_wide_table_of_a_web_page_scrolls_in_its_own_box_on_a_narrow_screen(
    page: Page, tmp_path: Path, violations: Callable[[Page], list[str]]
):
    ports = tmp_path / "ports.html"
    names = [f"Column{n:02d}" for n in range(14)]
    rows = [names, *([f"Value{row}of{n}" for n in range(14)] for row in range(1, 5))]
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    ports.write_text(f"<p>The ports.</p><table>{lines}</table><p>All.</p>", encoding="utf-8")
    read(page, "Ports", ports)
    page.get_by_role("button", name="Reader", exact=True).click()
    table = page.locator("#reader .table")
    expect(table.get_by_role("columnheader")).to_have_count(14)
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(600)
    assert table.evaluate("box => box.scrollWidth > box.clientWidth")
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#reader .table').scrollLeft > 0")


def test_contents_grow_while_they_are_open_and_keep_the_focus_and_what_is_in_view(
    page: Page, server: Server
):
    new_session(page, "Grown")
    with Database(server.data_dir / "ammon.sqlite") as db:
        row = storage.get_session(db, "Grown")
        number = add_document(db, row.id, "saga", [("A saga.", "line 1", "line", None)] * 60)
        for n in range(20, 60):
            storage.add_note(db, number, 1000 * n, 1000 * n + 999, f"Note {n} on the saga. " * 8)
        page.reload()
        expect(session(page, "Grown")).to_be_checked(timeout=LONG_MS)
        page.get_by_role("button", name="saga", exact=True).click()
        expect(heading(page)).to_be_focused()
        page.get_by_role("tab", name="Contents").click()
        entries = page.get_by_role("navigation", name="Contents").get_by_role("button")
        expect(entries).to_have_count(41)
        entry = entries.filter(has_text="Note 50 ")
        entry.scroll_into_view_if_needed()
        entry.focus()
        page.wait_for_timeout(500)
        before = entry.bounding_box()
        for n in (5, 9, 55):
            storage.add_note(db, number, 1000 * n, 1000 * n + 998, f"Late note {n}. " * 8)
        expect(entries).to_have_count(44, timeout=LONG_MS)
        expect(entry).to_be_focused()
        after = entry.bounding_box()
        assert before and after and abs(before["y"] - after["y"]) < 4
        page.get_by_role("tab", name="Page").click()
        expect(heading(page)).to_be_visible()
        storage.add_note(db, number, 12_000, 12_998, "Not asked for.")
        page.wait_for_timeout(6000)
        expect(page.locator("#reader .contents")).not_to_contain_text("Not asked for.")
    page.get_by_role("tab", name="Contents").click()
    expect(entries).to_have_count(45)


def test_a_document_is_read_searched_and_found_again_by_keyboard(
    page: Page, tmp_path: Path, violations: Callable[[Page], list[str]]
):
    book = tmp_path / "island.txt"
    chapters = [
        f"Chapter {n}. The Voyage\n\n"
        + "\n\n".join(f"Line {i} of part {n}. " * 6 for i in range(6))
        for n in range(1, 4)
    ]
    text = "\n\n".join(chapters).replace("Line 3 of part 2.", "The parrots sang.", 1)
    book.write_text(text, encoding="utf-8")
    read(page, "Island", book)
    page.get_by_role("button", name="Reader", exact=True).focus()
    page.keyboard.press("Enter")
    turn = page.get_by_role("navigation", name="Pages")
    expect(page.locator("#reader .text")).to_contain_text("Line 0 of part 1.")
    expect(heading(page)).to_be_focused()
    expect(turn.get_by_role("button", name="Previous page")).to_be_disabled()
    forward = turn.get_by_role("button", name="Next page")
    forward.focus()
    while forward.is_enabled():
        before = heading(page).inner_text()
        page.keyboard.press("Enter")
        expect(heading(page)).not_to_have_text(before)
        expect(page.locator("#reader :focus")).to_have_count(1)
    expect(page.locator("#reader .text")).to_contain_text("Line 5 of part 3.")

    page.get_by_role("tab", name="Contents").click()
    entries = page.get_by_role("navigation", name="Contents").get_by_role("button")
    expect(entries).to_have_count(3)
    search = page.get_by_label("Search in this document")
    search.focus()
    page.keyboard.type("parrot sings")
    page.keyboard.press("Enter")
    expect(page.locator("#reader [role=status]")).to_contain_text("No passage")
    search.fill("parrot")
    page.keyboard.press("Enter")
    hit = page.get_by_role("navigation", name="Found passages").get_by_role("button")
    expect(hit).to_have_count(1)
    expect(search).to_be_focused()
    page.wait_for_timeout(600)
    assert violations(page) == []
    hit.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reader .passage mark")).to_have_text("parrots")
    expect(heading(page)).to_be_focused()
    page.get_by_role("tab", name="Contents").click()
    entries.nth(2).click()
    expect(page.locator("#reader .text")).to_contain_text("Line 0 of part 3.")
    expect(page.locator("#reader mark")).to_have_count(0)

    separator = page.get_by_role("separator", name="Width of the reader")
    wide = page.locator("#reader").bounding_box()
    separator.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(separator).to_have_attribute("aria-valuenow", "38")
    narrow = page.locator("#reader").bounding_box()
    assert wide and narrow and narrow["width"] < wide["width"] - 20
    before = heading(page).inner_text()
    page.reload()
    expect(session(page, "Island")).to_be_checked(timeout=LONG_MS)
    expect(heading(page)).to_have_text(before)
    expect(separator).to_have_attribute("aria-valuenow", "38")
    page.get_by_label("Close the reader").click()
    page.reload()
    expect(page.get_by_role("button", name="Reader", exact=True)).to_be_visible(timeout=LONG_MS)

    # What is kept is data from outside: a place that is gone opens nothing, and says nothing.
    kept = json.loads(page.evaluate("localStorage.getItem('ammon.reader')"))
    for found in kept["places"].values():
        found |= {"isOpen": True, "place": {"segment": 10**9, "part": ["x"]}}
    kept["width"] = "x"
    page.evaluate("text => localStorage.setItem('ammon.reader', text)", json.dumps(kept))
    page.reload()
    expect(session(page, "Island")).to_be_checked(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Reader", exact=True)).to_be_visible()
    page.wait_for_timeout(1500)
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator(".toast-body")).to_have_count(0)
