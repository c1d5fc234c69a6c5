"""Another process on the same data directory, which does one thing for each line it is sent."""

from __future__ import annotations

import subprocess
import sys

from tests.support.paths import ROOT


class OtherProcess:
    """A Python program in a process of its own, which talks with the test in lines.

    Args:
        program: its source; `say` prints a line, `hear` waits for one.
        arguments: it finds them in `sys.argv[1:]`.
    """

    def __init__(self, program: str, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + program, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str = "") -> str:
        """Send a line and return the next one of the process."""
        self.tell(line)
        return self.hear()

    def tell(self, line: str = "") -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """Return the next line of the process; empty if it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def kill(self) -> None:
        """End it as `kill -9` does, and wait until it has ended."""
        self._process.kill()
        self.__exit__()

    def __enter__(self) -> OtherProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                pass


_PRELUDE = """
import sys
def say(line=""):
    print(line, flush=True)
def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return line.rstrip()
"""
