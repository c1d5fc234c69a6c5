"""A session is exported with a button, and imported by choosing or dropping the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ingest.sniffing import is_session_export
from tests.browser.steps import LONG_MS, drop, new_session, read, session, upload

pytestmark = pytest.mark.slow


def test_an_exported_session_is_saved_and_comes_back_under_another_name(
    page: Page, story: Path, tmp_path: Path, violations: Callable[[Page], list[str]]
):
    read(page, "Wreck", story)
    page.get_by_role("button", name="Export", exact=True).click()
    link = page.get_by_role("link", name="Save Wreck.ammon")
    expect(link).to_be_visible(timeout=LONG_MS)
    for width, scheme in ((320, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "Wreck.ammon"
    kept = tmp_path / "kept.bin"
    saved.value.save_as(kept)
    assert is_session_export(kept.read_bytes())
    page.get_by_role("button", name="Close: Exporting Wreck").click()
    expect(link).to_have_count(0)

    upload(page, kept, story)  # the story is there already
    expect(session(page, "Wreck 2")).to_be_checked(timeout=LONG_MS)
    expect(page.locator("#sources .doc-title")).to_have_text("lighthouse")
    expect(page.locator(".doc.done")).to_have_count(1)
    expect(page.locator("#arrivals")).to_be_hidden(timeout=LONG_MS)


def session_names(page: Page) -> list[str]:
    """The names in the sidebar, without their sizes."""
    labels = page.locator(".sessions label").all_inner_texts()
    return [label.strip().split("\n")[0] for label in labels]


def test_a_damaged_export_and_a_large_file_are_refused_with_a_sentence(page: Page, tmp_path: Path):
    new_session(page, "Keeps")
    names = session_names(page)
    assert "Keeps" in names
    damaged = tmp_path / "lamp.ammon"
    damaged.write_bytes(b"SQLite format 3\0" + bytes(52) + b"Ammn" + bytes(2000))
    drop(page, damaged)
    refused = page.locator(".transfers [role=alert]")
    expect(refused).to_contain_text("Importing lamp.ammon: lamp.ammon ", timeout=LONG_MS)
    expect(session(page, "Keeps")).to_be_checked()
    refused.get_by_role("button", name="Close").click()
    expect(refused).to_have_count(0)

    page.evaluate(
        """() => {
            const file = (name, value) => {
                const large = new File(['x'], name);
                Object.defineProperty(large, 'size', {value});
                return {kind: 'file', getAsFile: () => large, webkitGetAsEntry: () => null};
            };
            const transfer = {types: ['Files'], getData: () => '', items: [
                file('large.ammon', 700e6), file('\u202etxt.' + 'x'.repeat(200), 800e6)]};
            const event = new Event('drop', {bubbles: true, cancelable: true});
            Object.defineProperty(event, 'dataTransfer', {value: transfer});
            document.querySelector('main').dispatchEvent(event);
        }"""
    )
    expect(page.locator("#arrivals")).to_have_text(
        f"large.ammon (700 MB) and txt.{'x' * 55}… (800 MB) are too large, as the page takes files "
        "of 537 MB at most: import exported sessions with python launch.py import FILE where Ammon "
        "runs, and split the others into parts and add them one after another."
    )
    expect(page.locator(".doc")).to_have_count(0)
    assert session_names(page) == names
