"""Fetches a file from the web, within limits: allowed schemes and addresses, size and time.

A host name may resolve to an address inside this network, and a moment later to another one. So
names are resolved here, every address is checked, and the connection goes to a checked address;
each redirection is resolved and checked before it is followed.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    with tempfile.TemporaryDirectory(prefix="ammon-") as folder:
        path = Path(folder) / "fetched"
        try:
            yield Fetched(path, _fetch(url.strip(), sources, path))
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise NotAllowed(f"{_shown(url)} could not be fetched ({why}); try again.") from error


def _fetch(url: str, sources: Sources, path: Path) -> str:
    """Write the content of a URL to `path`; returns a name for it."""
    deadline = time.monotonic() + sources.max_url_s
    with httpx.Client(timeout=CONNECT_S, trust_env=sources.private_addresses) as client:
        for _ in range(MAX_REDIRECTIONS + 1):
            with _opened(client, url, sources) as response:
                if not response.is_redirect:
                    return _written(response, url, sources, path, deadline)
                url = str(httpx.URL(url).join(response.headers.get("location", "")))
    raise NotAllowed(f"{_shown(url)} is redirected too often; name the page itself.")


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
    except (httpx.InvalidURL, UnicodeError):
        is_sound = False
    if not is_sound or not parsed.host or parsed.userinfo:
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


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None and not _is_public(inner):
        return False
    return address.is_global and not address.is_multicast


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
                raise NotAllowed(
                    f"{_shown(url)} took longer than {sources.max_url_s:g} s; fetch it yourself "
                    "and add it as a file."
                )
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
