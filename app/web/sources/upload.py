"""Uploaded files: the names that people gave them, and the deletion of gradio's copies.

gradio stores its copy of an upload under a name without the characters that some system does not
allow (quotes, #, ?, and more), and its field hands on only the path of the copy.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from app.web.upload_folder import KEPT


class UploadedFile(str):
    """The path of gradio's copy of a file; `file_name` is the name of the person's own file."""

    file_name: str

    def __new__(cls, path: str, file_name: str | None) -> UploadedFile:
        """Make it of a path and the name that the browser sent with the file."""
        made = super().__new__(cls, path)
        made.file_name = file_name or Path(path).name
        return made


def keep_names(field: gr.File) -> None:
    """Make a field for several files hand on an `UploadedFile` for each."""
    # Not a subclass: gradio writes a .pyi file beside the source of each subclass.
    field.preprocess = _with_names


def name_of(path: str) -> str:
    """The person's own name of an uploaded file."""
    return path.file_name if isinstance(path, UploadedFile) else Path(path).name


def discard(path: Path, uploads_dir: Path) -> None:
    """Delete gradio's copy of an upload and the folder that held it, if it is one."""
    path, uploads = path.resolve(), uploads_dir.resolve()
    if not path.is_relative_to(uploads) or path.is_dir():
        return
    with suppress(OSError):  # the next start of the server deletes what is left
        path.unlink(missing_ok=True)
        path.parent.rmdir()


def keep(path: Path, uploads_dir: Path) -> Path:
    """Move gradio's copy of an upload to where it stays until `discard`; returns where it is then.

    Elsewhere it is deleted after an hour. A file that is no upload stays where it is.
    """
    path, uploads = path.resolve(), uploads_dir.resolve()
    if not path.is_relative_to(uploads) or not path.is_file():
        return path
    server = path.relative_to(uploads).parts[0]
    own = uploads / server / f"{KEPT}{secrets.token_hex(8)}"
    own.mkdir(mode=0o700)
    moved = path.rename(own / "upload")
    with suppress(OSError):  # other files may be in it
        path.parent.rmdir()
    return moved


def _with_names(payload: Iterable[Any] | None) -> list[UploadedFile] | None:
    """What gradio calls with the files of an upload, after it checked their paths."""
    return None if payload is None else [UploadedFile(f.path, f.orig_name) for f in payload]
