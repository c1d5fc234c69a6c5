"""The framework, gradio, without what this page does not use: its switches, downloads and traces.

Gradio reads some switches of its environment when it is imported, so `close_environment` comes
before the first import of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.web.page_ids import PageIds
from app.web.transfers.download import FileOf, add_route
from app.web.upload_folder import delete_abandoned

SWEEP_S = 5.0
"""Seconds between two looks for pages that nobody uses any more."""
MAX_EVENTS = 1000
"""Events of all pages that wait at a time; the next one is refused."""
CHANGES_PATH = "/changes"
"""Where the page asks whether anything has changed."""
MAX_FIELD_BYTES = 65_536
"""Size of what an upload sends besides files."""
_SWITCHES = ("GRADIO_", "SPACE_", "OAUTH_")


def close_environment(uploads: Path) -> None:
    """Forget the switches of the framework that are set outside, and set those that are needed.

    Args:
        uploads: the folder that uploads are written to.
    """
    for name in [name for name in os.environ if name.startswith(_SWITCHES)]:
        del os.environ[name]
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.resolve())
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"  # it is evaluated after each event
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


@dataclass(frozen=True)
class Framework:
    """The framework with the page.

    Args:
        app: its ASGI application, to be served behind a `Guard`.
        pages: the ids of the pages, whose state it keeps.
        routes: all that are registered, each with its path and methods.
    """

    app: Any
    pages: PageIds
    routes: tuple[tuple[str, frozenset[str]], ...]


def make_framework(
    blocks: Any,
    max_threads: int,
    max_file_bytes: int,
    root_path: str,
    changes: Callable[[], str],
    file_of: FileOf,
    **layout: Any,
) -> Framework:
    """Set up the framework for a page.

    Args:
        blocks: the page.
        max_threads: that run handlers of events.
        max_file_bytes: size of an uploaded file.
        root_path: path or whole address that a reverse proxy serves the page below.
        changes: returns a text that differs from an earlier one if the page is to be renewed.
        file_of: finds the file of an exported session.
        layout: theme, style and head of the page, as gradio takes them.
    """
    import fastapi
    import gradio as gr
    from fastapi.responses import PlainTextResponse
    from gradio.route_utils import CustomCORSMiddleware

    _close_downloads()
    _bound_uploads()
    blocks.queue(default_concurrency_limit=8, max_size=MAX_EVENTS, api_open=False)
    blocks.max_threads = blocks._queue.max_thread_count = max_threads
    _refuse_unknown_events(blocks)
    outer = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # It is not asynchronous, so it runs in a thread: the database may be busy.
    outer.add_api_route(CHANGES_PATH, changes, methods=["GET"], response_class=PlainTextResponse)
    add_route(outer, file_of)
    gr.mount_gradio_app(
        outer,
        blocks,
        path="/",
        root_path=root_path,
        max_file_size=max_file_bytes,
        allowed_paths=[],
        blocked_paths=[],
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        show_error=True,
        **layout,
    )
    # Until then gradio does not check that a file that a browser names was uploaded.
    blocks.has_launched = True
    inner = outer.routes[-1].app  # type: ignore[attr-defined]
    inner.user_middleware = [m for m in inner.user_middleware if m.cls is not CustomCORSMiddleware]
    pages = PageIds(lambda page_id: _forget(inner, page_id))
    outer.router.lifespan_context = _swept(outer.router.lifespan_context, inner, pages)
    return Framework(outer, pages, tuple(_routes([*outer.routes[:-1], *inner.routes])))


def _routes(routes: Any) -> list[tuple[str, frozenset[str]]]:
    """Paths and methods of routes, those of included routers with them."""
    found = []
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            found += _routes(included.routes)
        else:
            found.append((route.path, frozenset(getattr(route, "methods", None) or ())))
    return found


def _close_downloads() -> None:
    """A value that a browser sends may name a file that was uploaded, but no address to fetch."""
    import gradio as gr
    from gradio import processing_utils

    def refuse(url: str, cache_dir: str) -> str:
        raise gr.Error("A file is uploaded, not named by an address.", print_exception=False)

    async def refuse_later(url: str, cache_dir: str) -> str:
        return refuse(url, cache_dir)

    processing_utils.async_ssrf_protected_download = refuse_later
    processing_utils.ssrf_protected_download = refuse
    processing_utils.save_url_to_cache = refuse
    processing_utils.unsafe_download = refuse


def _refuse_unknown_events(blocks: Any) -> None:
    """Say so to a page of another version, left open while the server was replaced."""
    push = blocks._queue.push

    async def push_known(body: Any, request: Any, username: Any) -> Any:
        if body.fn_index is not None and body.fn_index not in blocks.fns:
            return False, "This page is of another version of Ammon; reload it.", "error"
        return await push(body=body, request=request, username=username)

    blocks._queue.push = push_known


def _bound_uploads() -> None:
    """Fields besides files are short, and what is no whole upload leaves nothing behind."""
    from gradio import route_utils
    from starlette.formparsers import MultiPartException

    class BoundedParser(route_utils.GradioMultiPartParser):  # type: ignore[misc]
        def on_part_data(self, data: bytes, start: int, end: int) -> None:
            part = self._current_part
            if part.file is None and len(part.data) + end - start > MAX_FIELD_BYTES:
                raise MultiPartException("A field exceeds the maximum allowed size.")
            if part.file is None:
                part.data += data[start:end]
            else:
                super().on_part_data(data, start, end)

        async def parse(self) -> Any:
            try:
                form = await super().parse()
                files = [file for name, file in self.items if name == "files"]
                names = [Path(getattr(file, "filename", None) or "..").name for file in files]
                # Others would stay where they are, and the framework would stumble over fields.
                if ".." in names or len(files) != len(self._files_to_close_on_error):
                    raise MultiPartException("This is not an upload of whole files with names.")
                return form
            except BaseException:
                if self.upload_progress is not None:  # who watches it must not wait for the rest
                    self.upload_progress.set_done(self.upload_id)
                for file in self._files_to_close_on_error:
                    file.close()
                    Path(file.name).unlink(missing_ok=True)
                raise

    if route_utils.GradioMultiPartParser.__name__ != BoundedParser.__name__:
        route_utils.GradioMultiPartParser = BoundedParser


def _forget(app: Any, page_id: str) -> None:
    """Free all that the framework keeps for a page."""
    holder, queue = app.state_holder, app.get_blocks()._queue
    with holder.lock:
        holder.session_data.pop(page_id, None)
        holder.time_last_used.pop(page_id, None)
    for job in (job for jobs in queue.active_jobs if jobs for job in jobs):
        if job.session_hash == page_id:
            job.alive = False  # its messages have no reader
    for events in queue.event_queue_per_concurrency_id.values():
        for event in [event for event in events.queue if event.session_hash == page_id]:
            events.queue.remove(event)
            queue.event_ids_to_events.pop(event._id, None)
    queue.pending_event_ids_session.pop(page_id, None)
    if page_id in queue.pending_messages_per_session:
        del queue.pending_messages_per_session[page_id]


def _forget_unknown(app: Any, pages: PageIds) -> None:
    """Free what the framework has kept for pages since they were forgotten."""
    queue = app.get_blocks()._queue
    kept = (
        app.state_holder.session_data,
        queue.pending_event_ids_session,
        queue.pending_messages_per_session,
    )
    for page_id in {page_id for ids in kept for page_id in list(ids)}:
        if page_id not in pages:
            _forget(app, page_id)


def _swept(lifespan: Any, app: Any, pages: PageIds) -> Any:
    """The lifespan of an application with a task that sweeps while it lasts."""

    @asynccontextmanager
    async def context(outer: Any) -> AsyncIterator[Any]:
        async with lifespan(outer) as state:
            task = asyncio.create_task(_sweep_always(app, pages))
            try:
                yield state
            finally:
                task.cancel()

    return context


async def _sweep_always(app: Any, pages: PageIds) -> None:
    while True:
        await asyncio.sleep(SWEEP_S)
        sweep(app, pages)


def sweep(app: Any, pages: PageIds) -> None:
    """Free what is kept for pages and uploads that nobody waits for any more."""
    from gradio import routes

    pages.sweep()
    _forget_unknown(app, pages)
    statuses = routes.file_upload_statuses
    for upload_id in [i for i, status in statuses._statuses.items() if status.is_done]:
        statuses.stop_tracking(upload_id)
    for upload_id in [i for i in statuses._signals if i not in statuses._statuses]:
        del statuses._signals[upload_id]
    app.get_blocks().upload_file_set.clear()
    delete_abandoned(Path(app.uploaded_file_dir))
