"""Serving the page: the port, the model loaded behind it, no telemetry, nothing from outside."""

from __future__ import annotations

import os
import socket
import threading

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from app.errors import PortTaken
from app.messages import KNOWN_ERRORS, sentence
from app.service import Service
from app.web.page import build
from app.web.settings import theme_choice as look
from app.web.theme import STYLE_SHEET, theme


def serve(service: Service, host: str, port: int) -> None:
    """Serve the page until interrupted; reading goes on without any page open.

    Raises:
        PortTaken: something else listens there.
    """
    check_port(host, port)
    threading.Thread(target=_load_quietly, args=(service,), daemon=True).start()
    service.start()
    print(f"Ammon is at http://{host}:{port} (Ctrl+C stops it; nothing read is lost)", flush=True)
    build(service).queue(default_concurrency_limit=8).launch(
        server_name=host,
        server_port=port,
        theme=theme(),
        css_paths=STYLE_SHEET,
        head=look.HEAD,
        quiet=True,
        show_error=True,
        share=False,
        footer_links=[],
        # Whoever waits in line holds a thread half a second at a time.
        max_threads=2 * service.settings.max_waiting_questions + 40,
    )


def check_port(host: str, port: int) -> None:
    """Find out now, in words, what the server would only say as a traceback.

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


def _load_quietly(service: Service) -> None:
    """Load the model while the page is already up; an error is told by whoever needs it first."""
    try:
        service.runtime()
    except KNOWN_ERRORS as error:
        print(f"Error: {sentence(error)}", flush=True)
