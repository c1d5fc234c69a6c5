"""The page asks for its password, works behind the guard, and keeps other sites out."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.slow
WORD = "a lamp at dusk"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, tiny_dir: Path) -> Iterator[Server]:
    """A server with a password, on a tiny model."""
    password = tmp_path_factory.mktemp("word") / "password"
    password.write_text(f"{WORD}\n", encoding="utf-8")
    options = ("--password-file", str(password), "--model", str(tiny_dir))
    server = Server(tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("allowed"), *options)
    server.start()
    yield server
    server.stop()


def test_the_password_opens_the_page_and_an_upload_is_read(
    browser: Browser, guarded: Server, story: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(guarded.url)
    page.get_by_label("Password").fill("wrong word")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    page.get_by_label("Password").fill(WORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".sessions")).to_be_attached(timeout=60_000)
    page.locator('#sources input[type="file"]').first.set_input_files(story)
    expect(page.locator(".doc-title")).to_have_text("lighthouse")
    uploads = guarded.data_dir / "uploads"
    assert not list(uploads.rglob("lighthouse*")), "it is kept elsewhere"
    assert page.evaluate("document.cookie") == "", "no script reads the cookie"
    context.close()
    assert [error for error in errors if "401" not in error] == []


ATTACK = """<!doctype html><title>evil</title><iframe src="{url}"></iframe><script>
const tries = [
    fetch("{url}config", {{credentials: "include"}}),
    fetch("{url}gradio_api/queue/join", {{method: "POST", body: '{{"session_hash": "a"}}',
        headers: {{"Content-Type": "text/plain"}}, credentials: "include"}}),
    fetch("{url}gradio_api/upload", {{method: "POST", body: new FormData(), mode: "no-cors",
        credentials: "include"}}),
];
Promise.allSettled(tries).then((all) => {{
    document.title = all.map((one) => one.value ? one.value.type : "refused").join(" ");
}});
</script>"""


class Evil(http.server.BaseHTTPRequestHandler):
    url = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(ATTACK.format(url=self.url).encode())

    def log_message(self, *_: object) -> None:
        pass


def test_a_site_on_another_port_neither_reads_nor_changes_nor_frames_the_page(
    browser: Browser, server: Server
) -> None:
    Evil.url = server.url
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil) as evil:
        thread = threading.Thread(target=evil.serve_forever, args=(0.05,))
        thread.start()
        page = browser.new_page()
        answers: dict[str, int] = {}
        page.on("response", lambda r: answers.update({r.url: r.status}))
        page.goto(f"http://127.0.0.1:{evil.server_port}/")
        expect(page).to_have_title(re.compile("refused refused (refused|opaque)"))
        assert answers.get(f"{server.url}gradio_api/upload", 403) == 403
        assert answers.get(server.url, 403) == 403
        assert [frame.locator("gradio-app").count() for frame in page.frames] in ([0], [0, 0])
        page.close()
        evil.shutdown()
        thread.join()
