"""The log-in: one password for the page, a signed cookie for who knows it, and tries slowed.

The cookie holds when it expires and a signature. Its key comes from a secret in the data directory
and from the password, so log-ins outlive a restart, and another password ends them all.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from html import escape
from pathlib import Path

MIN_PASSWORD_CHARS = 8
LASTS_S = 7 * 24 * 3600
"""Seconds until a log-in expires."""
SECRET_BYTES = 32
_SCRYPT = {"n": 1 << 14, "r": 8, "p": 1}


class Login:
    """Checks passwords and cookies.

    Args:
        password: that everybody who may use the page knows.
        secret: random bytes that only this server knows.
        name: of the cookie. Servers on several ports of one machine need several names, for
            browsers do not tell ports apart.

    Raises:
        ValueError: the password is too short.
    """

    def __init__(self, password: str, secret: bytes, name: str) -> None:
        if len(password) < MIN_PASSWORD_CHARS:
            raise ValueError(f"The password needs at least {MIN_PASSWORD_CHARS} characters.")
        self.name = name
        self.tries = Tries()
        self._salt = secret
        self._digest = self._digest_of(password)
        self._key = hmac.digest(secret, self._digest, "sha256")

    def is_right(self, password: str) -> bool:
        """Whether this is the password; takes some 50 ms."""
        return hmac.compare_digest(self._digest_of(password), self._digest)

    def _digest_of(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode("utf-8", "replace"), salt=self._salt, **_SCRYPT)

    def cookie(self, path: str, is_https: bool) -> str:
        """The header that logs a browser in.

        Args:
            path: below which the page is served.
            is_https: whether the browser must send it over HTTPS only.
        """
        value = f"{int(time.time()) + LASTS_S}.{secrets.token_hex(8)}"
        secure = "; Secure" if is_https else ""
        return (
            f"{self.name}={value}.{self._signature(value)}; Path={path}; Max-Age={LASTS_S}; "
            f"HttpOnly; SameSite=Lax{secure}"
        )

    def knows(self, cookies: str) -> bool:
        """Whether a Cookie header has a log-in of this server that has not expired."""
        pairs = (pair.strip().partition("=") for pair in cookies.split(";"))
        return any(self._is_signed(value) for name, _, value in pairs if name == self.name)

    def _is_signed(self, cookie: str) -> bool:
        value, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(value).encode()):
            return False
        return int(value.partition(".")[0]) > time.time()

    def _signature(self, value: str) -> str:
        return hmac.new(self._key, value.encode(), "sha256").hexdigest()


class Tries:
    """Slows wrong passwords: each address has a few, and all addresses together have some more.

    A bucket holds so many tries, and one more after each interval.

    Args:
        clock: seconds, for tests.
    """

    EACH, EACH_S = 5, 15.0
    ALL, ALL_S = 50, 1.5
    MAX_ADDRESSES = 2000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_address: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._all = (float(self.ALL), clock())

    def wait_s(self, address: str) -> float:
        """Seconds until the next try of this address is looked at; 0 if it is now."""
        each, _ = self._refilled(self._by_address.get(_network(address)), self.EACH, self.EACH_S)
        every, _ = self._refilled(self._all, self.ALL, self.ALL_S)
        return max(0.0, (1 - each) * self.EACH_S, (1 - every) * self.ALL_S)

    def take(self, address: str) -> None:
        """Count a try, before the password is compared; so that tries at once count, too."""
        key, now = _network(address), self._clock()
        left, _ = self._refilled(self._by_address.pop(key, None), self.EACH, self.EACH_S)
        self._by_address[key] = (left - 1, now)
        every, _ = self._refilled(self._all, self.ALL, self.ALL_S)
        self._all = (every - 1, now)
        while len(self._by_address) > self.MAX_ADDRESSES:
            self._by_address.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Forget the tries of an address that gave the right password."""
        self._by_address.pop(_network(address), None)
        self._all = (min(float(self.ALL), self._all[0] + 1), self._all[1])

    def _refilled(
        self, bucket: tuple[float, float] | None, size: int, interval_s: float
    ) -> tuple[float, float]:
        now = self._clock()
        if bucket is None:
            return float(size), now
        return min(float(size), bucket[0] + (now - bucket[1]) / interval_s), now


def _network(address: str) -> str:
    """The address itself, or the network of an IPv6 address: one household has a whole one."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return address[:64]
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def read_secret(path: Path) -> bytes:
    """The secret of a data directory; it is made, readable by its owner only, if there is none.

    Raises:
        OSError: it cannot be read or written.
    """
    for _ in range(2):
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            found = b""
        if len(found) == SECRET_BYTES:
            return found
        _write_secret(path)
    raise OSError(f"{path} is not the secret of this server; delete it and start again.")


def _write_secret(path: Path) -> None:
    """Write a new one under another name first, so that no other process reads a part of it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(secrets.token_bytes(SECRET_BYTES))
    os.replace(part, path)


def read_password(path: Path) -> str:
    """The first line of a file that holds the password.

    Raises:
        ValueError: the file cannot be read as text.
    """
    try:
        with path.expanduser().open(encoding="utf-8") as file:
            return file.readline(4096).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The password file {path} cannot be read ({error}).") from error


def login_page(notice: str = "") -> bytes:
    """The page that asks for the password; it needs nothing else from the server."""
    problem = f'<p role="alert">{escape(notice)}</p>' if notice else ""
    return _PAGE.replace("{problem}", problem).encode()


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ammon</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 16px/1.5 ui-sans-serif, system-ui, sans-serif; background: #f8fafc; color: #0f172a;
  display: grid; place-items: center; min-height: 100vh; margin: 0; }
form { background: #fff; border: 1px solid #cbd5e1; border-radius: 8px; padding: 2rem;
  width: min(20rem, 80vw); }
h1 { font-size: 1.3rem; margin: 0 0 1rem; }
label { display: block; margin-bottom: .3rem; }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem .7rem;
  border-radius: 6px; border: 1px solid #64748b; }
button { background: #0f766e; color: #fff; border-color: #0f766e; margin-top: 1rem; }
p { color: #b91c1c; margin: .7rem 0 0; }
@media (prefers-color-scheme: dark) {
  body { background: #0f172a; color: #e2e8f0; }
  form { background: #1e293b; border-color: #475569; }
  input { background: #0f172a; color: #e2e8f0; }
  p { color: #fca5a5; }
}
</style></head><body><main><form method="post" action="login">
<h1>Ammon</h1>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
  autofocus>
<button>Log in</button>{problem}
</form></main></body></html>
"""
