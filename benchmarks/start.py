"""Start time of the page: from the command to the first complete HTTP response.

    python -m benchmarks.start [--rounds 3]

Every start has a new data directory. The model must have been downloaded before.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
POLL_SECONDS, LIMIT_SECONDS = 0.05, 120.0


def start(checkout: Path = ROOT) -> float:
    """Start a server; returns the seconds until it serves the page, and stops it.

    Args:
        checkout: root of the checkout whose `launch.py` is started.

    Raises:
        RuntimeError: the page is not served within `LIMIT_SECONDS`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "launch.py", "--port", str(port), "--data-dir", folder]
        began = time.perf_counter()
        server = subprocess.Popen(
            command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while time.perf_counter() - began < LIMIT_SECONDS:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                        page.read()
                        return time.perf_counter() - began
                except (urllib.error.URLError, OSError):
                    time.sleep(POLL_SECONDS)
        finally:
            server.terminate()
            server.wait()
    raise RuntimeError(f"The page was not served within {LIMIT_SECONDS:.0f} s.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    times = [start() for _ in range(parser.parse_args().rounds)]
    print("| page ready after | seconds |\n| --- | --- |")
    print(f"| median of {len(times)} starts | {statistics.median(times):.1f} |")
    print(f"| slowest | {max(times):.1f} |")
