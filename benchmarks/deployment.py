"""A deployment test: documents read and questions asked as in the application, for each model.

    python -m benchmarks.deployment --model embedded --model embedded-1.5b \\
        --documents FOLDER --output FOLDER QUESTIONS.json

Each model has a data directory of its own, each document a session of its own, and each question is
asked alone. After every answer the output folder has a JSON file with all that was measured, and a
Markdown file with tables. A run that was stopped resumes from there: a document that was read is
not read again, nor is a question asked again. `deployment_questions.py` has the form of the
questions.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import benchmarks  # noqa: F401 (must be imported before torch)
from app.cli.open_service import open_service
from app.cli.progress import wait_until_read
from app.messages import KNOWN_ERRORS, sentence
from app.service import Service, final_answer
from app.service.answering.answer import Answer
from app.service.library.file_store import sha256_of
from app.service.report import Report
from app.version import version
from benchmarks.deployment_questions import AskedDocument, AskedQuestion, read_plan
from benchmarks.deployment_report import render
from benchmarks.report import processor

POLL_S = 0.1
STATUS_S = 10.0
SAVINGS = (
    "window sinks memory_status tokens run_flops run_flops_full run_flops_saved run_cache_bytes "
    "run_cache_bytes_full run_cache_saved paper_flops_saved paper_cache_saved disk_bytes"
).split()


class Results:
    """What was measured by now, in a folder.

    Args:
        folder: created if it does not exist.

    Raises:
        ValueError: the folder has results of another machine, or a damaged file.
        OSError: the folder cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._path = folder, folder / "deployment.json"
        here = {"processor": processor(), "cores": os.cpu_count()}
        self._data: dict[str, Any] = {**here, "runs": []}
        if not self._path.exists():
            return
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            before = {name: stored[name] for name in here}
            self._data = {**here, "runs": list(stored["runs"])}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{self._path} is damaged; delete it, and what it held is measured again."
            ) from error
        for name, value in before.items():
            if value != here[name]:
                raise ValueError(
                    f"{folder} has results of another {name} ({value}; here {here[name]}); choose "
                    "another --output."
                )

    def run_of(self, model: str, document: AskedDocument) -> dict[str, Any]:
        """The record of one model and one document; a new one if the document changed."""
        sha256 = sha256_of(document.path)
        is_of = {"model": model, "session": document.session}
        for run in self._data["runs"]:
            if is_of.items() <= run.items() and run["sha256"] == sha256:
                return dict(run)
        return {
            **is_of,
            "file": document.path.name,
            "sha256": sha256,
            "reading": None,
            "answers": [],
        }

    def put(self, run: dict[str, Any]) -> None:
        """Keep a record in place of the earlier one, and write the files again."""
        key = run["model"], run["session"]
        runs = self._data["runs"]
        at = next((i for i, r in enumerate(runs) if (r["model"], r["session"]) == key), len(runs))
        runs[at : at + 1] = [run]
        beside = self._path.with_suffix(".json.part")
        beside.write_text(json.dumps(self._data, indent=1) + "\n", encoding="utf-8")
        beside.replace(self._path)
        (self._folder / "deployment.md").write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """All tables in Markdown."""
        return render(self._data)


def measure(
    service: Service, model: str, documents: Sequence[AskedDocument], results: Results
) -> None:
    """Read what was not read, and ask what was not asked.

    Args:
        service: of a data directory that only this test uses.
        model: the name that the results are kept under.

    Raises:
        ValueError: a document could not be read.
    """
    service.start_reading()
    for document in documents:
        run = results.run_of(model, document)
        if run["reading"] is None:
            run["reading"] = read_document(service, document)
            results.put(run)
        made = {_key(each["asked"]): each for each in run["answers"]}
        keys = {_key(_as_record(asked)): asked for asked in document.questions}
        missing = {key: asked for key, asked in keys.items() if key not in made}
        if missing:
            open_session(service, document)
        for number, (key, asked) in enumerate(missing.items(), 1 + len(keys) - len(missing)):
            _status(f"{model}, {document.session}: question {number} of {len(keys)}")
            answer = final_answer(
                service.questions.ask(document.session, asked.text, is_alone=True)
            )
            made[key] = {"asked": _as_record(asked), **answer_record(asked, answer)}
            run["answers"] = [made[known] for known in keys if known in made]
            results.put(run)


def read_document(service: Service, document: AskedDocument) -> dict[str, Any]:
    """Read a document into its session, or resume its reading; what that took and saved.

    Raises:
        ValueError: it could not be read.
    """
    stored = service.sessions.find(document.session)
    if stored is not None:  # of a run that was stopped, or of another file in its place
        read = service.documents.list(stored.id)
        if any(status.document.sha256 != sha256_of(document.path) for status in read):
            service.sessions.delete(stored.id)
    session = service.sessions.ensure(document.session).id
    service.documents.add(session, document.path)
    said_at = time.monotonic()

    def progress(tokens: int, total: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > STATUS_S:
            said_at = time.monotonic()
            _status(f"{document.session}: {tokens:,} of {total:,} tokens read")

    wait_until_read(service, session, progress)
    return reading_record(service.sessions.report(session))


def open_session(service: Service, document: AskedDocument) -> None:
    """Load the model and restore the session, as they are when a person asks after reading."""
    row = service.sessions.get(document.session)
    service.runtime(row)
    with service.context.queue.answering() as ticket:
        while ticket.wait(POLL_S):
            pass
        service.context.cache.get(row.id)


def reading_record(report: Report) -> dict[str, Any]:
    """What a session's reading took and saved, for JSON."""
    return {
        "version": version(),
        "seconds": report.reading_seconds,
        "tokens_per_second": report.tokens_per_second,
        **{name: getattr(report, name) for name in SAVINGS},
    }


def answer_record(asked: AskedQuestion, answer: Answer) -> dict[str, Any]:
    """An answer as judged, for JSON."""
    locators = [citation.locator for citation in answer.citations]
    return {
        "version": version(),
        "answer": answer.text,
        "answered_as": answer.kind,
        "says_not_found": answer.declined,
        "right": asked.is_right(answer.text, answer.declined, answer.kind),
        "cited": locators,
        "looked_at": [passage.locator for passage in answer.passages],
        "right_place": asked.is_cited(locators),
        "notes": [*answer.notes, *answer.support_notes],
        "prompt_tokens": answer.prompt_tokens,
        "answer_tokens": answer.answer_tokens,
        "first_word_s": answer.first_word_s,
        "seconds": answer.seconds,
    }


def _as_record(asked: AskedQuestion) -> Any:
    """A question in the values that JSON gives back."""
    return json.loads(json.dumps(asdict(asked)))


def _key(asked: Any) -> str:
    return json.dumps(asked, sort_keys=True)


def _status(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(plan: Path, models: Sequence[str], output: Path, folder: Path | None) -> None:
    """Measure each model, and print the tables.

    Args:
        plan: the JSON file with the documents and questions.
        models: as --model of the application takes them.
        output: folder for the results and the data directories.
        folder: of the documents; None: that of the JSON file.

    Raises:
        ValueError, OSError, AhnError, IngestError, StorageError: with the reason.
    """
    documents = read_plan(plan, folder)
    results = Results(output)
    for model in dict.fromkeys(models):
        name = re.sub(r"[^\w.-]+", "_", model)
        data_dir = output / f"data-{name}"
        with open_service(data_dir, {"model": model}, None) as service:
            measure(service, model, documents, results)
    print(results.text())


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code is 1 after an error, which is printed in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("questions", type=Path, help="JSON file with documents and questions")
    parser.add_argument("--model", action="append", help="may be repeated; default: embedded")
    parser.add_argument("--documents", type=Path, help="their folder; default: that of the file")
    parser.add_argument("--output", type=Path, required=True, help="the next run resumes from it")
    given = parser.parse_args(arguments)
    try:
        main(given.questions, given.model or ["embedded"], given.output, given.documents)
    except KNOWN_ERRORS as error:
        print(sentence(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run())
