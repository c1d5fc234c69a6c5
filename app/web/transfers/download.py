"""Hands an exported session to the browser, from the disk and piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.service import ExportedFile

PATH = "/exports/{number}"
"""Below the page; `html.saved_path` makes one."""
FileOf = Callable[[int], ExportedFile | None]
"""Finds the file of an exported session by the number that only the page was told."""


def add_route(app: Any, file_of: FileOf) -> None:
    """Let an application of fastapi answer with exported files."""
    from starlette.responses import FileResponse, PlainTextResponse, Response

    def answer(request: Any) -> Response:
        number = request.path_params["number"]
        is_number = number.isascii() and number.isdecimal() and len(number) < 20
        file = file_of(int(number)) if is_number else None
        if file is None or not file.path.is_file():
            text = "This file is not kept any more; export the session again.\n"
            return PlainTextResponse(text, 404)
        return FileResponse(file.path, filename=file.name, media_type="application/octet-stream")

    app.add_route(PATH, answer, methods=["GET"])
