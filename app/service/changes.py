"""Whether anything has changed that a page may show, found out with one statement."""

from __future__ import annotations

import time
from collections.abc import Hashable

from app.service.answer_jobs import AnswerJobs
from app.service.context import Context

AGAIN_S = 120.0
"""Seconds after which a change is assumed: sizes on the disk and speeds change by themselves."""


class Changes:
    """Looks for changes, of this process and others."""

    def __init__(self, context: Context, answers: AnswerJobs) -> None:
        self._context, self._answers = context, answers

    def mark(self) -> Hashable:
        """What equals an earlier mark only if nothing has changed since.

        Changes in the database are those of any process; how far readings and answers are, and what
        they wait for, is in this process's memory.
        """
        context, jobs = self._context, self._context.jobs
        return (
            context.db.change_mark(),
            tuple(sorted(jobs.positions().items())),
            tuple(sorted(jobs.indexing_steps().items())),
            tuple(sorted(jobs.notices().items())),
            tuple(sorted((key, job.number) for key, job in self._answers.running().items())),
            (jobs.session_being_read, context.queue.is_answering),
            context.notes.document_id if context.notes else None,
            (context.models.is_loading, context.models.any_loaded),
            time.monotonic() // AGAIN_S,
        )
