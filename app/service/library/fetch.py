"""Fetches a file from the web, within limits: allowed schemes and addresses, size and time.

A host name may resolve to an address inside this network, and a moment later to another one. So
names are resolved here, every address is checked, and the connection goes to a checked address;
each redirection is resolved and checked before it is followed.

A server can give the least at a time, in headers, too, and never end. So the whole fetch runs in a
thread of its own, which is not waited for any longer than it may take.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from app.errors import NotAllowed
from app.settings import Sources
from ingest.naming import file_name

MAX_REDIRECTIONS = 5
MAX_URL_CHARS = 2000
CONNECT_S = 15.0
_SUFFIXES = {
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "text/plain": ".txt",
}

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_RESERVED_4 = [
    ipaddress.IPv4Network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")
]
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_RESERVED_6 = [
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "3fff::/20")  # the first has Teredo in it
]
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_ENDS_IN_IPV4 = [
    ipaddress.IPv6Network(text)
    for text in (
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64: how a network without IPv4 reaches all servers that have only that
    )
]
_ISATAP = 0x5EFE


@dataclass(frozen=True)
class Fetched:
    """A fetched file: the path of the copy, and the file's name."""

    path: Path
    name: str


def is_url(text: str) -> bool:
    """Whether a text begins like a web address."""
    return text.lower().startswith(("http://", "https://"))


@contextmanager
def fetched(url: str, sources: Sources) -> Iterator[Fetched]:
    """Fetch a URL into a temporary file, which is deleted at the end of the block.

    Args:
        sources: what may be fetched, how large it may be and how long it may take.

    Raises:
        NotAllowed: it is not a URL, leads to a forbidden address, gives too much, or fails.
    """
    with tempfile.TemporaryDirectory(prefix="ammon-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "fetched"
        try:
            yield Fetched(path, _fetch(url.strip(), sources, path))
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise NotAllowed(f"{_shown(url)} could not be fetched ({why}); try again.") from error


def _fetch(url: str, sources: Sources, path: Path) -> str:
    """Write the content of a URL to `path`; returns a name for it.

    Raises:
        NotAllowed, httpx.HTTPError: as `fetched` says; also when the time is over, wherever the
            fetch is then: names, connections, headers and content count.
    """
    deadline = time.monotonic() + sources.max_url_s
    fetch = _Fetch(url, sources, path, deadline)
    fetch.thread.start()
    try:
        fetch.thread.join(max(0.0, sources.max_url_s))
    finally:
        is_late = fetch.thread.is_alive()
        if is_late:
            fetch.abort()
    if is_late:
        raise _too_slow(url, sources)
    if fetch.error is not None:
        raise fetch.error
    return fetch.name


class _Fetch:
    """A fetch in a thread of its own.

    Attributes:
        name: of the file, once it is fetched.
        error: for which it was not.
    """

    def __init__(self, url: str, sources: Sources, path: Path, deadline: float) -> None:
        self.name = ""
        self.error: Exception | None = None
        self._url, self._sources, self._path, self._deadline = url, sources, path, deadline
        self._client = httpx.Client(
            timeout=max(0.01, min(CONNECT_S, sources.max_url_s)),
            trust_env=sources.private_addresses,
        )
        self.thread = threading.Thread(target=self._run, name="fetch", daemon=True)

    def abort(self) -> None:
        """Close the connections, which ends the thread at its next step."""
        with suppress(Exception):  # the thread may be opening one at this moment
            self._client.close()

    def _run(self) -> None:
        try:
            with self._client:
                self.name = self._followed(self._client, self._url)
        except (httpx.InvalidURL, UnicodeError):  # of a redirection
            why = f"{_shown(self._url)} is redirected to what is no address; name the page itself."
            self.error = NotAllowed(why)
        except Exception as error:
            self.error = error

    def _followed(self, client: httpx.Client, url: str) -> str:
        for _ in range(MAX_REDIRECTIONS + 1):
            if time.monotonic() > self._deadline:
                raise _too_slow(url, self._sources)
            with _opened(client, url, self._sources) as response:
                if not response.is_redirect:
                    return _written(response, url, self._sources, self._path, self._deadline)
                url = str(httpx.URL(url).join(response.headers.get("location", "")))
        raise NotAllowed(f"{_shown(url)} is redirected too often; name the page itself.")


def _too_slow(url: str, sources: Sources) -> NotAllowed:
    return NotAllowed(
        f"{_shown(url)} took longer than {sources.max_url_s:g} s; fetch it yourself and add it as "
        "a file."
    )


@contextmanager
def _opened(client: httpx.Client, url: str, sources: Sources) -> Iterator[httpx.Response]:
    """Request a URL from a checked address."""
    parsed = _checked(url)
    headers = {"User-Agent": "Ammon", "Accept-Encoding": "identity"}
    extensions = {}
    if not sources.private_addresses:
        address = _public_address(parsed)
        # The name goes along for the server and its certificate.
        headers["Host"] = parsed.netloc.decode("ascii")
        extensions["sni_hostname"] = parsed.host
        parsed = parsed.copy_with(host=address)
    request = client.build_request("GET", parsed, headers=headers, extensions=extensions)
    response = client.send(request, stream=True)
    try:
        yield response
    finally:
        response.close()


def _checked(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
        is_sound = len(url) <= MAX_URL_CHARS and parsed.scheme in ("http", "https")
        is_sound = is_sound and bool(parsed.host) and not parsed.userinfo
    except (httpx.InvalidURL, UnicodeError):  # also of a host that is no name in other letters
        is_sound = False
    if not is_sound:
        raise NotAllowed(
            f"{_shown(url)} is not the address of a page; that looks like https://host/page."
        )
    return parsed


def _public_address(url: httpx.URL) -> str:
    """An IP address of the host; all of its addresses must be public ones.

    Raises:
        NotAllowed: the host does not exist, or an address of it is not public.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAllowed(f"There is no host {url.host!r}; look at the address again.") from error
    addresses = [str(entry[4][0]).split("%")[0] for entry in found]
    for address in addresses:
        if not _is_public(ipaddress.ip_address(address)):
            raise NotAllowed(
                f"{url.host} leads to {address}, which is not on the public web; nothing is "
                "fetched from there."
            )
    return addresses[0]


def _is_public(address: IPAddress) -> bool:
    """Whether an address is on the public web, in whichever way an IPv4 address is written."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and not _is_in(address, _RESERVED_4)
    inner = _inner_address(address)
    if inner is not None:
        return _is_public(inner)
    is_usual = _is_in(address, [_GLOBAL_6]) and not _is_in(address, _RESERVED_6)
    return is_usual and address.is_global and not address.is_multicast


def _is_in(
    address: IPAddress, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> bool:
    return any(address in network for network in networks)


def _inner_address(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which an IPv6 address leads, if it is such a one."""
    number = int(address)
    if address in _SIX_TO_FOUR:
        return ipaddress.IPv4Address(number >> 80 & 0xFFFFFFFF)
    if _is_in(address, _ENDS_IN_IPV4) or number >> 32 & 0xFDFFFFFF == _ISATAP:
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None


def _written(
    response: httpx.Response, url: str, sources: Sources, path: Path, deadline: float
) -> str:
    if response.status_code != 200:
        raise NotAllowed(f"{_shown(url)} gives nothing (HTTP {response.status_code}).")
    written = 0
    with path.open("wb") as out:
        for block in response.iter_raw(1 << 16):
            written += len(block)
            if written > sources.max_url_bytes:
                raise NotAllowed(
                    f"{_shown(url)} is larger than {sources.max_url_bytes:,} bytes; fetch it "
                    "yourself and add it as a file."
                )
            if time.monotonic() > deadline:
                raise _too_slow(url, sources)
            out.write(block)
    return _name_of(url, response.headers.get("content-type", ""))


def _name_of(url: str, content_type: str) -> str:
    """The last part of the URL's path, else its host, with a suffix for the content type."""
    parts = urlsplit(url)
    name = file_name(unquote(parts.path)) if parts.path.strip("/") else parts.hostname or "page"
    suffix = _SUFFIXES.get(content_type.split(";")[0].strip().lower(), "")
    known = os.path.splitext(name)[1].lower()
    return name if known == suffix or not suffix or known in (".htm", ".md") else f"{name}{suffix}"


def _shown(url: str) -> str:
    return repr(url[:200])
