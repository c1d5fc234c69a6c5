"""What notes cost: the seconds spent on them against those of the reading, in one run.

    python -m benchmarks.notes TEXT [--tokens 20480] [--model embedded]

The text is read as `python launch.py read` reads it. The notes are printed above the figures.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import app.torch_threads  # noqa: F401 (must be imported before torch)
from ahn_runtime import Runtime
from ahn_runtime.hardware import describe_device
from app.service import Service, note_place
from app.settings import ModelOptions, Settings
from evaluation.texts import beginning
from storage import OPEN_STATES

SESSION = "notes"
POLL_S = 0.2


def main(text: Path, tokens: int, model: str) -> None:
    """Read a text, and print its notes and their cost.

    Args:
        text: of prose.
        tokens: how many of its tokens are read.
        model: a preset or a directory.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder) / "data", model=ModelOptions(model=model), notes=True
        )
        service = Service(settings, _load)
        try:
            _measure(service, text, tokens, Path(folder))
        finally:
            service.close()


def _load(options: ModelOptions) -> Runtime:
    runtime = Runtime.load(**options.as_dict())
    runtime.warm_up()
    return runtime


def _measure(service: Service, text: Path, tokens: int, folder: Path) -> None:
    tokenizer = service.runtime().tokenizer
    part = folder / text.name
    part.write_text(tokenizer.decode(beginning(text, tokenizer, tokens)), encoding="utf-8")
    service.sessions.create(SESSION)
    service.start_reading()
    document = service.documents.add(SESSION, part)
    while (status := service.documents.list(SESSION)[0]).document.state in OPEN_STATES:
        time.sleep(POLL_S)
    if status.document.error:
        raise SystemExit(f"{document.title} could not be read: {status.document.error}")
    contents = service.notes.of_document(SESSION, document.id)
    notes = [note for chapter in contents.chapters for note in chapter.notes]
    for note in notes:
        print(f"{note_place(note)}: {note.text}")
    taker, report = service.context.notes, service.sessions.report(SESSION)
    assert taker is not None
    reading_s = report.reading_seconds - taker.seconds
    print(f"\n{report.tokens:,} tokens on {describe_device()}; {len(notes)} notes")
    print("| reading, s | notes, s | notes / reading | tokens/s without | tokens/s with |")
    print("| --- | --- | --- | --- | --- |")
    print(
        f"| {reading_s:.1f} | {taker.seconds:.1f} | {taker.seconds / reading_s:.1%} "
        f"| {report.tokens / reading_s:.0f} | {report.tokens / report.reading_seconds:.0f} |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--tokens", type=int, default=20_480)
    parser.add_argument("--model", default="embedded")
    given = parser.parse_args()
    main(given.text, given.tokens, given.model)
