"""The web server: it serves the page on a port and loads the model; telemetry is switched off."""

from __future__ import annotations

import os
import socket
import threading

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from app.errors import PortTaken
from app.messages import KNOWN_ERRORS, sentence
from app.service import Service
from app.terminal import show
from app.web.page import build
from app.web.settings.theme_choice import HEAD
from app.web.theme import STYLE_SHEET, theme


def serve(service: Service, host: str, port: int, root_path: str = "") -> None:
    """Serve the page until interrupted; reading continues also while no page is open.

    Args:
        host: name or IP address of the interface to listen on.
        root_path: path, or whole address, that a reverse proxy serves the page below.

    Raises:
        ValueError: `root_path` is neither.
        PortTaken: another program listens on that port.
    """
    check_port(host, port)
    root_path = clean_root_path(root_path)
    threading.Thread(target=_load_quietly, args=(service,), daemon=True).start()
    service.start()
    show(f"Ammon is at http://{host}:{port} (Ctrl+C stops it; nothing read is lost)")
    build(service).queue(default_concurrency_limit=8).launch(
        server_name=host,
        server_port=port,
        root_path=root_path or None,
        theme=theme(),
        css_paths=STYLE_SHEET,
        head=HEAD,
        quiet=True,
        show_error=True,
        share=False,
        footer_links=[],
        # Each waiting question holds a thread for half a second at a time.
        max_threads=2 * service.settings.max_waiting_questions + 40,
    )


def check_port(host: str, port: int) -> None:
    """Refuse an address that cannot be bound, for which gradio would print a traceback.

    Raises:
        PortTaken: the address cannot be bound.
    """
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
