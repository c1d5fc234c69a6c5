"""The web server: it serves the page on a port, behind the guard, and loads the model."""

from __future__ import annotations

import base64
import gc
import hashlib
import re
import socket
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from app.errors import NotAllowed, PortTaken
from app.messages import KNOWN_ERRORS, sentence
from app.service import Service
from app.terminal import show
from app.web.framework import close_environment, make_framework
from app.web.guard import Guard, Rules
from app.web.hosts import Hosts, is_loopback
from app.web.login import Login, read_secret
from app.web.upload_folder import upload_folder
from ingest import DEFAULT_LIMITS

MAX_UPLOAD_BYTES = 4 * DEFAULT_LIMITS.max_bytes
"""Size of the files that are dropped on the page at once; each is also bounded by the reader."""
STOP_S = 3
"""Seconds that open connections have when the server stops."""


@dataclass(frozen=True)
class Access:
    """Who may use the page.

    Args:
        allowed_hosts: names that the page is served under besides those of this machine.
        password: that everybody must know who uses it; None if none is asked for.
        is_open: everybody who reaches the address may use it without a password.
    """

    allowed_hosts: tuple[str, ...] = ()
    password: str | None = None
    is_open: bool = False


def serve(
    service: Service, host: str, port: int, root_path: str = "", access: Access | None = None
) -> None:
    """Serve the page until interrupted; reading continues also while no page is open.

    Args:
        host: name or IP address of the interface to listen on.
        root_path: path, or whole address, that a reverse proxy serves the page below.
        access: who may use it; None: everybody on this machine.

    Raises:
        ValueError: `root_path` is neither, or the password is too short.
        NotAllowed: others would reach the page, and nothing says that they may.
        PortTaken: another program listens on that port.
    """
    root_path = clean_root_path(root_path)
    rules = make_rules(service, host, port, root_path, access or Access())
    check_port(host, port)
    with upload_folder(service.settings.uploads_dir) as uploads:
        close_environment(uploads)
        guard = guarded_page(service, rules, root_path)
        _spare_from_collection()
        threading.Thread(target=_load_quietly, args=(service,), daemon=True).start()
        service.start()
        show(f"Ammon is at {_address(host, port)} (Ctrl+C stops it; nothing read is lost)")
        _run(guard, host, port)


def make_rules(service: Service, host: str, port: int, root_path: str, access: Access) -> Rules:
    """Whom the guard lets in.

    Args:
        root_path: as `clean_root_path` returns it.

    Raises:
        ValueError: the password is too short, or a name is none of a host.
        NotAllowed: others would reach the page, and nothing says that they may.
    """
    if not (access.password or access.is_open or is_loopback(host)):
        raise NotAllowed(
            f"Others reach the page at {host} and could read and change everything: give it a "
            "password with --password or --password-file, or say --open if they may."
        )
    login = None
    if access.password is not None:
        secret = read_secret(service.settings.login_secret_path)
        login = Login(access.password, secret, f"ammon-{port}")
    outside = [root_path] if root_path.startswith("http") else []
    return Rules(
        Hosts(host, (*access.allowed_hosts, *outside)),
        MAX_UPLOAD_BYTES,
        urlsplit(root_path).path,
        login,
    )


def guarded_page(service: Service, rules: Rules, root_path: str = "") -> Guard:
    """The page as an ASGI application; `close_environment` was called before."""
    from app.web.page import build
    from app.web.settings.theme_choice import HEAD
    from app.web.theme import STYLE_SHEET, theme

    built = build(service)
    framework = make_framework(
        built.blocks,
        # Each waiting question holds a thread for half a second at a time.
        max_threads=2 * service.settings.max_waiting_questions + 40,
        max_file_bytes=DEFAULT_LIMITS.max_bytes,
        root_path=root_path,
        changes=built.changes.text,
        theme=theme(),
        css_paths=STYLE_SHEET,
        head=HEAD,
    )
    return Guard(framework.app, rules, framework.pages, _hashes(HEAD))


def _hashes(head: str) -> list[str]:
    """Sources of a security policy for the scripts in a page's head, which the browser inserts."""
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", head, re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def _run(app: Any, host: str, port: int) -> None:
    """Serve an ASGI application until the main thread is interrupted."""
    config = uvicorn.Config(
        app,
        host=host.strip("[]"),
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.5)
    except KeyboardInterrupt:
        show("Ammon is stopping.")
    finally:
        server.should_exit = True
        thread.join(2 * STOP_S)
    if not server.started:
        raise PortTaken(f"Port {port} on {host} was taken at the same moment; try again.")


def _spare_from_collection() -> None:
    """Take what was made so far out of every later garbage collection.

    The modules, the page and its schemas, more than 300,000 objects, live as long as the server.
    Each full collection looked at all of them and stopped every request for almost 0.2 s.
    """
    gc.collect()
    gc.freeze()


def _address(host: str, port: int) -> str:
    name = host.strip("[]")
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def check_port(host: str, port: int) -> None:
    """Refuse an address that cannot be bound, for which gradio would print a traceback.

    Raises:
        PortTaken: the address cannot be bound.
    """
    host = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} cannot be used ({error.strerror}); stop what listens "
                "there or choose another with --port."
            ) from error


def clean_root_path(root_path: str) -> str:
    """The path below which the page is served, as gradio takes it; empty at the root.

    Raises:
        ValueError: it is neither a path from the root nor a whole address.
    """
    cleaned = root_path.strip().rstrip("/")
    if cleaned and not cleaned.startswith(("/", "http://", "https://")):
        raise ValueError(
            f"--root-path takes a path from the root, such as /ammon, or a whole address, such as "
            f"https://example.org/ammon, not {root_path!r}."
        )
    return cleaned


def _load_quietly(service: Service) -> None:
    """Load the model while the page is already served; the first use reports an error again."""
    try:
        service.runtime()
    except KNOWN_ERRORS as error:
        show(f"Error: {sentence(error)}")
