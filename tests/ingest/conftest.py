"""Fixtures for tests of readers: bytes in, document out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import DEFAULT_LIMITS, Document, Limits, open_document


@pytest.fixture(autouse=True)
def no_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn OCR off, whether or not it is installed; tests of OCR turn it on."""
    monkeypatch.setenv("AMMON_OCR_LANGUAGES", "none")


@pytest.fixture
def document(tmp_path: Path) -> Callable[..., Document]:
    """Return a function that writes bytes to a file and opens it."""

    def write_and_open(
        data: bytes,
        name: str = "file.txt",
        *,
        password: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Document:
        path = tmp_path / name
        path.write_bytes(data)
        return open_document(path, password=password, limits=limits)

    return write_and_open


@pytest.fixture
def whole_text(document: Callable[..., Document]) -> Callable[..., str]:
    """Return a function that opens a file and joins the texts of its segments."""

    def read(*args: object, **options: object) -> str:
        return "".join(segment.text for segment in document(*args, **options).segments())

    return read
