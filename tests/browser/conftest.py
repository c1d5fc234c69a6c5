"""A real server with the real embedded model, and real Chromium."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Frame,
    Page,
    Request,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from tests.support.paths import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
FADING_S = 10
# Chromium's own requests (updates, field trials) would look like requests of the page.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# For slow machines; a correct page passes at once. The first page of a run comes while the machine
# still fetches and prepares the model.
TIMEOUT_MS, FIRST_TIMEOUT_MS = 60_000, 240_000
expect.set_options(timeout=TIMEOUT_MS)
CONTEXTS: dict[str, BrowserContext] = {}
CUT_OFF = ("AbortError", "Unexpected error Connection errored out")


class Server:
    """`python launch.py` in a process of its own, with a data directory that outlives it."""

    def __init__(self, data_dir: Path, allowed: Path, *options: str) -> None:
        self.data_dir, self.allowed, self.options = data_dir, allowed, options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["--data-dir", str(self.data_dir), "--port", str(self.port), *self.options]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "launch.py"), *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, "AMMON_ALLOW_PATHS": str(self.allowed)},
            )
        deadline = time.monotonic() + 300
        while True:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except urllib.error.HTTPError as refused:  # it asks for a password
                refused.close()
                return
            except OSError:
                assert self._process.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.2)

    def kill(self) -> None:
        """Send SIGKILL, so that nothing can be saved."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self) -> str:
        return (self.data_dir / "server.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests, each of which uses its own session; it may read `allowed`."""
    server = Server(tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("allowed"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium: apt-get install chromium")
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        CONTEXTS.clear()
        browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page; afterwards, no error was printed and no other host was contacted."""
    yield from opened(browser, server, viewport={"width": 1280, "height": 860})


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Page]:
    """The page on a phone with the dark theme; checked in the same way afterwards."""
    size = {"width": 390, "height": 844}
    yield from opened(browser, server, viewport=size, has_touch=True, color_scheme="dark")


def opened(
    browser: Browser, server: Server, expected: tuple[str, ...] = (), **context: Any
) -> Iterator[Page]:
    """Open a page of a server; afterwards, check its errors and the hosts it contacted.

    Args:
        expected: beginnings of errors that the page may print.
    """
    page = _context(browser, context).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.set_default_navigation_timeout(FIRST_TIMEOUT_MS)
    errors: list[str] = []
    outside: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))

    asked_at: list[int] = []  # how many errors there were when another page was asked for

    def ask(request: Request) -> None:
        if request.is_navigation_request():
            asked_at[:] = [len(errors)]

    def leave(_: Frame) -> None:
        """Ignore errors of requests that the page's own reload cut off.

        These are all that the page printed while it waited for the next one to come: it has lost
        its connection, and asks for its events in vain.
        """
        del errors[asked_at.pop() if asked_at else len(errors) :]
        errors[:] = [error for error in errors if not error.startswith(CUT_OFF)]

    page.on("request", ask)
    page.on("framenavigated", leave)
    ours = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(ours) else outside.append(r.url))
    page.goto(server.url)
    expect(page.locator(".sessions")).to_be_attached(timeout=FIRST_TIMEOUT_MS)
    yield page
    with contextlib.suppress(PlaywrightError):  # the page shows an error, or is closed
        page.evaluate("localStorage.clear()")
    page.close()
    assert outside == []
    assert [error for error in errors if not error.startswith(expected)] == []


def _context(browser: Browser, options: dict[str, Any]) -> BrowserContext:
    """The context with these options: scripts in its cache need not be compiled for each page."""
    name = json.dumps(options, sort_keys=True)
    if name not in CONTEXTS:
        CONTEXTS[name] = browser.new_context(**options)
    return CONTEXTS[name]


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


@pytest.fixture
def violations() -> Callable[[Page], list[str]]:
    """What axe-core finds against WCAG 2.1 A and AA on a page, and still finds after a while.

    Text that fades in has too little contrast before, for how long depends on the machine.
    """
    if importlib.util.find_spec("axe_playwright_python") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have axe-core: pip install -r requirements-dev.txt")
        pytest.skip("axe-core is not installed (pip install -r requirements-dev.txt)")
    from axe_playwright_python.sync_playwright import Axe

    def find(page: Page) -> list[str]:
        for _ in range(FADING_S):
            found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
            if not found:
                return []
            page.wait_for_timeout(1000)
        return [f"{v['id']}: {n['html'][:200]}" for v in found for n in v["nodes"]]

    return find
