"""A helper that every test here needs: bytes in, document out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import DEFAULT_LIMITS, Document, Limits, open_document


@pytest.fixture(autouse=True)
def no_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave scanned pages alone, whatever is installed, but where a test asks for it."""
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
    """Return a function that gives the joined text of a file's segments."""

    def read(*args: object, **options: object) -> str:
        return "".join(segment.text for segment in document(*args, **options).segments())

    return read
