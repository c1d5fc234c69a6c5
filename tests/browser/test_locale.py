"""Numbers and times as the browser's language writes them; the words stay English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.web.formatting import moment, with_numbers
from tests.browser.conftest import Server, opened

pytestmark = pytest.mark.slow

TEXT = with_numbers("1,616 of 12,345,678 tokens, 64.8 MB, page 12")
GERMAN = "1.616 of 12.345.678 tokens, 64,8 MB, page 12"
UPDATE = """() => {
    const probe = document.getElementById('probe');
    const begun = performance.now();
    for (const node of probe.querySelectorAll('data')) {
        node.setAttribute('value', '2000.5');
        node.firstChild.data = '2,000.5';
    }
    probe.offsetHeight;
    return new Promise((done) => queueMicrotask(() => {
        probe.offsetHeight;
        done(performance.now() - begun);
    }));
}"""


@pytest.fixture
def german(browser: Browser, server: Server) -> Iterator[Page]:
    yield from opened(browser, server, locale="de-DE", timezone_id="Europe/Berlin")


def show(page: Page, content: str) -> None:
    """What the framework does with what the server sends: it sets the content of an element."""
    page.evaluate(
        """(content) => {
            const probe = document.getElementById('probe') ?? document.createElement('div');
            probe.id = 'probe';
            probe.innerHTML = content;
            document.body.append(probe);
        }""",
        content,
    )


def test_numbers_and_times_are_written_in_the_browsers_language_whenever_they_arrive(german: Page):
    show(german, TEXT)
    expect(german.locator("#probe")).to_have_text(GERMAN)
    show(german, moment("2031-01-25T06:12:00+00:00"))
    expect(german.locator("#probe")).to_have_text("25.01.2031, 07:12")
    show(german, TEXT * 50)
    expect(german.locator("#probe")).to_have_text(GERMAN * 50)
    cost_ms = [german.evaluate(UPDATE) for _ in range(5)]
    expect(german.locator("#probe data").last).to_have_text("2.000,5")
    assert min(cost_ms) < 16


def test_in_english_they_are_as_the_server_wrote_them(page: Page):
    show(page, TEXT)
    expect(page.locator("#probe")).to_have_text("1,616 of 12,345,678 tokens, 64.8 MB, page 12")
