"""The service: everything a page or a terminal can ask for, on one database and one model."""

from __future__ import annotations

import storage
from ahn_runtime import Runtime
from app.service.answer_jobs import AnswerJobs
from app.service.context import Context
from app.service.documents import Documents
from app.service.models import Load
from app.service.passages import Passages
from app.service.questions import Questions
from app.service.rereads import Rereads
from app.service.sessions import Sessions
from app.service.sources import OtherSources
from app.service.trash import Trash
from app.settings import Settings
from ingest import SandboxPool
from storage import SessionRow


class Service:
    """Joins ingest, storage and the runtime; its parts' methods under one roof.

    What each does is said with the part that does it.

    Args:
        settings: see there.
        load: makes a runtime of options; see `Models`.
        processes: open the documents' files; the service's own where none are given.
    """

    def __init__(
        self, settings: Settings, load: Load, processes: SandboxPool | None = None
    ) -> None:
        self.settings = settings
        self.context = context = Context(settings, load, processes, self._all_read)
        self.db, self.reader, self.following = context.db, context.reader, context.following
        self.session, self.options_of = context.session, context.options_of
        self._rereads = Rereads(context)
        self._trash = Trash(context)
        self._open_sessions(Sessions(context, self._rereads))
        documents = Documents(context, self._rereads)
        self._open_documents(documents, OtherSources(context, documents))
        questions = Questions(context)
        self._pending = AnswerJobs(context, questions)
        self._open_questions(questions, Passages(context))

    def _open_sessions(self, part: Sessions) -> None:
        self.sessions, self.create_session = part.list, part.create
        self.ensure_session, self.rename_session = part.ensure, part.rename
        self.duplicate_session, self.delete_session = part.duplicate, part.delete
        self.export_session, self.import_session = part.export_to, part.import_from
        self.go_back, self.checkpoints = part.go_back, part.checkpoints
        self.report, self.notice = part.report, part.notice
        self.reading_notes, self.is_at_work = part.reading_notes, part.is_at_work
        self.trash_session, self.restore_session = self._trash.put, self._trash.take_back
        self.trashed_sessions, self.empty_trash = self._trash.list, self._trash.empty
        self.reread, self.cancel_reread = self._rereads.begin, self._rereads.cancel
        self.rereading, self.is_rereading = self._rereads.progress, self._rereads.is_worked_on
        self.offers_reread = self._rereads.is_offered

    def _open_documents(self, part: Documents, others: OtherSources) -> None:
        self.add_document, self.follow = part.add, part.follow
        self.documents, self.version_notes = part.list, part.version_notes
        self.stalled_document = part.stalled_document
        self.resume, self.pause = part.resume, part.pause
        self.cancel, self.remove_document = part.cancel, part.remove
        self.add_text, self.add_url = others.add_text, others.add_url
        self.add_path, self.follow_path = others.add_path, others.follow_path

    def _open_questions(self, part: Questions, passages: Passages) -> None:
        self.ask, self.messages = part.ask, part.messages
        self.begin_answer, self.pending_answer = self._pending.begin, self._pending.of
        self.last_message_id = part.last_message_id
        self.history, self.places = part.history, part.places
        self.suggested_questions = part.suggested
        self.passage_context, self.render_page = passages.context, passages.render

    def runtime(self, row: SessionRow | None = None) -> Runtime:
        """The model of a session, or of a new one; see `Context.runtime`."""
        return self.context.runtime(row)

    @property
    def is_loaded(self) -> bool:
        return self.context.models.any_loaded

    def start(self) -> None:
        """Start reading in the background, going on with whatever was left unfinished."""
        self._trash.sweep()
        self.reader.start()
        rows = [summary.session for summary in storage.list_sessions(self.db)]
        hidden = {trashed.session_id for trashed in self._trash.list()}
        for row in (*rows, *storage.list_rereads(self.db)):
            if row.rereads not in hidden:
                self.context.read_on(row.id)

    def close(self) -> None:
        """Stop answers, finish the chunk being read, write checkpoints, close the database."""
        self._pending.stop_all()
        self._trash.stop()
        self.context.close()

    def _all_read(self, session_id: int) -> None:
        self._rereads.finish(session_id)
