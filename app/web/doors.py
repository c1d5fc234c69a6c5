"""The routes of the framework: which ones the page needs, with the reason, and which are closed.

Gradio registers many routes that this page does not use: an interface for programs, a proxy, files
by path, a dashboard. Only what stands in `OPEN` is served. A route in neither table is closed, too,
and `tests/app/web/test_doors.py` asks about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a route serves, which decides who may ask for it."""

    STATIC = auto()
    """A file of the framework's package or of the page's style, the same for everybody."""
    PAGE = auto()
    """The page itself, to which other sites may link."""
    CALL = auto()
    """What only the page itself asks for."""
    UPLOAD = auto()
    """A call that takes files."""


@dataclass(frozen=True)
class Door:
    """An open route.

    Args:
        methods: of HTTP.
        path: as the framework registers it, with its parameters in braces.
        why: the reason for which it is open.
        session: where the request names the id of the page: "path", "query" or "body"; empty if it
            keeps no state.
    """

    methods: tuple[str, ...]
    path: str
    kind: Kind
    why: str
    session: str = ""

    def match(self, path: str) -> re.Match[str] | None:
        """The parameters of a path, if it is this door's."""
        return _pattern(self.path).fullmatch(path)


def _pattern(path: str) -> re.Pattern[str]:
    found = _PATTERNS.get(path)
    if found is None:
        escaped = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
        escaped = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", escaped)
        found = _PATTERNS[path] = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/\\s]+)", escaped))
    return found


_PATTERNS: dict[str, re.Pattern[str]] = {}
_GET, _POST = ("GET",), ("POST",)
API = "/gradio_api"

OPEN = (
    Door(("GET", "HEAD"), "/", Kind.PAGE, "the page"),
    Door(_GET, "/assets/{path:path}", Kind.STATIC, "scripts and styles of the framework"),
    Door(_GET, "/static/{path:path}", Kind.STATIC, "pictures and a script of the framework"),
    Door(_GET, "/theme.css", Kind.STATIC, "the colours of the page"),
    Door(_GET, f"{API}/theme.css", Kind.STATIC, "the colours of the page"),
    Door(_GET, "/favicon.ico", Kind.STATIC, "the picture beside the page's title"),
    Door(_GET, "/manifest.json", Kind.STATIC, "the page's head names it; it has the title only"),
    Door(_GET, "/robots.txt", Kind.STATIC, "search engines ask for it"),
    Door(_GET, "/changes", Kind.CALL, "an open page asks whether anything has changed"),
    Door(_GET, "/config", Kind.CALL, "an open page fetches its layout after a restart"),
    Door(_GET, f"{API}/app_id", Kind.CALL, "an open page asks whether the server was restarted"),
    Door(_POST, f"{API}/queue/join", Kind.CALL, "every event of the page", session="body"),
    Door(_GET, f"{API}/queue/data", Kind.CALL, "what the events answer", session="query"),
    Door(
        _GET,
        f"{API}/heartbeat/{{session_hash}}",
        Kind.CALL,
        "says that the page is open; its end frees the page's state",
        session="path",
    ),
    Door(_POST, f"{API}/cancel", Kind.CALL, "ends an event whose page does not want it any more"),
    Door(_POST, f"{API}/reset", Kind.CALL, "does nothing; the framework's script calls it"),
    Door(_POST, f"{API}/upload", Kind.UPLOAD, "files dropped on the page"),
    Door(_GET, f"{API}/upload_progress", Kind.CALL, "how far an upload is"),
)
"""The routes that are served."""

_PROGRAMS = "an interface for programs; Ammon's is the command line"
_FILES = "files by path, and any address of the web; the page shows no file that way"
_STREAMS = "streams of sound and film, which the page has not"
_LOGIN = "the framework's own log-in, which is not used"
_MONITORING = "a dashboard of who called what"
_HISTORY = "runs kept at another service"
CLOSED = {
    "/openapi.json": _PROGRAMS,
    f"{API}/openapi.json": _PROGRAMS,
    f"{API}/info": _PROGRAMS,
    f"{API}/info/": _PROGRAMS,
    f"{API}/api/{{api_name}}": _PROGRAMS,
    f"{API}/api/{{api_name}}/": _PROGRAMS,
    f"{API}/run/{{api_name}}": _PROGRAMS,
    f"{API}/run/{{api_name}}/": _PROGRAMS,
    f"{API}/call/{{api_name}}": _PROGRAMS,
    f"{API}/call/{{api_name}}/": _PROGRAMS,
    f"{API}/call/{{api_name}}/{{event_id}}": _PROGRAMS,
    f"{API}/call/v2/{{api_name}}": _PROGRAMS,
    f"{API}/call/v2/{{api_name}}/": _PROGRAMS,
    f"{API}/call/v2/{{api_name}}/{{event_id}}": _PROGRAMS,
    f"{API}/queue/status": _PROGRAMS,
    f"{API}/file={{path_or_url:path}}": _FILES,
    f"{API}/file/{{path:path}}": _FILES,
    f"{API}/proxy={{url_path:path}}": "fetches from other servers",
    f"{API}/stream/{{event_id}}": _STREAMS,
    f"{API}/stream/{{event_id}}/close": _STREAMS,
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist.m3u8": _STREAMS,
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/{{segment_id}}.{{ext}}": _STREAMS,
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist-file": _STREAMS,
    f"{API}/process_recording": _STREAMS,
    "/login": _LOGIN,
    "/login/": _LOGIN,
    "/logout": _LOGIN,
    f"{API}/user": _LOGIN,
    f"{API}/user/": _LOGIN,
    f"{API}/login_check": _LOGIN,
    f"{API}/login_check/": _LOGIN,
    f"{API}/token": _LOGIN,
    f"{API}/token/": _LOGIN,
    "/monitoring": _MONITORING,
    "/monitoring/summary": _MONITORING,
    "/monitoring/{key}": _MONITORING,
    f"{API}/runs": _HISTORY,
    f"{API}/runs/": _HISTORY,
    f"{API}/deep_link": "keeps the page's state on the disk under a new address",
    "/config/": "the same without the slash is open",
    f"{API}/reset/": "the same without the slash is open",
    f"{API}/app_id/": "the same without the slash is open",
    "/svelte/{path:path}": "for the framework's custom components, which the page has not",
    f"{API}/custom_component/{{id}}/{{environment}}/{{type}}/{{file_name}}": (
        "for the framework's custom components, which the page has not"
    ),
    f"{API}/component_server": "calls methods of components; no component of the page has such",
    f"{API}/component_server/": "calls methods of components; no component of the page has such",
    f"{API}/dev/reload": "for developers of the framework",
    f"{API}/startup-events": "the server starts them itself",
    f"{API}/vibe-edit": "rewrites the program by a language model elsewhere",
    f"{API}/vibe-edit/": "rewrites the program by a language model elsewhere",
    f"{API}/undo-vibe-edit": "rewrites the program",
    f"{API}/undo-vibe-edit/": "rewrites the program",
    f"{API}/vibe-code": "shows and writes the program",
    f"{API}/vibe-code/": "shows and writes the program",
    f"{API}/vibe-starter-queries": "asks a language model elsewhere",
    f"{API}/vibe-starter-queries/": "asks a language model elsewhere",
    "/pwa_icon": "a picture that the page does not have",
    "/pwa_icon/{size}": "a picture that the page does not have, in any size",
}
"""The routes that are not served, with the reason; so that a new one is noticed."""


def find(method: str, path: str) -> Door | None:
    """The open door of a request."""
    return next((door for door in OPEN if method in door.methods and door.match(path)), None)
