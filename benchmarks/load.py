"""Load: waiting time of questions, reading speed and memory, with many sessions at the same time.

    python -m benchmarks.load [--sessions 20] [--askers 4] [--questions 40] [--memory 4MB]

Each session reads its own text; the last text is much longer than the others. Meanwhile several
threads ask questions, each of one session after another. The default is a tiny random model, whose
figures describe the scheduling; with `--model embedded` they describe the machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import benchmarks  # noqa: F401 (must be imported before torch)
from ahn_runtime import Runtime
from ahn_runtime.loading.tiny import write_tiny
from app.service import Answer, Service, final_answer
from app.settings import ModelOptions, Settings, byte_count
from storage import OPEN_STATES

TINY = "tiny"
LONGEST = 6


@dataclass
class Figures:
    """The measurements of a run.

    Args:
        sessions: number of sessions.
        tokens: tokens read by all sessions.
        reading_s: seconds until all texts were read.
        max_bytes: highest size of all open sessions together.
        answers: name of the session and answer, for each question.
    """

    sessions: int = 0
    tokens: int = 0
    reading_s: float = 0.0
    max_bytes: int = 0
    answers: list[tuple[str, Answer]] = field(default_factory=list)

    def as_table(self) -> str:
        """The figures as a Markdown table."""
        waits = [answer.waited_s for _, answer in self.answers]
        first = [answer.first_word_s for _, answer in self.answers]
        rows = (
            ("sessions read at the same time", f"{self.sessions}"),
            ("questions answered meanwhile", f"{len(waits)}"),
            ("waiting for the model, median", f"{statistics.median(waits):.2f} s"),
            ("waiting for the model, 95 %", f"{_share(waits, 0.95):.2f} s"),
            ("first word, median", f"{statistics.median(first):.2f} s"),
            ("first word, 95 %", f"{_share(first, 0.95):.2f} s"),
            ("reading, all sessions", f"{self.tokens / self.reading_s:,.0f} tokens/s"),
            ("memory of open sessions, peak", f"{self.max_bytes / 1e6:,.1f} MB"),
        )
        head = "| | |\n| --- | --- |\n"
        return head + "\n".join(f"| {name} | {value} |" for name, value in rows)


def write_texts(folder: Path, count: int, paragraphs: int = 8) -> list[Path]:
    """Write a text for each session, with a name that no other text contains.

    Args:
        count: number of texts.
        paragraphs: paragraphs of each text; the last text has `LONGEST` times as many.
    """
    paths = []
    for number in range(count):
        many = paragraphs * (LONGEST if number == count - 1 else 1)
        lines = [
            f"In the house number {number} the keeper {name_of(number)} lit lamp {i} at dusk."
            for i in range(many)
        ]
        path = folder / f"house {number}.txt"
        path.write_text("\n\n".join(lines), encoding="utf-8")
        paths.append(path)
    return paths


def name_of(number: int) -> str:
    """The name that only the text of this number contains.

    Args:
        number: 0 to 675.
    """
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "K" + letters[number // 26] + letters[number % 26] + "mor"


def drive(service: Service, texts: Sequence[Path], askers: int, questions: int) -> Figures:
    """Read each text in its own session "s0", "s1", ..., and ask questions meanwhile.

    Args:
        service: not started yet.
        texts: paths of the texts.
        askers: number of threads that ask.
        questions: number of questions in total.
    """
    figures = Figures(sessions=len(texts))
    names = [f"s{number}" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        service.sessions.create(name)
        service.documents.add(name, text)
    began = time.monotonic()
    service.start()
    threads = [
        threading.Thread(target=_ask, args=(service, range(first, questions, askers), figures))
        for first in range(askers)
    ]
    for thread in threads:
        thread.start()
    while any(
        s.document.state in OPEN_STATES for name in names for s in service.documents.list(name)
    ):
        time.sleep(0.05)
    figures.reading_s = time.monotonic() - began
    for thread in threads:
        thread.join()
    figures.tokens = sum(s.tokens_read for s in service.sessions.list())
    figures.max_bytes = service.context.cache.max_bytes
    return figures


def _ask(service: Service, numbers: range, figures: Figures) -> None:
    for number in numbers:
        chosen = number % figures.sessions
        events = service.questions.ask(f"s{chosen}", f"What did {name_of(chosen)} light?")
        figures.answers.append((f"s{chosen}", final_answer(events)))


def _share(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def _warm_up(runtime: Runtime) -> None:
    """Compile the model's loops before the measurement."""
    session = runtime.session()
    for count in (300, 1):
        session.feed([65] * count, logits="last")


def main(sessions: int, askers: int, questions: int, memory: str, model: str) -> None:
    """Measure in a new data directory and print the table.

    Args:
        sessions, askers, questions: numbers of sessions, of asking threads, and of questions.
        memory: limit of all open sessions together, like "4MB".
        model: "tiny", or a model as `Runtime.load` takes it.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = str(write_tiny(Path(folder) / TINY)) if model == TINY else model
        window = 1000 if model == TINY else "auto"
        settings = Settings(
            data_dir=Path(folder) / "data",
            model=ModelOptions(model=source, window=window),
            session_cache_bytes=byte_count(memory, "--memory"),
            max_answer_tokens=16,
        )
        service = Service(settings, lambda options: Runtime.load(**options.as_dict()))
        _warm_up(service.runtime())
        try:
            texts = write_texts(Path(folder), sessions, 40)
            print(drive(service, texts, askers, questions).as_table())
        finally:
            service.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--askers", type=int, default=4)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--memory", default="4MB")
    parser.add_argument("--model", default=TINY)
    main(**vars(parser.parse_args()))
