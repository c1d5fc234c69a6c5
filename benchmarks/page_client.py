"""A client that fires the page's events over HTTP as a browser does, and counts what comes back."""

from __future__ import annotations

import http.cookiejar
import json
import secrets
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

_ENDS = ("process_completed", "unexpected_error", "server_stopped")


@dataclass(frozen=True)
class Fired:
    """What came of an event.

    Args:
        seconds: from the request to the end of the answer.
        processor_seconds: of the server meanwhile.
        byte_count: of all messages that the server sent for it.
        data: the values of the event's outputs, as they were sent.
    """

    seconds: float
    processor_seconds: float
    byte_count: int
    data: list[Any] = field(default_factory=list)

    @classmethod
    def sum_of(cls, fired: Sequence[Fired]) -> Fired:
        """What came of several events in all."""
        return cls(
            sum(each.seconds for each in fired),
            sum(each.processor_seconds for each in fired),
            sum(each.byte_count for each in fired),
            [value for each in fired for value in each.data],
        )


class PageClient:
    """One open page.

    Args:
        url: of the server, with a slash at its end.
        process_id: of the server.
    """

    def __init__(self, url: str, process_id: int) -> None:
        self._url, self._hash = url, secrets.token_hex(6)
        self._server = psutil.Process(process_id)
        self._changed: list[int] = []  # states, whose events the browser fires, too
        self._mark = ""
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._opener.addheaders = [("Origin", url.rstrip("/")), ("Sec-Fetch-Site", "same-origin")]
        self._opener.open(url).close()
        with self._opener.open(f"{url}config") as found:
            config = json.load(found)
        self._events = config["dependencies"]
        self._components = {c["id"]: c for c in config["components"]}
        self._values = {c["id"]: c["props"].get("value") for c in config["components"]}
        self._update = next(
            c["id"] for c in config["components"] if c["props"].get("elem_id") == "update"
        )
        for component in config["components"]:
            if component["type"] == "textbox":  # an empty field in a browser
                self._values[component["id"]] = self._values[component["id"]] or ""

    def component(self, kind: str, label: str) -> int:
        """The id of the component of a type, such as "textbox", with this label or text on it."""
        for number, found in self._components.items():
            names = (found["props"].get("label"), self._values[number])
            if found["type"] == kind and label in names:
                return int(number)
        raise LookupError(f"The page has no {kind} {label!r}.")

    def set(self, component: int, value: Any) -> None:
        """Fill in a component, as a person would."""
        self._values[component] = value

    def look(self) -> Fired:
        """Look for changes as the page's script does, and have them shown if there are any."""
        began, worked = time.perf_counter(), self._processor_seconds()
        with self._opener.open(f"{self._url}changes") as answer:
            mark = answer.read().decode()
        seconds, work = time.perf_counter() - began, self._processor_seconds() - worked
        looked = Fired(seconds, work, len(mark))
        if mark == self._mark:
            return looked
        self._mark = mark
        sent = {"mark": mark, "choice": 0}
        return Fired.sum_of([looked, self.fire(self._update, "tick", sent)])

    def load(self) -> Fired:
        """Fire what a browser fires when it has loaded the page."""
        targets = [target for event in self._events for target in event["targets"]]
        return self.fire(next(number for number, name in targets if name == "load"), "load")

    def fire(self, component: int, name: str, sent: Mapping[str, Any] | None = None) -> Fired:
        """Fire an event of a component with all that is chained to it; what came of them in all.

        Args:
            sent: what the component's script sends with the event.
        """
        fired = [
            self._fire(each, sent)
            for event in self._events
            if [component, name] in event["targets"]
            for each in self._with_chained(event)
            if each["backend_fn"]
        ]
        changed, self._changed = self._changed, []
        return Fired.sum_of([*fired, *(self.fire(state, "change") for state in changed)])

    def _with_chained(self, event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        found = [event]
        for other in self._events:
            if other["trigger_after"] == event["id"]:
                found += self._with_chained(other)
        return found

    def _fire(self, event: Mapping[str, Any], sent: Mapping[str, Any] | None) -> Fired:
        body = {
            "data": [self._values.get(i) for i in event["inputs"]],
            "fn_index": event["id"],
            "session_hash": self._hash,
            "event_data": sent,
            "trigger_id": event["targets"][0][0] if event["targets"] else None,
        }
        began, worked = time.perf_counter(), self._processor_seconds()
        request = urllib.request.Request(
            f"{self._url}gradio_api/queue/join",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        self._opener.open(request).close()
        count, data = 0, []
        address = f"{self._url}gradio_api/queue/data?session_hash={self._hash}"
        with self._opener.open(address) as stream:
            for line in stream:
                count += len(line)
                if not line.startswith(b"data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] in _ENDS:
                    if not message.get("success"):
                        raise RuntimeError(f"An event of the page failed: {message}")
                    data = message["output"]["data"]
                    self._changed += message["output"].get("changed_state_ids") or []
                    break
        seconds, work = time.perf_counter() - began, self._processor_seconds() - worked
        for component, value in zip(event["outputs"], data, strict=True):
            self._apply(component, value)
        return Fired(seconds, work, count, data)

    def _processor_seconds(self) -> float:
        used = self._server.cpu_times()
        return float(used.user + used.system)

    def _apply(self, component: int, value: Any) -> None:
        if isinstance(value, dict) and value.get("__type__") == "update":
            if "value" in value:
                self._values[component] = value["value"]
        elif self._components[component]["type"] != "state":
            self._values[component] = value
