"""The page in a real browser: first paint, time until usable, download, and cost of an update.

    python -m benchmarks.page [--counts 10 1000] [--rounds 3]

A data directory gets one session with COUNT documents, and as many sessions, on a tiny model. The
page is opened in Chromium with an empty cache, on the same machine. Times and bytes are the
browser's own: of its performance API, and for the cost of an update those of its profiler (script,
style and layout, in seconds of the page's thread). An update is what the page asks for every 1.5 s.
Idle is what a page costs in that time if it does not look for changes: the framework's own.
Each figure is the median of the rounds. Playwright and Chromium are needed (requirements-dev.txt;
apt-get install chromium).
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmarks  # noqa: F401 (must be imported before torch)
import storage
from ahn_runtime.loading.tiny import write_tiny
from app.service import Service
from benchmarks.chromium import launched
from benchmarks.many import BIG, fill, make_service
from benchmarks.report import processor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

UPDATES_S = 12.0
"""Seconds over which updates are measured."""
TICK_S = 1.5
LIMIT_MS = 60_000
# The page is usable when a question can be typed and the sessions are listed.
WATCH = """() => {
    performance.setResourceTimingBufferSize(10000);
    const look = () => {
        const field = document.querySelector('#question textarea');
        const isUsable = field && !field.disabled && document.querySelector('.sessions input');
        if (isUsable) window.usableAfter = performance.now();
        else requestAnimationFrame(look);
    };
    look();
}"""
TIMES = """() => ({
    painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    usable: window.usableAfter,
    bytes: ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
        .reduce((sum, entry) => sum + entry.transferSize, 0),
})"""
# A page that nobody sees does not look for changes.
UNSEEN = "Object.defineProperty(document, 'hidden', {get: () => true})"
COSTS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


@dataclass(frozen=True)
class Opening:
    """One opening of the page: milliseconds, and bytes as they were sent."""

    painted_ms: float
    usable_ms: float
    byte_count: float
    again_byte_count: float


@dataclass(frozen=True)
class Update:
    """One update: milliseconds of the client, and statements of the server."""

    client_ms: float
    statements: float


@contextlib.contextmanager
def serving(service: Service, uploads: Path) -> Iterator[str]:
    """Serve the page of a service from a thread; yields its address."""
    import uvicorn

    from app.web.framework import close_environment
    from app.web.server import Access, guarded_page, make_rules

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    uploads.mkdir(exist_ok=True)
    close_environment(uploads)
    service.runtime()
    page = guarded_page(service, make_rules(service, "127.0.0.1", port, "", Access()))
    server = uvicorn.Server(
        uvicorn.Config(
            page, port=port, log_level="error", server_header=False, timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()


def measure_opening(browser: Browser, url: str) -> Opening:
    """Open the page with an empty cache, and once more with what that left."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.add_init_script(f"({WATCH})()")
    try:
        first = _opened(context.new_page(), url)
        again = _opened(context.new_page(), url)
    finally:
        context.close()
    return Opening(first["painted"], first["usable"], first["bytes"], again["bytes"])


def _opened(page: Page, url: str) -> dict[str, float]:
    page.goto(url)
    page.wait_for_function("window.usableAfter", timeout=LIMIT_MS)
    page.wait_for_load_state("load")
    page.wait_for_timeout(1000)  # what comes after that is part of the download
    return dict(page.evaluate(TIMES))


def measure_updates(
    browser: Browser,
    url: str,
    service: Service,
    change: Callable[[], object] | None = None,
    looks: bool = True,
) -> Update:
    """The cost of an update on an open page.

    Args:
        change: changes something that the page shows, before each update; None: nothing changes.
        looks: whether the page looks for changes; what it costs without is the framework's own.
    """
    page = browser.new_page()
    try:
        if not looks:
            page.add_init_script(UNSEEN)
        page.goto(url)
        page.wait_for_function("document.querySelector('.sessions input:checked')")
        page.wait_for_timeout(3000)  # the first updates show what the loading did not
        profiler = page.context.new_cdp_session(page)
        # The time of the page's own thread, so that other work on the machine does not count.
        profiler.send("Performance.enable", {"timeDomain": "threadTicks"})
        before, statements = _costs(profiler), service.db.statement_count
        own = 0
        for _ in range(round(UPDATES_S / TICK_S)):
            if change is not None:
                counted = service.db.statement_count
                change()
                own += service.db.statement_count - counted
            page.wait_for_timeout(1000 * TICK_S)
        count = UPDATES_S / TICK_S
        spent_ms = 1000 * (_costs(profiler) - before)
        return Update(spent_ms / count, (service.db.statement_count - statements - own) / count)
    finally:
        page.close()


def _costs(profiler: Any) -> float:
    metrics = profiler.send("Performance.getMetrics")["metrics"]
    return float(sum(m["value"] for m in metrics if m["name"] in COSTS))


def retitling(service: Service) -> Callable[[], object]:
    """What changes the title of a document that is on the screen, each time to another one."""
    session = service.sessions.get(BIG)
    document = storage.list_keys(service.db, session.id)[0]
    numbers = itertools.count()
    return lambda: service.documents.retitle(session.id, document.id, f"Minutes {next(numbers)}")


def measure(browser: Browser, count: int, rounds: int, folder: Path) -> str:
    """A row of the table, for a library of so many documents."""
    model = folder / "tiny"
    if not model.is_dir():
        write_tiny(model)
    place = folder / str(count)
    place.mkdir()
    with contextlib.closing(make_service(place / "data", model)) as service:
        fill(service, place, count)
        with serving(service, place / "uploads") as url:
            measure_opening(browser, url)  # the server's first page is slower
            opened = [measure_opening(browser, url) for _ in range(rounds)]
            idle = measure_updates(browser, url, service, looks=False)
            still = measure_updates(browser, url, service)
            moved = measure_updates(browser, url, service, retitling(service))

    def median(name: str) -> float:
        return statistics.median(getattr(each, name) for each in opened)

    return (
        f"| {count:,} | {median('painted_ms') / 1000:.2f} | {median('usable_ms') / 1000:.2f} "
        f"| {median('byte_count') / 1e6:.2f} | {median('again_byte_count') / 1e6:.2f} "
        f"| {idle.client_ms:.1f} | {still.client_ms:.1f} | {moved.client_ms:.1f} "
        f"| {still.statements:.1f} | {moved.statements:.1f} |"
    )


HEAD = (
    "| documents | first paint, s | usable, s | download, MB | once more, MB | idle, ms "
    "| update, ms | with a change, ms | statements | with a change |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main(counts: list[int], rounds: int) -> None:
    """Measure, and print the table with the processor's name."""
    with launched() as browser, tempfile.TemporaryDirectory(prefix="ammon-page-") as folder:
        print(f"{processor()}; median of {rounds}\n\n{HEAD}", flush=True)
        for count in counts:
            print(measure(browser, count, rounds, Path(folder)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    main(**vars(parser.parse_args()))
