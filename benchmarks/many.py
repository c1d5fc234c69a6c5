"""Many rows: bytes that the page sends per poll, and milliseconds per action, with 10,000 of each.

    python -m benchmarks.many [--count 10000] [--rounds 3] [--folder FOLDER]

A data directory gets COUNT sessions, COUNT deleted ones, and one session with COUNT documents,
messages and checkpoints, on a tiny model. A server of its own serves it, and a client fires the
page's events over HTTP as a browser does. Each figure is the median of the rounds. The processor's
milliseconds are those of the server; on a busy machine only they can be compared.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

import benchmarks  # noqa: F401 (must be imported before torch)
import storage
from ahn_runtime import Runtime
from ahn_runtime.loading.tiny import write_tiny
from app.service import Retrieved, Service
from app.settings import ModelOptions, Settings
from benchmarks.many_rows import add_documents, add_messages, add_sessions, add_trash
from benchmarks.page_client import Fired, PageClient

ROOT = Path(__file__).resolve().parents[1]
BIG, SMALL = "Archive", "Notebook"
WINDOW_TOKENS = 1000
UNDO = "Run"
"""The text of a button that has none until there is something to bring back."""
QUESTIONS = ("What was counted with the copper?", "What is on line 2 of report 77?")
START_LIMIT_S = 600.0


class Table:
    """A Markdown table that is printed row by row, a row for each action."""

    def __init__(self, count: int) -> None:
        print(f"| with {count:,} of each | ms | ms of a processor | bytes sent |")
        print("| --- | --- | --- | --- |", flush=True)

    def add(self, name: str, fired: Sequence[Fired]) -> None:
        """Print the medians of several rounds."""
        milliseconds = statistics.median(1000 * each.seconds for each in fired)
        work = statistics.median(1000 * each.processor_seconds for each in fired)
        count = statistics.median(each.byte_count for each in fired)
        sent = f"{count:,.0f}" if count else ""
        print(f"| {name} | {milliseconds:,.0f} | {work:,.0f} | {sent} |", flush=True)


def make_service(data_dir: Path, model: Path) -> Service:
    """A service on the tiny model; its trash is kept for a day."""
    settings = Settings(
        data_dir=data_dir,
        model=ModelOptions(model=str(model), window=WINDOW_TOKENS),
        max_answer_tokens=8,
    )
    return Service(settings, lambda options: Runtime.load(**options.as_dict()))


def fill(service: Service, folder: Path, count: int) -> None:
    """Store the rows; the big session is the one that was used last.

    Args:
        folder: for the text that is really read, so that the big session has a state.
        count: of sessions, deleted sessions, documents, messages and checkpoints.
    """
    text = folder / "minutes.txt"
    text.write_text("The clerk read the minutes of the meeting.\n" * (1 + count // 40), "utf-8")
    row = service.sessions.create(BIG)
    service.documents.add(BIG, text)
    while service.context.indexer.step() or service.context.worker.step():
        pass
    newest = service.sessions.checkpoints(BIG)[0]
    add_sessions(service.db, count, row.settings)
    add_trash(service.db, count, row.settings)
    hashes = [page for page in _page_hashes(newest.manifest) if storage.has_page(service.db, page)]
    add_documents(service.db, row, count, newest.manifest, hashes)
    add_messages(service.db, row, count)


def _page_hashes(value: object) -> Iterator[str]:
    """All texts in a manifest that may name a page."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _page_hashes(each)
    elif isinstance(value, list):
        for each in value:
            yield from _page_hashes(each)
    elif isinstance(value, str) and len(value) == 64:
        yield value


@dataclass(frozen=True)
class Server:
    """A server of a data directory.

    Args:
        started: what it took until it served the page.
    """

    url: str
    process_id: int
    started: Fired


@contextmanager
def serving(data_dir: Path, model: Path) -> Iterator[Server]:
    """Start a server of a data directory, and stop it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--model", str(model), "--window", str(WINDOW_TOKENS)]
    command = [sys.executable, "launch.py", *options, "--port", str(port)]
    began, url = time.perf_counter(), f"http://127.0.0.1:{port}/"
    server = subprocess.Popen(
        [*command, "--data-dir", str(data_dir)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        while not _serves(url):
            if server.poll() is not None or time.perf_counter() - began > START_LIMIT_S:
                raise RuntimeError("The server did not serve the page.")
            time.sleep(0.05)
        used = psutil.Process(server.pid).cpu_times()
        started = Fired(time.perf_counter() - began, used.user + used.system, 0)
        yield Server(url, server.pid, started)
    finally:
        server.terminate()
        server.wait()


def _serves(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=START_LIMIT_S) as page:
            page.read()
            return True
    except (urllib.error.URLError, OSError):
        return False


def measure_page(page: PageClient, table: Table, rounds: int) -> None:
    """Measure looks for changes and actions of the page."""
    sessions, search = (
        page.component("radio", "Sessions"),
        page.component("textbox", "Search sessions"),
    )

    undo = page.component("button", UNDO)  # its text changes

    def repeat(name: str, action: Callable[[], Fired]) -> None:
        table.add(name, [action() for _ in range(rounds)])

    def fill_in(component: int, value: str, event: str) -> Fired:
        page.set(component, value)
        return page.fire(component, event)

    def select(name: str) -> Fired:
        page.set(sessions, name)
        return Fired.sum_of([page.fire(sessions, event) for event in ("input", "change")])

    def press(button: str) -> Fired:
        return page.fire(page.component("button", button), "click")

    table.add("load the page's lists", [page.load()])
    repeat("select the session with many of each", lambda: select(BIG))
    repeat("select an empty session", lambda: select("Volume 1"))
    select(BIG)
    table.add("show what has changed", [page.look()])
    repeat("look for changes, nothing changed", page.look)
    for label in ("Chat", "Memory & savings", "Settings"):
        tab = page.component("tabitem", label)
        repeat(f"open the tab {label}", partial(page.fire, tab, "select"))
    places = page.component("dropdown", "Answer as of")
    repeat("open the list of places", lambda: page.fire(places, "focus"))
    repeat("search in the sidebar", lambda: fill_in(search, "Volume 77", "change"))
    fill_in(search, "", "change")
    page.set(page.component("textbox", "Text to paste"), "A note about the violet ledger.")
    repeat("add a text to the session", lambda: press("Add the text"))
    repeat("make a session", lambda: press("New"))
    select("Volume 2")
    names = iter(range(rounds))
    new_name = page.component("textbox", "New name of the session")

    def rename() -> Fired:
        page.set(new_name, f"Renamed {next(names)}")
        return press("Save name")

    repeat("rename a session", rename)
    repeat("duplicate a session", lambda: press("Duplicate"))
    repeat("delete a session", lambda: press("Delete"))
    repeat("bring it back", lambda: page.fire(undo, "click"))


def measure_asking(service: Service, table: Table, rounds: int) -> None:
    """Measure a question up to its passages, with the model loaded and the session open."""
    service.runtime()
    for question in QUESTIONS:
        fired = []
        for _ in range(rounds + 1):
            began, worked = time.perf_counter(), time.process_time()
            with closing(service.questions.ask(BIG, question)) as events:
                next(event for event in events if isinstance(event, Retrieved))
            work = time.process_time() - worked
            fired.append(Fired(time.perf_counter() - began, work, 0))
        table.add(f"ask, up to the passages: {question!r}", fired[1:])


def main(count: int, rounds: int, folder: Path | None) -> None:
    """Fill a data directory unless it is filled, serve it, measure, and print the table."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="ammon-many-") as name:
            main(count, rounds, Path(name))
        return
    model = folder / "tiny"
    if not model.is_dir():
        write_tiny(model)
        with closing(make_service(folder / "data", model)) as service:
            fill(service, folder, count)
    table = Table(count)
    with serving(folder / "none", model) as empty:
        table.add("start of the server without data", [empty.started])
    with serving(folder / "data", model) as server:
        table.add("start of the server", [server.started])
        measure_page(PageClient(server.url, server.process_id), table, rounds)
    with closing(make_service(folder / "data", model)) as service:
        measure_asking(service, table, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keeps what was filled for the next run")
    main(**vars(parser.parse_args()))
