"""Records a page in Chromium as a WebM film, which Chromium itself encodes.

The frames come from Chromium's screencast. Afterwards an empty page draws them on a canvas at their
times, with a caption below, and its `MediaRecorder` encodes that; so no other encoder is needed.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

CAPTION_PX = 44
BITS_PER_S = 550_000
MAX_STILL_S = 2.5
"""A longer time in which nothing on the page changes is cut to this."""

_DRAW = """async ({width, height, caption, bits, frames}) => {
    const size = {width, height: height + caption};
    const canvas = Object.assign(document.createElement('canvas'), size);
    document.body.append(canvas);
    const pen = canvas.getContext('2d', {alpha: false});
    const stream = canvas.captureStream(0);
    const kinds = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8'];
    const kind = kinds.find((each) => MediaRecorder.isTypeSupported(each));
    const recorder = new MediaRecorder(stream, {mimeType: kind, videoBitsPerSecond: bits});
    const parts = [];
    recorder.ondataavailable = ({data}) => parts.push(data);
    const ended = new Promise((done) => { recorder.onstop = done; });
    const draw = async ({name, text}) => {
        const picture = await createImageBitmap(await (await fetch(name)).blob());
        pen.drawImage(picture, 0, 0, width, height);
        pen.fillStyle = '#1f2328';
        pen.fillRect(0, height, width, caption);
        pen.fillStyle = '#ffffff';
        pen.font = '600 19px system-ui, sans-serif';
        pen.textBaseline = 'middle';
        pen.fillText(text, 20, height + caption / 2);
        stream.getVideoTracks()[0].requestFrame();
    };
    await draw(frames[0]);
    recorder.start();
    const began = performance.now();
    for (const frame of frames) {
        const wait = frame.at * 1000 - (performance.now() - began);
        if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        await draw(frame);
    }
    recorder.stop();
    await ended;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    let text = '';
    for (let i = 0; i < bytes.length; i += 32768) {
        text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    }
    return btoa(text);
}"""


@dataclass
class Recorder:
    """What a page showed.

    Args:
        page: it is recorded from now on.
    """

    page: Page
    _frames: list[tuple[float, bytes, str, float]] = field(default_factory=list)
    _caption: str = ""
    _speed: float = 1.0

    def __post_init__(self) -> None:
        self._client = self.page.context.new_cdp_session(self.page)
        self._client.on("Page.screencastFrame", self._keep)
        self._client.send(
            "Page.startScreencast", {"format": "jpeg", "quality": 85, "everyNthFrame": 1}
        )

    def _keep(self, event: dict[str, Any]) -> None:
        picture = base64.b64decode(event["data"])
        self._frames.append((event["metadata"]["timestamp"], picture, self._caption, self._speed))
        self._client.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    @contextmanager
    def caption(self, text: str, speed: float = 1.0) -> Iterator[None]:
        """Put a caption below what happens within.

        Args:
            speed: so many times as fast is it shown; the caption says so.
        """
        self._caption = text if speed == 1 else f"{text} ({speed:g} times as fast)"
        self._speed = speed
        if self._frames:  # a step that changes nothing has its caption, too
            _, picture, _, _ = self._frames[-1]
            self._frames.append((time.time(), picture, self._caption, speed))
        yield
        self.page.wait_for_timeout(1)

    def hold(self, seconds: float) -> None:
        """Show the page as it is for some seconds."""
        self.page.wait_for_timeout(1000 * seconds)
        if self._frames:
            _, picture, _, _ = self._frames[-1]
            self._frames.append((time.time(), picture, self._caption, self._speed))

    def save(self, browser: Browser, path: Path) -> float:
        """Encode what was recorded, which takes as long as it lasts.

        Returns:
            Its length in seconds.

        Raises:
            ValueError: nothing was recorded.
        """
        self._client.send("Page.stopScreencast")
        if not self._frames:
            raise ValueError("The page showed nothing that could be recorded.")
        times = self._times()
        size = self.page.viewport_size or {"width": 1280, "height": 720}
        encoder = browser.new_page()
        pictures = {f"/{i}.jpg": frame[1] for i, frame in enumerate(self._frames)}
        origin = "http://film.invalid"

        def serve(route: Any) -> None:
            name = route.request.url.removeprefix(origin)
            if name in pictures:
                route.fulfill(body=pictures[name], content_type="image/jpeg")
            else:
                route.fulfill(body="<body></body>", content_type="text/html")

        encoder.route("**/*", serve)
        encoder.goto(f"{origin}/")
        encoder.set_default_timeout(0)
        film = encoder.evaluate(
            _DRAW,
            {
                **size,
                "caption": CAPTION_PX,
                "bits": BITS_PER_S,
                "frames": [
                    {"at": at, "name": f"/{i}.jpg", "text": frame[2]}
                    for i, (at, frame) in enumerate(zip(times, self._frames, strict=True))
                ],
            },
        )
        encoder.close()
        path.write_bytes(base64.b64decode(film))
        return times[-1]

    def _times(self) -> list[float]:
        """When each frame is shown, in seconds from the beginning."""
        shown = [0.0]
        for (before, _, _, speed), (at, _, _, _) in zip(
            self._frames, self._frames[1:], strict=False
        ):
            shown.append(shown[-1] + max(0.0, min(MAX_STILL_S, at - before)) / speed)
        return shown
