"""The server below a path of another one: what it is given, and what the page then refers to."""

import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from app.web.server import clean_root_path
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    "given, taken",
    [("", ""), ("/", ""), ("/ammon/", "/ammon"), (" /a/b ", "/a/b"), ("https://x.org/a/",) * 2],
)
def test_a_root_path_is_taken_without_its_last_slash(given, taken):
    assert clean_root_path(given) == taken.rstrip("/")


@pytest.mark.parametrize("given", ["ammon", "ftp://x.org/a", "./a"])
def test_what_is_no_path_from_the_root_is_refused(given):
    with pytest.raises(ValueError, match="such as /ammon"):
        clean_root_path(given)


def test_behind_a_proxy_the_page_refers_to_its_path_there(tmp_path, tiny_dir):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--port", str(port), "--root-path", "/ammon/", "--model", str(tiny_dir))
    options += ("--allow-host", "books.example")
    with subprocess.Popen(
        [sys.executable, "launch.py", *options, "--data-dir", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            page = _fetched(server, f"http://127.0.0.1:{port}/")
        finally:
            server.kill()
    assert '"root":"https://books.example/ammon"' in page.replace(": ", ":")


def _fetched(server: subprocess.Popen, url: str) -> str:
    """What the server answers to a proxy that has taken the path away."""
    headers = {"X-Forwarded-Host": "books.example", "X-Forwarded-Proto": "https"}
    deadline = time.monotonic() + 120
    while True:
        try:
            request = urllib.request.Request(url, headers=headers)
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.read().decode()
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline, "it does not serve"
            time.sleep(0.3)
