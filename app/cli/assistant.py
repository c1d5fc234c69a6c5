"""The assistant as the evaluation sees it: libraries read and questions asked through the service.

Only the command line may bring the two together.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.progress import wait_until_read
from app.service.answering.stream import FOUND_NOTHING
from evaluation.answering.assistant import PreparedAnswer
from evaluation.answering.reply import Reading, Reply

if TYPE_CHECKING:
    from app.service import Service
    from evaluation.answering.variant import Progress

TEXT_SUFFIX = ".txt"
KEPT_SUFFIXES = (".log", ".jsonl", ".csv", ".md", TEXT_SUFFIX)
"""Titles that end so are names of files, whose kind the ending tells."""


class ServiceAssistant:
    """Reads libraries into sessions of a service, which are deleted when they are done with.

    Args:
        service: whose sessions nobody else uses; its reading is started.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        service.start_reading()

    @contextmanager
    def read(
        self, key: str, documents: tuple[tuple[str, str], ...], progress: Progress
    ) -> Iterator[ServiceLibrary]:
        """Read documents into a session, or resume its reading.

        If the block ends with an error, the session is kept, so that the next run resumes.

        Raises:
            ValueError: a document could not be read.
        """
        service = self._service
        name = f"evaluation {key[:24]}"
        session = service.sessions.ensure(name).id
        with tempfile.TemporaryDirectory(prefix="ammon-") as folder:
            path = Path(folder) / "document"
            for title, text in zip(file_names(documents), documents, strict=True):
                path.write_text(text[1], encoding="utf-8", errors="replace", newline="")
                service.documents.add(session, path, title)
        wait_until_read(service, session, progress)
        yield ServiceLibrary(service, session)
        service.sessions.delete(session)


def file_names(documents: tuple[tuple[str, str], ...]) -> list[str]:
    """A file name for each document; documents of the same title are numbered."""
    names: list[str] = []
    for number, (title, _) in enumerate(documents, start=1):
        name = title.replace("/", " ").strip() or "text"
        if any(known.rpartition(".")[0] == name or known == name for known in names):
            name = f"{name} ({number})"
        names.append(name if name.lower().endswith(KEPT_SUFFIXES) else name + TEXT_SUFFIX)
    return names


class ServiceLibrary:
    """A session of the service that has read a library."""

    def __init__(self, service: Service, session: int) -> None:
        self._service, self._session = service, session

    @property
    def reading(self) -> Reading:
        """Tokens, seconds and FLOPs, as the session's report has them."""
        report = self._service.sessions.report(self._session)
        return Reading(report.tokens, report.reading_seconds, report.run_flops)

    def ask(self, question: str) -> Reply:
        """Ask alone; the notice that nothing was found is not part of the reply's text.

        A question that the assistant refuses, because it is too long, has an empty answer.
        """
        from app.errors import BadQuestion
        from app.service import final_answer

        try:
            events = self._service.questions.ask(self._session, question, is_alone=True)
            answer = final_answer(events)
        except BadQuestion:
            return Reply("", 0, 0.0, 0.0, 0, 0, passages=())
        text = answer.text
        if answer.found_nothing:
            text = text.removeprefix(FOUND_NOTHING)
        return Reply(
            text=text.strip(),
            tokens=answer.answer_tokens,
            first_word_s=answer.first_word_s,
            seconds=answer.seconds,
            flops=answer.flops,
            bytes_held=answer.bytes_held,
            says_nothing_found=answer.found_nothing,
            passages=tuple(passage.text for passage in answer.passages),
        )

    @contextmanager
    def prepared(self, question: str) -> Iterator[PreparedAnswer]:
        """The session before the first word of its answer."""
        with self._service.questions.before_answer(self._session, question) as found:
            session, passages = found
            flops = session.state.flops - self.reading.flops
            yield PreparedAnswer(session, flops, tuple(p.text for p in passages))
