"""Addresses of the web are fetched from public hosts only, and within the time that was given.

The servers here never end what they send; each test would otherwise last until pytest's own limit.
"""

import ipaddress
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from app.errors import NotAllowed
from app.service.library import fetch
from app.service.library.fetch import fetched
from app.settings import Sources

PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # v4-compatible
    "::8.8.8.8",
    "::ffff:127.0.0.1",  # v4-mapped
    "::ffff:100.64.0.1",
    "::ffff:0:127.0.0.1",  # v4-translated
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",  # NAT64 of a private network
    "2002:7f00:1::",  # 6to4
    "2002:a00:1::1",
    "2001:0:808:808::",  # Teredo
    "2606:4700::5efe:a00:1",  # ISATAP
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",  # site-local
    "ff02::1",
    "5f00::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"]


def resolving(monkeypatch, *addresses):
    """Let every name lead to these addresses, one after another at each question."""
    asked = []

    def getaddrinfo(host, port, *_, **__):
        address = addresses[min(len(asked), len(addresses) - 1)]
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(fetch.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_into_a_private_network_is_refused(monkeypatch, address):
    resolving(monkeypatch, address)
    with (
        pytest.raises(NotAllowed, match="not on the public web"),
        fetched("http://books.example/", Sources(urls=True)),
    ):
        pass


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public_in_every_spelling(monkeypatch, address):
    resolving(monkeypatch, address)
    found = fetch._public_address(fetch._checked("http://books.example/"))
    assert ipaddress.ip_address(found) == ipaddress.ip_address(address)


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name that leads elsewhere at the second question is not asked for twice."""
    asked = resolving(monkeypatch, "8.8.8.8", "127.0.0.1")
    connected = []

    def connect(address, *_, **__):
        connected.append(address[0])
        raise OSError("not here")

    monkeypatch.setattr(socket, "create_connection", connect)
    with (
        pytest.raises(NotAllowed, match="could not be fetched"),
        fetched("http://books.example/", Sources(urls=True)),
    ):
        pass
    assert connected == ["8.8.8.8"] and asked == ["books.example"]


@contextmanager
def serving(answer):
    """A server that accepts connections and gives each to `answer` in a thread, until the end."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

        def serve(connection):
            with connection:
                try:
                    answer(connection, ended)
                except OSError:
                    pass

        threads = [threading.Thread(target=accept)]
        threads[0].start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/book"
        ended.set()
        socket.create_connection(server.getsockname()).close()  # wakes the one that accepts
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("host", ["xn--", "xn--a", "0177.0.0.1", "a..b", "[::1", "[v1.x]"])
def test_a_host_that_is_none_is_refused_with_a_sentence(host):
    with pytest.raises(NotAllowed), fetched(f"http://{host}/", Sources()):
        pass


def elsewhere(connection, ended):
    lines = b"HTTP/1.1 302 Found", b"Location: http://xn--/", b"Content-Length: 0", b"", b""
    connection.sendall(b"\r\n".join(lines))


def test_a_redirection_to_no_address_is_refused_with_a_sentence():
    with serving(elsewhere) as url, pytest.raises(NotAllowed, match="no address"):
        with fetched(url, Sources(private_addresses=True)):
            pass


def silent(connection, ended):
    ended.wait()


def dripping(beginning, drop):
    def answer(connection, ended):
        connection.sendall(beginning)
        while not ended.wait(0.05):
            connection.sendall(drop)

    return answer


REDIRECTION = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "header", "headers", "content", "chunks", "continue"],
)
def test_the_whole_fetch_ends_when_its_time_is_over(answer):
    """The limit in the test is far above the one that was asked for: the machine may be busy."""
    sources = Sources(urls=True, private_addresses=True, max_url_s=0.5)
    with serving(answer) as url:
        began = time.monotonic()
        with (
            pytest.raises(NotAllowed, match="took longer than 0.5 s|could not be fetched"),
            fetched(url, sources),
        ):
            pass
        assert time.monotonic() - began < 60


def test_a_name_that_is_never_resolved_does_not_hold_the_fetch(monkeypatch):
    ended = threading.Event()

    def getaddrinfo(*_, **__):
        ended.wait()
        raise OSError("never")

    monkeypatch.setattr(fetch.socket, "getaddrinfo", getaddrinfo)
    with (
        pytest.raises(NotAllowed, match=r"took longer than 0\.2 s"),
        fetched("http://books.example/", Sources(urls=True, max_url_s=0.2)),
    ):
        pass
    ended.set()
