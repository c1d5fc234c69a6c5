"""The protocol between a process and its worker: one JSON object a line, in ASCII.

The worker first sends `{"ready": true}`. It then receives requests, one at a time, and answers each
with any number of objects that contain `"more": true` and a last object without it. Bytes travel as
base64 strings. Nothing is unpickled, and the client does not trust what it receives.

A request may have a `serial`, which its answers repeat. Readers of several documents answer through
one pipe, one after the other; the serial is a secret of the document, so what an earlier reader has
left in the pipe is no answer to a later request.

Only the standard library and `limits.py` are imported, because the light workers import this file.
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ingest.sandbox.limits import set_alarm

Message = dict[str, Any]


def encode_line(message: Message) -> bytes:
    """Return a message as one line.

    The line is ASCII: any Python string, also one with half a surrogate pair, is restored exactly.
    """
    return json.dumps(message).encode("ascii") + b"\n"


def decode_line(line: bytes) -> Message:
    """Return the message on a line.

    Raises:
        ValueError: the line is cut short, is not JSON, or is not a JSON object.
    """
    try:
        message = json.loads(line)
    except RecursionError as error:
        raise ValueError("the line is nested too deeply") from error
    if not isinstance(message, dict):
        raise ValueError("the line is not a JSON object")
    return message


def has_more(answer: Message) -> bool:
    """Return whether another answer to the same request follows."""
    return bool(answer.get("more"))


class WorkerConnection:
    """The worker's end of the pipes: standard input for requests, standard output for answers.

    From its creation on, what libraries print to standard output is discarded. The process ends as
    soon as standard input ends, even while it answers: the client is gone.
    """

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb")
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        except PermissionError:  # a program of a reader, whose standard error goes away already
            os.dup2(2, 1)
        self._requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._serial: str | None = None
        self._max_silence_s = 0.0

    def requests(
        self, before_first: Callable[[Message], None] = lambda request: None
    ) -> Iterator[Message]:
        """Say that the worker is ready, then yield each request; answer it before the next one.

        Args:
            before_first: called with the first request, while the process has one thread.
        """
        self.announce()
        yield from self.received(before_first)

    def announce(self) -> None:
        """Say that the worker is ready.

        From now on, what libraries print to standard error is discarded, too: until now it said
        why a worker cannot start.
        """
        os.dup2(1, 2)
        self.send({"ready": True})

    def received(
        self, before_first: Callable[[Message], None] = lambda request: None
    ) -> Iterator[Message]:
        """Yield each request after `announce`, as `requests` does."""
        line = sys.stdin.buffer.readline()
        if not line:
            os._exit(0)
        first = decode_line(line)
        before_first(first)
        threading.Thread(target=self._receive, daemon=True).start()
        # An earlier reader of the same pipe may have left it so, or in the middle of a line.
        os.set_blocking(self._out.fileno(), True)
        self._out.write(b"\n" if "serial" in first else b"")
        yield self._as_current(first)
        while True:
            self.end_after_silence(0)
            yield self._as_current(self._requests.get())

    def _as_current(self, request: Message) -> Message:
        self._serial = request.get("serial")
        return request

    def end_after_silence(self, seconds: float) -> None:
        """Let the system end this process when it sends nothing for `seconds`; 0 means no limit.

        The limit holds for the current request. The client ends a silent worker sooner; this is for
        a worker whose client is gone.
        """
        self._max_silence_s = seconds
        set_alarm(seconds)

    def send(self, message: Message) -> None:
        """Send a message; wait as long as the client needs to take it."""
        set_alarm(0)
        if self._serial is not None:
            message = {**message, "serial": self._serial}
        self._out.write(encode_line(message))
        self._out.flush()
        set_alarm(self._max_silence_s)

    def _receive(self) -> None:
        try:
            for line in sys.stdin.buffer:
                self._requests.put(decode_line(line))
        finally:
            os._exit(0)
