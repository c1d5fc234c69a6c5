"""The log-in: who knows the password gets a cookie, and tries are slowed."""

import asyncio
import re
import stat
import sys
import time

import pytest

from app.web import guard as guard_module
from app.web.guard import Guard, Rules
from app.web.hosts import Hosts
from app.web.login import LASTS_S, Login, Tries, read_password, read_secret
from app.web.page_ids import PageIds
from tests.app.web.test_guard import JOIN, OWN, Framework, ask

SECRET = b"s" * 32
WORD = "a lamp at dusk"


def made(root_path="", word=WORD, secret=SECRET):
    login = Login(word, secret, "ammon-7860")
    rules = Rules(Hosts("127.0.0.1"), 1000, root_path, login)
    return Guard(Framework(), rules, PageIds(lambda page_id: None)), login


def log_in(guard, word, headers=None, **more):
    return ask(guard, "POST", "/login", headers, content=f"password={word}", **more)


def test_without_the_password_nothing_but_the_log_in_page_is_served():
    guard, _ = made()
    page = ask(guard, "GET", "/")
    assert page.status_code == 401 and 'type="password"' in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert ask(guard, "POST", JOIN, content=b'{"session_hash": "a"}').status_code == 401
    assert ask(guard, "GET", "/config").status_code == 401
    assert ask(guard, "GET", "/gradio_api/queue/data?session_hash=a").status_code == 401
    assert guard._app.paths == []


def test_the_password_gives_a_cookie_that_opens_the_page():
    guard, _ = made("/ammon")
    answer = log_in(guard, WORD.replace(" ", "+"))
    assert answer.status_code == 303 and answer.headers["location"] == "./"
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=Lax", "Path=/ammon", f"Max-Age={LASTS_S}"):
        assert part in cookie
    assert "Secure" not in cookie
    value = cookie.split(";")[0]
    for cookies in (value, f'odd={{"a": 1}}; {value}'):
        page = ask(guard, "GET", "/", {"Cookie": cookies})
        assert page.status_code == 200 and "password" not in page.text
    own = {"Origin": OWN, "Cookie": value}
    assert ask(guard, "POST", JOIN, own, content=b'{"session_hash": "a"}').status_code == 200
    foreign = {"Origin": "https://evil.example", "Cookie": value}
    assert ask(guard, "POST", JOIN, foreign, content=b"{}").status_code == 403


def test_a_password_that_never_ends_does_not_hold_the_connection(monkeypatch):
    monkeypatch.setattr(guard_module, "MAX_LOGIN_S", 0.05)
    guard, _ = made()

    async def drips():
        yield b"password="
        await asyncio.sleep(60)

    started = time.monotonic()
    assert ask(guard, "POST", "/login", content=drips()).status_code == 408
    assert time.monotonic() - started < 30


def test_over_https_the_cookie_is_for_https_only():
    guard, _ = made()
    headers = {"Origin": OWN, "X-Forwarded-Proto": "https"}
    assert "; Secure" in log_in(guard, WORD, headers).headers["set-cookie"]


@pytest.mark.parametrize(
    "word, headers, status",
    [
        ("wrong", None, 401),
        ("", None, 401),
        (WORD + " ", None, 401),
        (WORD, {"Origin": "https://evil.example"}, 403),
        (WORD, {}, 403),
    ],
)
def test_a_wrong_password_or_another_site_gets_no_cookie(word, headers, status):
    guard, _ = made()
    answer = log_in(guard, word, headers)
    assert answer.status_code == status and "set-cookie" not in answer.headers


def test_a_cookie_is_not_made_changed_or_kept_by_anybody_else(monkeypatch):
    guard, login = made()
    good = login.cookie("/", False).split(";")[0]
    expires, nonce, signature = good.split("=")[1].split(".")
    longer = f"{int(expires) + 1}.{nonce}.{signature}"
    other_password = Login("another word", SECRET, "ammon-7860").cookie("/", False).split(";")[0]
    other_server = Login(WORD, b"t" * 32, "ammon-7860").cookie("/", False).split(";")[0]
    for cookie in (
        f"ammon-7860={longer}", "ammon-7860=", "ammon-7860=..", "ammon-7860=é.é.é",
        f"other={good}", other_password, other_server,
    ):  # fmt: skip
        assert not login.knows(cookie), cookie
    assert login.knows(good) and Login(WORD, SECRET, "ammon-7860").knows(good), "after a restart"
    later = time.time() + LASTS_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert not login.knows(good)


def test_tries_are_slowed_for_each_address_and_for_all():
    guard, _ = made()
    answers = [log_in(guard, "wrong") for _ in range(Tries.EACH + 1)]
    assert [answer.status_code for answer in answers] == [401] * Tries.EACH + [429]
    assert int(answers[-1].headers["retry-after"]) > 0 and "wait" in answers[-1].text
    assert log_in(guard, WORD).status_code == 429, "also with the right one"
    assert log_in(guard, WORD, client=("10.0.0.9", 5)).status_code == 303


def test_tries_return_with_time_and_a_network_counts_as_one_address():
    now = [0.0]
    tries = Tries(lambda: now[0])
    for number in range(Tries.EACH):
        assert tries.wait_s("2001:db8::1") == 0
        tries.take(f"2001:db8::{number}")
    assert tries.wait_s("2001:db8::99") == Tries.EACH_S and tries.wait_s("2001:db8:1::1") == 0
    now[0] = Tries.EACH_S
    assert tries.wait_s("2001:db8::1") == 0
    for number in range(Tries.ALL):
        tries.take(f"10.0.0.{number}")
    assert tries.wait_s("10.1.1.1") > 0, "many addresses share a bound"
    for number in range(2 * Tries.MAX_ADDRESSES):
        tries.take(f"10.0.{number // 250}.{number % 250}")
    assert len(tries._by_address) == Tries.MAX_ADDRESSES


def test_a_short_password_is_refused():
    with pytest.raises(ValueError, match="8 characters"):
        Login("short", SECRET, "c")


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such modes there")
def test_the_secret_is_kept_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "login.secret"
    first = read_secret(path)
    assert len(first) == 32 and read_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"")
    assert read_secret(path) not in (first, b"")
    assert re.fullmatch(r"login\.secret", *(p.name for p in tmp_path.iterdir())), "no part is left"


def test_a_password_file_holds_it_in_its_first_line(tmp_path):
    path = tmp_path / "word"
    path.write_text(f"{WORD}\r\nmore\n", encoding="utf-8")
    assert read_password(path) == WORD
    with pytest.raises(ValueError, match="cannot be read"):
        read_password(tmp_path / "none")
