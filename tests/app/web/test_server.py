"""The server below a path of another one: what it is given, and what the page then refers to."""

import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.errors import NotAllowed
from app.web.hosts import Host
from app.web.server import Access, clean_root_path, make_rules
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


@pytest.mark.parametrize(
    "options, said",
    [
        (("--host", "0.0.0.0"), "--password"),
        (("--host", "::"), "--open"),
        (("--host", "192.0.2.1"), "--password"),
        (("--host", "0.0.0.0", "--password", "short"), "8 characters"),
        (("--host", "0.0.0.0", "--password-file", "none.txt"), "none.txt"),
        (("--allow-host", "two words"), "--allow-host"),
    ],
)
def test_others_reach_the_page_with_a_password_or_if_that_is_said(
    tmp_path, tiny_dir, options, said
):
    runner = CliRunner()
    given = [*options, "--data-dir", str(tmp_path), "--model", str(tiny_dir)]
    result = runner.invoke(cli, given)
    assert result.exit_code == 1 and said in str(result.exception)
    assert not isinstance(result.exception, SystemExit) or result.exception.code == 1


def rules(make_service, host, **access):
    return make_rules(make_service(), host, 7860, "https://books.example/ammon", Access(**access))


def test_a_password_makes_a_log_in_and_open_none(make_service):
    made = rules(make_service, "0.0.0.0", password="a lamp at dusk")
    assert made.login.is_right("a lamp at dusk") and made.login.name == "ammon-7860"
    assert rules(make_service, "0.0.0.0", is_open=True).login is None
    assert rules(make_service, "127.0.0.1").login is None
    with pytest.raises(NotAllowed, match="--open"):
        rules(make_service, "0.0.0.0")


def test_a_whole_address_as_root_path_is_a_name_of_the_page(make_service):
    made = rules(make_service, "127.0.0.1")
    assert made.hosts.has(Host("books.example"), None) and made.root_path == "/ammon"
