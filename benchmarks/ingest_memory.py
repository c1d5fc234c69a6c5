"""Peak memory of indexing and reading large documents, in Ammon's process and in its sandbox.

    python -m benchmarks.ingest_memory [--pages 3000] [--megabytes 100] [--csv-megabytes 200]
        [--xlsx-rows 100000] [--feed-tokens 200000]

A PDF, a log, a CSV file and a workbook are made in a temporary folder. Each is first indexed
(copied, split, counted, made searchable). Then another process on the same data feeds it to a tiny
model, with checkpoints, as the application does. A tenth of each document is measured first: memory
that does not grow from it to the whole document is bounded. All figures are the highest resident
memory that the system reports.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

import storage
from ahn_runtime import Runtime
from ahn_runtime.loading.tiny import write_tiny
from app.service import Service
from app.settings import ModelOptions, Settings
from benchmarks.large_files import write_csv, write_log, write_pdf, write_xlsx
from storage import OPEN_STATES

SESSION = "measured"
LOOK_S = 0.05
MIB = 1 << 20


class Peaks(threading.Thread):
    """A thread that records the peak memory of this process and of its children until `end`.

    Attributes:
        before_bytes: resident memory of this process at the start.
        own_bytes, readers_bytes: peak of this process, and of the child process with the highest.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process()
        self._over = threading.Event()
        self.before_bytes = self._process.memory_info().rss
        self.own_bytes = self.readers_bytes = 0

    def run(self) -> None:
        """Look again and again until `end` is called."""
        while not self._over.wait(LOOK_S):
            self._look()

    def end(self) -> None:
        """Look once more, and wait for the thread to end."""
        self._look()
        self._over.set()
        self.join()

    def _look(self) -> None:
        self.own_bytes = max(self.own_bytes, _highest(self._process))
        for child in self._process.children(recursive=True):
            with suppress(psutil.Error, OSError):  # it ended meanwhile
                self.readers_bytes = max(self.readers_bytes, _highest(child))


def _highest(process: psutil.Process) -> int:
    """Peak resident memory in bytes; the present one if the system does not record the peak."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) * 1024
    return int(process.memory_info().rss)


def measure(step: str, document: Path, data_dir: Path, model: Path, feed_tokens: int) -> None:
    """Run one step and print its figures as JSON.

    Each step needs its own process, because a process's peak memory never falls.

    Args:
        step: "index" or "feed".
        document: path of the document.
        data_dir: Ammon's data directory.
        model: directory of the model.
        feed_tokens: number of tokens after which feeding stops.
    """
    options = ModelOptions(model=str(model), quantize=None)
    service = Service(Settings(data_dir=data_dir, model=options), _load)
    service.runtime()
    service.sessions.ensure(SESSION)
    peaks, began = Peaks(), time.monotonic()
    peaks.start()
    try:
        done = _index(service, document) if step == "index" else _feed(service, feed_tokens)
        took_s = time.monotonic() - began
    finally:
        service.close()
        peaks.end()
    figures = {"before": peaks.before_bytes, "own": peaks.own_bytes, "readers": peaks.readers_bytes}
    print(json.dumps({"tokens": done, "seconds": took_s, **figures}))


def _load(options: ModelOptions) -> Runtime:
    return Runtime.load(**options.as_dict())


def _index(service: Service, document: Path) -> int:
    """Index a document; returns its number of tokens."""
    row = service.documents.add(SESSION, document)
    service.context.indexer.step()
    return storage.get_document(service.db, row.id).token_count or 0


def _feed(service: Service, feed_tokens: int) -> int:
    """Read the indexed document in the background, as the application does; returns tokens read."""
    service.start()
    while True:
        (status,) = service.documents.list(SESSION)
        if status.tokens_read >= feed_tokens or status.document.state not in OPEN_STATES:
            return status.tokens_read
        time.sleep(LOOK_S)


@dataclass(frozen=True)
class Sizes:
    """How large the documents are; a document of size 0 is left out.

    Args:
        pages: of the PDF.
        megabytes: of the log.
        csv_megabytes: of the CSV file.
        xlsx_rows: of the workbook.
    """

    pages: int
    megabytes: int
    csv_megabytes: int
    xlsx_rows: int

    def makers(self, divisor: int) -> Iterator[tuple[str, Callable[[Path], None]]]:
        """Yield the name of each document and what writes it, at a fraction of its size."""
        if self.pages:
            pages = max(1, self.pages // divisor)
            yield f"{pages:,} pages.pdf", partial(write_pdf, pages=pages)
        if self.megabytes:
            size = self.megabytes * 1_000_000 // divisor
            yield f"{size / 1e6:,.0f} MB.log", partial(write_log, byte_count=size)
        if self.csv_megabytes:
            size = self.csv_megabytes * 1_000_000 // divisor
            yield f"{size / 1e6:,.0f} MB.csv", partial(write_csv, byte_count=size)
        if self.xlsx_rows:
            rows = max(2, self.xlsx_rows // divisor)
            yield f"{rows:,} rows.xlsx", partial(write_xlsx, rows=rows)


def compare(sizes: Sizes, feed_tokens: int) -> None:
    """Measure every document and step in its own process, and print a table.

    Args:
        sizes: how large the documents are.
        feed_tokens: number of tokens after which feeding stops.
    """
    print("| document | step | tokens | s | Ammon before | Ammon, peak | sandbox, peak |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        model = write_tiny(root / "model")
        for tenth in (10, 1):
            for name, make in sizes.makers(tenth):
                make(root / name)
                for step in ("index", "feed"):
                    given = [step, root / name, root / f"{name} data", model, feed_tokens]
                    print(_row(name, step, _measured(given)), flush=True)
                shutil.rmtree(root / f"{name} data")


def _measured(given: Sequence[object]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ingest_memory", "--measure", *map(str, given)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def _row(name: str, step: str, found: dict[str, float]) -> str:
    memory = [f"{found[who] / MIB:,.0f} MiB" for who in ("before", "own", "readers")]
    cells = [name, step, f"{found['tokens']:,.0f}", f"{found['seconds']:.1f}", *memory]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=3000, help="pages of the PDF; 0 for no PDF")
    parser.add_argument("--megabytes", type=int, default=100, help="size of the log; 0 for no log")
    parser.add_argument("--csv-megabytes", type=int, default=200, help="size of the CSV; 0: none")
    parser.add_argument("--xlsx-rows", type=int, default=100_000, help="of the workbook; 0: none")
    parser.add_argument(
        "--feed-tokens", type=int, default=200_000, help="tokens fed of each document"
    )
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        what, document, data_dir, model, tokens = chosen.measure
        measure(what, Path(document), Path(data_dir), Path(model), int(tokens))
    else:
        sizes = Sizes(chosen.pages, chosen.megabytes, chosen.csv_megabytes, chosen.xlsx_rows)
        compare(sizes, chosen.feed_tokens)
