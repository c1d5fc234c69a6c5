"""Who is let in to the page, and what the guard adds to each answer.

The application behind the guard is a small one, which answers with what it was given.
"""

import asyncio
import json

import httpx
import pytest

from app.web.guard import MAX_BODY_BYTES, Guard, Rules
from app.web.hosts import Hosts, is_loopback
from app.web.page_ids import MAX_PAGES, QUIET_S, PageIds
from tests.support.coroutines import run as run_coroutine

OWN = "http://127.0.0.1:7860"
JOIN, UPLOAD = "/gradio_api/queue/join", "/gradio_api/upload"
EVENT = {"session_hash": "abc123", "data": []}
PAGE = b'<head><script>let a = "\\u003cscript>";</script><script src="x"></script></head>'


class Framework:
    """Answers what the page asks for, generously, as the framework does."""

    def __init__(self):
        self.paths, self.bodies = [], []

    async def __call__(self, scope, receive, send):
        self.paths.append(scope["path"])
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the browser has gone")
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        kind = b"text/html" if scope["path"] == "/" else b"text/event-stream"
        headers = [(b"content-type", kind), (b"access-control-allow-origin", b"*")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE, "more_body": False})


def made(bound="127.0.0.1", allowed=(), limit=1000, pages=None, **rules):
    pages = PageIds(lambda page_id: None) if pages is None else pages
    framework = Framework()
    return Guard(framework, Rules(Hosts(bound, allowed), limit, **rules), pages), framework


def ask(guard, method, path, headers=None, base=OWN, content=None, client=("127.0.0.1", 5)):
    """What the guard answers; without headers it is as if the page itself had asked."""
    given = {"Origin": base} if headers is None and method == "POST" else headers
    if headers is None and method == "GET":
        given = {"Sec-Fetch-Site": "same-origin"}

    async def send():
        transport = httpx.ASGITransport(app=guard, client=client, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=base) as browser:
            return await browser.request(method, path, headers=given, content=content)

    return run_coroutine(send())


def test_the_page_itself_may_do_everything_that_is_open():
    guard, framework = made()
    assert ask(guard, "GET", "/", {}).status_code == 200
    assert ask(guard, "POST", JOIN, content=json.dumps(EVENT)).status_code == 200
    assert json.loads(framework.bodies[-1]) == EVENT, "the body is passed on whole"
    assert ask(guard, "GET", "/gradio_api/queue/data?session_hash=abc123").status_code == 200
    assert (
        ask(guard, "GET", "/assets/index.js", {"Origin": "https://evil.example"}).status_code == 200
    )


@pytest.mark.parametrize(
    "host, bound, is_taken",
    [
        ("localhost", "127.0.0.1", True),
        ("LOCALHOST:9", "127.0.0.1", True),
        ("[::1]:7860", "127.0.0.1", True),
        ("127.0.0.5", "127.0.0.1", True),
        ("books.example", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("localhost@evil.example", "127.0.0.1", False),
        ("8.8.8.8", "127.0.0.1", False),
        ("192.168.1.5", "192.168.1.5", True),
        ("192.168.1.6", "192.168.1.5", False),
        ("0.0.0.0", "0.0.0.0", False),
        ("", "127.0.0.1", False),
    ],
)
def test_the_page_is_served_under_its_own_names_only(host, bound, is_taken):
    guard, framework = made(bound)
    answer = ask(guard, "GET", "/", {"Host": host})
    assert (answer.status_code == 200) is is_taken
    assert bool(framework.paths) is is_taken
    if host and not is_taken:
        assert "--allow-host" in answer.text


def test_a_name_that_was_allowed_is_a_name_of_the_page():
    guard, _ = made(allowed=["Books.example", "https://shelf.example:8443/ammon"])
    for base in ("https://books.example", "http://books.example:80", "https://shelf.example:8443"):
        assert ask(guard, "POST", JOIN, base=base, content=json.dumps(EVENT)).status_code == 200
    # a proxy that leaves out the port, or says in another header what it was asked for
    port = {"Host": "shelf.example", "Origin": "https://shelf.example:8443"}
    assert ask(guard, "POST", UPLOAD, port).status_code == 200
    forwarded = {"X-Forwarded-Host": "books.example", "Origin": "https://books.example"}
    assert ask(guard, "POST", UPLOAD, forwarded).status_code == 200
    forwarded = {"X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}
    assert ask(guard, "POST", UPLOAD, forwarded).status_code == 421
    with pytest.raises(ValueError, match="--allow-host"):
        Hosts("127.0.0.1", ["books example"])


def test_a_server_on_all_addresses_is_served_under_the_one_that_was_reached():
    hosts = Hosts("0.0.0.0")
    from app.web.hosts import Host

    assert hosts.has(Host("192.168.1.5"), "192.168.1.5")
    assert hosts.has(Host("192.168.1.5"), "::ffff:192.168.1.5")
    assert not hosts.has(Host("192.168.1.6"), "192.168.1.5")
    assert not hosts.has(Host("evil.example"), "192.168.1.5")


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:3000"},
    {"Origin": "http://localhost:7860"},
    {"Origin": f"{OWN}.evil.example"},
    {"Origin": f"{OWN}@evil.example"},
    {},
    {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},
    {"Origin": OWN, "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Referer": f"{OWN}/"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", [JOIN, UPLOAD, "/gradio_api/cancel"])
def test_nothing_is_changed_for_another_site(headers, path):
    guard, framework = made()
    answer = ask(guard, "POST", path, headers, content=json.dumps(EVENT))
    assert answer.status_code == 403 and framework.paths == []
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers, is_taken",
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Referer": f"{OWN}/"}, True),
        ({"Origin": OWN}, True),
        ({}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Referer": f"{OWN}/"}, False),
        ({"Referer": "https://evil.example/"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
    ],
)
@pytest.mark.parametrize("path", ["/config", "/gradio_api/queue/data?session_hash=abc123"])
def test_nothing_is_shown_to_another_site(path, headers, is_taken):
    guard, framework = made()
    assert (ask(guard, "GET", path, headers).status_code == 200) is is_taken
    assert bool(framework.paths) is is_taken


def test_the_page_may_be_linked_to_but_not_framed_or_fetched():
    guard, _ = made()
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert ask(guard, "GET", "/", {**link, "Sec-Fetch-Dest": "document"}).status_code == 200
    assert ask(guard, "GET", "/", {**link, "Sec-Fetch-Dest": "iframe"}).status_code == 403
    fetch = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert ask(guard, "GET", "/", fetch).status_code == 403


def test_a_preflight_and_what_is_not_open_are_not_answered_by_the_framework():
    guard, framework = made()
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert ask(guard, "OPTIONS", JOIN, asked).status_code == 404
    for method, path in (
        ("GET", "/gradio_api/file=http://127.0.0.1/"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/proxy=http://127.0.0.1/"),
        ("GET", "/monitoring"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/call/ask"),
        ("POST", "/"),
        ("GET", "//gradio_api/queue/data"),
        ("DELETE", JOIN),
    ):
        assert ask(guard, method, path).status_code == 404, path
    assert framework.paths == []


def test_every_answer_has_the_security_headers_and_none_for_other_sites():
    guard, _ = made()
    for path in ("/", "/assets/x.js", "/nothing", "/config"):
        headers = ask(guard, "GET", path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'self'" in policy
        assert "http:" not in policy and "https:" not in policy and "*" not in policy
        assert "script-src 'self' 'unsafe-eval'" in policy
        assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers


def test_the_scripts_of_the_page_have_its_nonce_and_each_page_has_another():
    guard, _ = made()
    first, second = ask(guard, "GET", "/"), ask(guard, "GET", "/")
    policies = [answer.headers["content-security-policy"] for answer in (first, second)]
    nonces = [policy.split("'nonce-")[1].split("'")[0] for policy in policies]
    assert nonces[0] != nonces[1]
    assert first.text.count(f'<script nonce="{nonces[0]}"') == first.text.count("<script") == 2
    sent = ask(guard, "GET", "/", {"Sec-Fetch-Site": "none", "Accept-Encoding": "identity"})
    assert int(sent.headers["content-length"]) == len(sent.content)


def test_the_page_is_sent_compressed_to_browsers_that_take_that():
    guard, _ = made()
    for accepted, is_compressed in (
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("gzip;q=0, br", False),
        ("gzip;q=0.0", False),
        ("identity", False),
    ):
        headers = {"Sec-Fetch-Site": "none", "Accept-Encoding": accepted}
        answer = ask(guard, "GET", "/", headers)
        assert (answer.headers.get("content-encoding") == "gzip") == is_compressed, accepted
        assert (
            answer.text.count("<script nonce=") == 2 and "accept-encoding" in answer.headers["vary"]
        )
        head = ask(guard, "HEAD", "/", headers)
        assert head.headers.get("content-encoding") == answer.headers.get("content-encoding")


def test_only_files_whose_names_change_with_them_are_kept_for_long():
    guard, _ = made()
    kept = ask(guard, "GET", "/assets/index-4f2a.js").headers["cache-control"]
    assert "immutable" in kept and "max-age=31536000" in kept
    for path in ("/", "/config"):
        assert ask(guard, "GET", path).headers["cache-control"] == "no-store"
    assert "cache-control" not in ask(guard, "GET", "/theme.css").headers


def test_below_a_path_of_a_proxy_the_same_doors_are_open():
    guard, framework = made(root_path="/ammon")
    assert ask(guard, "GET", "/ammon/config").status_code == 200
    assert ask(guard, "GET", "/config").status_code == 200
    assert framework.paths == ["/config", "/config"]
    assert ask(guard, "GET", "/ammon/ammon/config").status_code == 404
    assert ask(guard, "GET", "/ammon/gradio_api/file=/etc/passwd").status_code == 404


async def parts(count, size):
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize("path, limit", [(UPLOAD, 1000), ("/gradio_api/cancel", MAX_BODY_BYTES)])
def test_a_body_is_counted_while_it_comes(path, limit):
    guard, framework = made()
    size = limit // 10
    assert ask(guard, "POST", path, content=parts(10, size)).status_code == 200
    assert len(framework.bodies[-1]) == 10 * size
    assert ask(guard, "POST", path, content=parts(10_000, size)).status_code == 413
    assert ask(guard, "POST", path, content=b"x" * (limit + 1)).status_code == 413
    assert len(framework.bodies) == 1
    lie = {"Origin": OWN, "Content-Length": "5"}
    assert ask(guard, "POST", path, lie, content=parts(12, size)).status_code == 413


def test_an_event_names_its_page_in_good_json():
    guard, framework = made()
    for content in (
        b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b"{}", b'{"session_hash": 5}',
        json.dumps({"session_hash": "x" * 65}), json.dumps({"session_hash": "a/b"}),
    ):  # fmt: skip
        assert ask(guard, "POST", JOIN, content=content).status_code == 400, content[:20]
    assert ask(guard, "POST", JOIN, content=parts(1000, 1 << 20)).status_code == 413
    assert framework.paths == []


def test_two_hosts_are_one_too_many():
    guard, framework = made()
    headers = httpx.Headers([("Host", "127.0.0.1:7860"), ("Host", "evil.example")])
    assert ask(guard, "GET", "/", headers).status_code == 400 and framework.paths == []


def test_a_websocket_is_closed():
    guard, framework = made()
    sent = []

    async def connect():
        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)

        await guard({"type": "websocket", "path": "/", "headers": []}, receive, send)

    run_coroutine(connect())
    assert [message["type"] for message in sent] == ["websocket.close"] and framework.paths == []


def test_a_stream_is_passed_on_as_it_comes():
    """The first part is with the browser while the framework still waits for the second."""
    sent, first_sent = [], asyncio.Event()

    async def framework(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await asyncio.wait_for(first_sent.wait(), 10)
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    async def run():
        async def receive():
            return {"type": "http.request"}

        async def send(message):
            sent.append(message)
            if message.get("body"):
                first_sent.set()

        guard = Guard(framework, Rules(Hosts("127.0.0.1"), 1), PageIds(lambda page_id: None))
        headers = [(b"host", b"localhost"), (b"sec-fetch-site", b"same-origin")]
        await guard(
            {
                "type": "http",
                "method": "GET",
                "path": "/gradio_api/queue/data",
                "query_string": b"session_hash=abc",
                "headers": headers,
            },
            receive,
            send,
        )

    run_coroutine(run())
    assert [message.get("body") for message in sent[1:]] == [b"data: 1\n\n", b"data: 2\n\n"]


def test_invented_pages_are_few_and_forgotten():
    forgotten, now = [], [0.0]
    pages = PageIds(forgotten.append, lambda: now[0])
    guard, _ = made(pages=pages)
    pages.see("kept", is_open=True)
    for number in range(MAX_PAGES + 50):
        event = json.dumps({"session_hash": f"p{number}"})
        assert ask(guard, "POST", JOIN, content=event).status_code == 200
    assert len(pages) == MAX_PAGES and forgotten == [f"p{number}" for number in range(51)]
    now[0] = QUIET_S + 1
    pages.sweep()
    assert len(pages) == 1 and "kept" in pages, "a page that is open is not forgotten"
    pages.leave("kept")
    now[0] *= 3
    pages.sweep()
    assert len(pages) == 0 and forgotten[-1] == "kept"


def test_no_page_is_forgotten_for_a_new_one_while_it_is_open():
    pages = PageIds(lambda page_id: None)
    for number in range(MAX_PAGES):
        assert pages.see(f"p{number}", is_open=True)
    guard, framework = made(pages=pages)
    answer = ask(guard, "POST", JOIN, content=json.dumps(EVENT))
    assert answer.status_code == 503 and "close some" in answer.text and framework.paths == []


@pytest.mark.parametrize(
    "host, expected",
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("no-such-host.invalid", False),
    ],
)
def test_only_addresses_of_this_machine_need_no_password(host, expected):
    assert is_loopback(host) is expected
