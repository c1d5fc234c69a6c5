"""The names under which the page is served, and whether a web page that asks is the own one.

A browser says which name it asked for (Host) and which page asks (Origin, Sec-Fetch-Site, Referer).
A foreign site can have its own name lead to this machine, but it cannot change what the browser
says.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}
LOOPBACK_NAME = "localhost"


@dataclass(frozen=True)
class Host:
    """A host and the port that was named with it, if any."""

    name: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Host | None:
        """The host of a header such as "[::1]:7860"; None if it is none."""
        match = _HOST.fullmatch(text.strip())
        if match is None:
            return None
        name = match[1].strip("[]").lower()
        return cls(name, int(match[2]) if match[2] else None)

    @classmethod
    def of_address(cls, text: str) -> Host | None:
        """The host of a web address, always with a port; None if it is none (such as "null")."""
        try:
            parts = urlsplit(text.strip())
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return None
        if parts.scheme not in _PORTS or not parts.hostname:
            return None
        return cls(parts.hostname.lower(), port)

    def is_of(self, address: Host) -> bool:
        """Whether a web address is at this host; without a port it is that of http or https."""
        ports = (self.port,) if self.port is not None else tuple(_PORTS.values())
        return self.name == address.name and address.port in ports


class Hosts:
    """The hosts that the page is served under.

    Args:
        bound: the address that the server listens on; of one that means all addresses of the
            machine, each is allowed where a connection reached it.
        allowed: further names, with a port or without, such as those that a reverse proxy has.

    Raises:
        ValueError: one of them is no name of a host.
    """

    def __init__(self, bound: str, allowed: Iterable[str] = ()) -> None:
        self._bound = bound.strip("[]").lower()
        self._allowed = [_allowed_host(text) for text in allowed]

    def has(self, host: Host, reached: str | None) -> bool:
        """Whether the page is served under this host.

        Args:
            reached: the address of this machine that the connection came to.
        """
        if host.name == LOOPBACK_NAME or _is_loopback_address(host.name):
            return True
        if host.name == self._bound and not _means_all(self._bound):
            return True
        if _means_all(self._bound) and reached is not None and _same_ip(host.name, reached):
            return True
        return any(host.name == allowed.name for allowed in self._allowed)

    def is_own(self, address: Host, hosts: Iterable[Host]) -> bool:
        """Whether a web address is of the page itself.

        Args:
            hosts: that the request was sent to.
        """
        named = [allowed for allowed in self._allowed if allowed.port is not None]
        return any(host.is_of(address) for host in (*hosts, *named))


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach a server that listens on this address."""
    host = host.strip("[]")
    if _is_loopback_address(host):
        return True
    if _is_address(host):
        return False
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(_is_loopback_address(str(entry[4][0])) for entry in found)


def _allowed_host(text: str) -> Host:
    host = Host.of_address(text) if "://" in text else Host.parse(text)
    if host is None:
        raise ValueError(
            f"--allow-host takes the name of a host, such as books.example, not {text!r}."
        )
    return host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback_address(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


def _means_all(address: str) -> bool:
    return address == "" or (_is_address(address) and ipaddress.ip_address(address).is_unspecified)


def _same_ip(name: str, reached: str) -> bool:
    """Whether two texts are one address; one may be written as an IPv4 address within IPv6."""
    try:
        ours, theirs = (ipaddress.ip_address(text.split("%")[0]) for text in (reached, name))
    except ValueError:
        return False
    return (getattr(ours, "ipv4_mapped", None) or ours) == theirs
