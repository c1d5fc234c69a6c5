"""An open page looks for changes without an event of the framework, and shows them in one."""

import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, Request, expect

import storage
from tests.browser.conftest import Server
from tests.browser.steps import new_session, session

pytestmark = pytest.mark.slow

LOOKS = 3


def next_looks(page: Page, count: int = LOOKS) -> list[str]:
    """The paths of all requests until the page has looked so many times."""
    paths: list[str] = []

    def note(request: Request) -> None:
        paths.append(request.url.rsplit("/", 1)[-1])

    page.on("request", note)
    for _ in range(count):
        with page.expect_response("**/changes"):
            pass
    page.remove_listener("request", note)
    return paths


@pytest.fixture
def quiet(page: Page) -> Page:
    """A page that shows everything."""
    new_session(page, "Nothing changes here")
    for _ in range(40):
        if "join?" not in " ".join(next_looks(page)):
            return page
    pytest.fail("there is an event at every look")


def test_nothing_but_a_word_is_asked_for_while_nothing_changes(quiet: Page):
    for _ in range(3):  # a test before this one may have left something to be swept
        if next_looks(quiet) == ["changes"] * LOOKS:
            return
    pytest.fail("events are sent although nothing changes")


def test_what_another_process_changes_is_shown_and_the_session_stays(quiet: Page, server: Server):
    with storage.Database(server.data_dir / "ammon.sqlite") as database:
        storage.create_session(database, "Made by another process", {"by": "it"})
    expect(session(quiet, "Made by another process")).to_be_visible()
    expect(session(quiet, "Nothing changes here")).to_be_checked()


def test_another_site_does_not_learn_whether_anything_changes(server: Server):
    request = urllib.request.Request(f"{server.url}changes", headers={"Origin": "http://evil.test"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value:
        assert refused.value.code == 403
