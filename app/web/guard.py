"""Stands before the framework and lets in only what the page itself asks for.

An ASGI middleware. It answers itself what it refuses; all else it passes on, and adds security
headers to the answer. Nothing is buffered but the page, which gets a nonce for its scripts, and the
body of an event, which names the page's id; streams stay streams.
"""

from __future__ import annotations

import gzip
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.to_thread

from app.web import doors
from app.web.doors import Door, Kind
from app.web.hosts import Host, Hosts
from app.web.login import Login, login_page
from app.web.page_ids import PageIds

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MAX_BODY_BYTES = 20_000_000
"""Size of what is sent to the server in one request, unless it is an upload."""
MAX_LOGIN_BYTES = 10_000
MAX_LOGIN_S = 15.0
"""Seconds that sending a password may take; a slower connection is closed."""
LOGIN_PATH = "/login"
MAX_PATH_BYTES = 200
"""Size of a path; those of the framework's files are shorter, and no name of a file is longer."""
KEPT_FOR_S = 31_536_000
"""Seconds for which browsers keep the framework's scripts and styles: their names have a hash."""
HASHED_PATH = "/assets/"
_PAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_POLICY = {
    "default-src": "'self'",
    # The framework makes functions of the page's own scripts, which counts as "eval".
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Rules:
    """Whom the guard lets in.

    Args:
        hosts: that the page is served under.
        root_path: path that a reverse proxy serves the page below, without a slash at its end.
        max_upload_bytes: size of an upload, with all its files.
        login: who knows the password; None if everybody who reaches the page may use it.
    """

    hosts: Hosts
    max_upload_bytes: int
    root_path: str = ""
    login: Login | None = None


class Refused(Exception):
    """A request is refused.

    Args:
        status: of HTTP.
        why: a sentence for a person.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, why: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(why)
        self.status, self.why, self.headers = status, why, list(headers)


@dataclass(frozen=True)
class _Request:
    """What the guard looks at: a request of HTTP."""

    method: str
    path: str
    client: str
    reached: str | None
    is_https: bool
    fields: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, scope: Scope, root_path: str) -> _Request:
        fields: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            fields.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        path = scope["path"]
        if root_path and path.startswith(f"{root_path}/"):
            path = path[len(root_path) :]
        client, server = scope.get("client"), scope.get("server")
        forwarded = fields.get("x-forwarded-proto", [""])[0].split(",")[0].strip()
        is_https = "https" in (scope.get("scheme"), forwarded)
        reached = server[0] if server else None
        return cls(scope["method"], path, client[0] if client else "", reached, is_https, fields)

    def get(self, name: str) -> str | None:
        """The value of a header; None if there is none.

        Raises:
            Refused: it is sent twice, so that two programs may understand two things.
        """
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise Refused(400, f"The request has two headers {name}.")
        return values[0] if values else None


class Guard:
    """The middleware.

    Args:
        app: the framework's application.
        rules: whom it lets in.
        pages: the ids of the open pages.
        page_scripts: sources for scripts in the security policy of the page, such as hashes.
    """

    def __init__(
        self, app: App, rules: Rules, pages: PageIds, page_scripts: Iterable[str] = ()
    ) -> None:
        self._app, self._rules, self._pages = app, rules, pages
        self._page_scripts = list(page_scripts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on, one connection of ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        try:
            request = _Request.of(scope, self._rules.root_path)
            hosts = self._checked_hosts(request)
            if request.path == LOGIN_PATH and self._rules.login is not None:
                await self._log_in(self._rules.login, request, hosts, receive, answer)
                return
            door = self._checked_door(request, hosts)
            if not self._is_logged_in(request, door):
                await self._ask_password(request, door, answer)
                return
            scope = {**scope, "path": request.path, "raw_path": request.path.encode()}
            await self._pass_on(door, request, scope, receive, answer)
        except Refused as refused:
            await answer.refuse(refused)

    def _checked_hosts(self, request: _Request) -> list[Host]:
        """The hosts that the request names, all of which the page is served under."""
        named = [request.get("host") or "", request.get("x-forwarded-host")]
        given = [text.split(",")[0] for text in named if text is not None]
        hosts = []
        for text in given:
            host = Host.parse(text)
            if host is None or not self._rules.hosts.has(host, request.reached):
                raise Refused(
                    421,
                    f"Ammon is not served under the name {text[:200]!r}. If it is a name of this "
                    "server, start it with --allow-host and the name.",
                )
            hosts.append(host)
        return hosts

    def _checked_door(self, request: _Request, hosts: list[Host]) -> Door:
        # A path that no file can have makes the framework fail instead of saying so.
        is_path = len(request.path.encode()) <= MAX_PATH_BYTES and request.path.isprintable()
        door = doors.find(request.method, request.path) if is_path else None
        if door is None:
            raise Refused(404, "There is nothing here.")
        if door.kind is Kind.PAGE:
            self._check_visit(request, hosts)
        elif door.kind is not Kind.STATIC:
            self._check_own(request, hosts)
        return door

    def _check_visit(self, request: _Request, hosts: list[Host]) -> None:
        """The page may be linked to; other sites neither fetch nor frame it."""
        site = request.get("sec-fetch-site") or "none"
        is_visit = request.get("sec-fetch-mode") in (None, "navigate")
        is_whole = request.get("sec-fetch-dest") in (None, "document")
        if site not in ("none", "same-origin") and not (is_visit and is_whole):
            raise Refused(403, "Another site may not read this page.")
        origin = request.get("origin")
        if origin is not None and not self._is_own(origin, hosts):
            raise Refused(403, "Another site may not read this page.")

    def _check_own(self, request: _Request, hosts: list[Host]) -> None:
        """What changes or shows something is asked for by the page itself.

        A browser says so in Origin; where it sends none, for it sends none with a GET to the own
        site, in Sec-Fetch-Site; and where it sends that neither, over HTTP, in Referer.
        """
        origin, site = request.get("origin"), request.get("sec-fetch-site")
        is_reading = request.method in ("GET", "HEAD")
        is_own = origin is not None and self._is_own(origin, hosts)
        if origin is None and is_reading and site is not None:
            is_own = site == "same-origin"
        elif origin is None and is_reading:
            is_own = self._is_own(request.get("referer") or "", hosts)
        if not is_own or site not in (None, "same-origin"):
            raise Refused(403, "Only the page itself may ask for this; open the page, reload it.")

    def _is_own(self, address: str, hosts: list[Host]) -> bool:
        host = Host.of_address(address)
        return host is not None and self._rules.hosts.is_own(host, hosts)

    def _is_logged_in(self, request: _Request, door: Door) -> bool:
        login = self._rules.login
        if login is None or door.kind is Kind.STATIC:
            return True
        return login.knows("; ".join(request.fields.get("cookie", [])))

    async def _ask_password(self, request: _Request, door: Door, answer: _Answer) -> None:
        if door.kind is not Kind.PAGE:
            raise Refused(401, "You are not logged in; reload the page.")
        await answer.page(401, login_page(), request.method == "HEAD")

    async def _log_in(
        self,
        login: Login,
        request: _Request,
        hosts: list[Host],
        receive: Receive,
        answer: _Answer,
    ) -> None:
        """Show the log-in page, or check the password that was sent."""
        if request.method in ("GET", "HEAD"):
            self._check_visit(request, hosts)
            await answer.page(200, login_page(), request.method == "HEAD")
            return
        if request.method != "POST":
            raise Refused(405, "The log-in takes a password.")
        self._check_own(request, hosts)
        wait_s = login.tries.wait_s(request.client)
        if wait_s > 0:
            seconds = int(wait_s) + 1
            notice = f"Too many tries; wait {seconds} seconds."
            await answer.page(429, login_page(notice), headers=[("retry-after", str(seconds))])
            return
        login.tries.take(request.client)
        try:
            with anyio.fail_after(MAX_LOGIN_S):
                body = await _Body(receive, MAX_LOGIN_BYTES, request.get("content-length")).read()
        except TimeoutError:
            raise Refused(408, "The password took too long.", [("connection", "close")]) from None
        password = parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]
        if not await anyio.to_thread.run_sync(login.is_right, password):
            await answer.page(401, login_page("That is not the password."))
            return
        login.tries.forgive(request.client)
        cookie = login.cookie(self._rules.root_path or "/", request.is_https)
        await answer.page(303, b"", headers=[("location", "./"), ("set-cookie", cookie)])

    async def _pass_on(
        self, door: Door, request: _Request, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        limit = MAX_BODY_BYTES if door.kind is not Kind.UPLOAD else self._rules.max_upload_bytes
        body = _Body(receive, limit, request.get("content-length"))
        if door.kind is Kind.PAGE:
            await self._serve_page(request, scope, body, answer)
            return
        answer.is_kept = door.kind is Kind.STATIC
        answer.is_kept_long = request.path.startswith(HASHED_PATH)
        page_id = await self._page_id(door, request, scope, body)
        is_heartbeat = door.session == "path"
        try:
            if page_id and not self._pages.see(page_id, is_open=is_heartbeat):
                raise Refused(503, "Too many pages are open; close some and reload this one.")
            await self._app(scope, body.receive, answer.send_unless(body))
        except Exception:
            if not body.is_too_large:  # else it is the framework's complaint about the missing rest
                raise
        finally:
            if page_id and is_heartbeat:
                self._pages.leave(page_id)
        if body.is_too_large:
            raise body.refusal()

    async def _page_id(self, door: Door, request: _Request, scope: Scope, body: _Body) -> str:
        """The id of the page that a request names, where it names one."""
        found: Any = None
        if door.session == "path":
            match = door.match(request.path)
            found = match["session_hash"] if match is not None else None
        elif door.session == "query":
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            found = query.get("session_hash", [None])[-1]
        elif door.session == "body":
            try:
                event = json.loads(await body.peek())
            except (ValueError, RecursionError):
                raise Refused(400, "The event is not in JSON.") from None
            found = event.get("session_hash") if isinstance(event, dict) else None
        else:
            return ""
        if not isinstance(found, str) or not _PAGE_ID.fullmatch(found):
            raise Refused(400, "The request names no page.")
        return found

    async def _serve_page(
        self, request: _Request, scope: Scope, body: _Body, answer: _Answer
    ) -> None:
        """Pass on the request for the page, and mark its scripts as the server's own.

        The framework has pages and states that a query names; this page is one, and always fresh.
        """
        plain = [(n, v) for n, v in scope["headers"] if n.lower() != b"accept-encoding"]
        nonce = secrets.token_urlsafe(16)
        answer.scripts = [f"'nonce-{nonce}'", *self._page_scripts]
        marked = _Marked(answer, nonce, _takes_gzip(request))
        scope = {**scope, "headers": plain, "query_string": b""}
        await self._app(scope, body.receive, marked.send)
        await marked.finish(request.method == "HEAD")


def _takes_gzip(request: _Request) -> bool:
    """Whether a browser takes an answer compressed; one that says "gzip;q=0" does not."""
    given = ",".join(request.fields.get("accept-encoding", [])).replace(" ", "").lower().split(",")
    return any(
        each == "gzip" or re.fullmatch(r"gzip;q=(1|0?\.\d*[1-9]\d*)", each) for each in given
    )


class _Body:
    """The body of a request, counted while it comes.

    Args:
        limit: its largest size in bytes.
        announced: the header that says its size, if there is one.

    Raises:
        Refused: its announced size is too large, or no number.
    """

    def __init__(self, receive: Receive, limit: int, announced: str | None) -> None:
        self._receive, self._limit, self._count = receive, limit, 0
        self._peeked: list[Message] = []
        self.is_too_large = False
        if announced is not None and not (announced.isascii() and announced.isdecimal()):
            raise Refused(400, "The request's Content-Length is no number.")
        if announced is not None and int(announced[:20]) > limit:
            raise self.refusal()

    def refusal(self) -> Refused:
        """What a body that is too large is answered with."""
        why = f"This is larger than {self._limit:,} bytes, which is all that is taken at once."
        return Refused(413, why, [("connection", "close")])

    async def receive(self) -> Message:
        """The next message of ASGI; after too many bytes, as if the browser had gone."""
        if self._peeked:
            return self._peeked.pop(0)
        if self.is_too_large:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] == "http.request":
            self._count += len(message.get("body", b""))
            if self._count > self._limit:
                self.is_too_large = True
                return {"type": "http.disconnect"}
        return message

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            Refused: it is too large, or the browser has gone.
        """
        parts = []
        while True:
            message = await self.receive()
            if self.is_too_large:
                raise self.refusal()
            if message["type"] != "http.request":
                raise Refused(400, "The request ended early.")
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)

    async def peek(self) -> bytes:
        """The whole body, which the application receives all the same.

        Raises:
            Refused: it is too large, or the browser has gone.
        """
        body = await self.read()
        self._peeked.append({"type": "http.request", "body": body, "more_body": False})
        return body


class _Answer:
    """What is sent to the browser, with the security headers.

    Attributes:
        scripts: further sources of scripts for this answer.
        is_kept: whether browsers may keep it.
        is_kept_long: whether it never changes under its name.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_begun = False
        self.scripts: list[str] = []
        self.is_kept = self.is_kept_long = False
        self._status = 0

    async def send(self, message: Message) -> None:
        """Send a message of ASGI."""
        if message["type"] == "http.response.start":
            self._has_begun, self._status = True, message["status"]
            message = {**message, "headers": self._secured(message.get("headers", []))}
        await self._send(message)

    def send_unless(self, body: _Body) -> Send:
        """`send`, but nothing that begins after a body was found too large."""

        async def send(message: Message) -> None:
            if self._has_begun or not body.is_too_large:
                await self.send(message)

        return send

    async def refuse(self, refused: Refused) -> None:
        """Answer with a sentence, unless an answer has begun."""
        if self._has_begun:
            return
        headers = [("content-type", "text/plain; charset=utf-8"), *refused.headers]
        await self._whole(refused.status, f"{refused.why}\n".encode(), headers)

    async def page(
        self,
        status: int,
        content: bytes,
        is_head: bool = False,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Answer with a page of our own."""
        kind = ("content-type", "text/html; charset=utf-8")
        await self._whole(status, content, [kind, *headers], is_head)

    async def _whole(
        self,
        status: int,
        content: bytes,
        headers: Iterable[tuple[str, str]],
        is_head: bool = False,
    ) -> None:
        lines = [(n.encode(), v.encode()) for n, v in headers]
        lines.append((b"content-length", str(len(content)).encode()))
        await self.send({"type": "http.response.start", "status": status, "headers": lines})
        await self.send({"type": "http.response.body", "body": b"" if is_head else content})

    def _secured(self, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        ours = dict(_HEADERS)
        policy = {**_POLICY}
        policy["script-src"] = " ".join((policy["script-src"], *self.scripts))
        ours["content-security-policy"] = "; ".join(f"{k} {v}" for k, v in policy.items())
        if not self.is_kept:
            ours["cache-control"] = "no-store"
        elif self.is_kept_long and self._status == 200:
            ours["cache-control"] = f"public, max-age={KEPT_FOR_S}, immutable"
        kept = [
            (name, value)
            for name, value in given
            if name.decode("latin-1").lower() not in ours
            and not name.lower().startswith(b"access-control-")
        ]
        return [*kept, *((name.encode(), value.encode()) for name, value in ours.items())]


class _Marked:
    """Collects the page, and gives the scripts in it a nonce.

    Nothing that a request says is in the page, so its compressed size tells nothing of the nonce.
    """

    def __init__(self, answer: _Answer, nonce: str, is_compressed: bool) -> None:
        self._answer, self._nonce, self._is_compressed = answer, nonce, is_compressed
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def send(self, message: Message) -> None:
        """Take a message of the application."""
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))

    async def finish(self, is_head: bool) -> None:
        """Send the page. The framework escapes "<" in what it writes into its scripts."""
        if self._start is None:
            return
        marked = f'<script nonce="{self._nonce}"'.encode()
        content = re.sub(rb"<script(?=[\s>])", marked, b"".join(self._parts))
        headers = [(n, v) for n, v in self._start["headers"] if n.lower() != b"content-length"]
        headers.append((b"vary", b"accept-encoding"))
        if self._is_compressed:
            content = gzip.compress(content, compresslevel=5, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
        if not is_head:
            headers.append((b"content-length", str(len(content)).encode()))
        await self._answer.send({**self._start, "headers": headers})
        await self._answer.send({"type": "http.response.body", "body": b"" if is_head else content})
