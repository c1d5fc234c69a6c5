"""The service: everything that the page and the command line can do, on one database."""

from __future__ import annotations

import storage
from ahn_runtime import Runtime
from app.service.answer_jobs import AnswerJobs
from app.service.caretaker import Caretaker
from app.service.changes import Changes
from app.service.context import Context
from app.service.current_readings import CurrentReadings
from app.service.documents import Documents
from app.service.kept_notes import KeptNotes
from app.service.model_offers import ModelOffers
from app.service.models import Load
from app.service.notes import Notes
from app.service.passages import Passages
from app.service.questions import Questions
from app.service.rereads import Rereads
from app.service.sessions import Sessions
from app.service.sources import OtherSources
from app.service.transfers import Transfers
from app.service.trash import Trash
from app.settings import Settings
from ingest import SandboxPool
from storage import SessionRow


class Service:
    """The use cases, each an attribute: `service.documents.add(...)`, `service.questions.ask(...)`.

    Args:
        settings: the application's settings; the data directory is made if it does not exist.
        load: makes a runtime from model options. It is called once for each set of options.
        processes: open the documents' files; the service starts its own if None.
    """

    def __init__(
        self, settings: Settings, load: Load, processes: SandboxPool | None = None
    ) -> None:
        self.settings = settings
        self.context = context = Context(settings, load, processes)
        self.db = context.db
        self.rereads = Rereads(context)
        self.model_offers = ModelOffers(context)
        self.sessions = Sessions(context, self.rereads, self.model_offers)
        self.documents = Documents(context, self.rereads, self.sessions)
        self.sources = OtherSources(context, self.documents)
        self.questions = Questions(context)
        self.answers = AnswerJobs(context, self.questions)
        self.transfers = Transfers(context, self.sessions)
        self.changes = Changes(context, self.answers, self.transfers)
        self.passages = Passages(context)
        self.readings = CurrentReadings(context)
        self.notes = Notes(context)
        self.kept_notes = KeptNotes(context)
        self.trash = Trash(context)
        self.caretaker = Caretaker(context, settings.abandoned_s)

    def runtime(self, row: SessionRow | None = None) -> Runtime:
        """The model of a session, or of a new session if None; loaded on first use.

        Raises:
            AhnError: the model cannot be loaded, with the reason.
        """
        return self.context.runtime(row)

    @property
    def is_loaded(self) -> bool:
        """Whether any model is in memory."""
        return self.context.models.any_loaded

    @property
    def model_problem(self) -> Exception | None:
        """Why the last loading of a model failed; None if it did not."""
        return self.context.models.problem

    def start(self) -> None:
        """Start the reading threads and resume every session that has unfinished documents."""
        self.trash.start()
        self.context.start_reading()
        for document in storage.open_documents(self.db):
            self.context.jobs.enqueue(document)
        self.caretaker.start(takes_up=True)

    def start_reading(self) -> None:
        """Start the reading threads; they read only what is queued from now on."""
        self.context.start_reading()
        self.caretaker.start(takes_up=False)

    def stop_reading(self) -> None:
        """Finish the current chunk, write checkpoints and end the reading threads."""
        self.context.stop_reading()

    def close(self) -> None:
        """Stop answers, imports, exports and reading, write checkpoints, close the database."""
        self.model_offers.stop()
        self.answers.stop_all()
        self.transfers.stop_all()
        self.trash.stop()
        self.caretaker.stop()
        self.context.close()
