"""The service: the use cases of the page and the command line, on one database.

It is the only package that joins ingest, storage and the runtime. It knows no page and no terminal.
"""

from app.service.answer_jobs import AnswerJob
from app.service.answering.answer import Answer, ContextUsage, some_of_matching
from app.service.answering.as_of import AsOfChoice
from app.service.answering.citations import Citation, readable_citations
from app.service.answering.events import (
    AnswerView,
    Delta,
    Done,
    Event,
    Indexing,
    Prefilled,
    Queued,
    Retrieved,
    Revised,
    Revising,
    Scanned,
    final_answer,
    replay_text,
    revising_text,
    scan_text,
)
from app.service.answering.support import CheckedSentence, left_out_notes, support_notes
from app.service.documents import DocumentStatus
from app.service.passages import PassageContext
from app.service.report import Report
from app.service.service import Service

__all__ = [
    "Answer",
    "AnswerJob",
    "AnswerView",
    "AsOfChoice",
    "CheckedSentence",
    "Citation",
    "ContextUsage",
    "Delta",
    "DocumentStatus",
    "Done",
    "Event",
    "Indexing",
    "PassageContext",
    "Prefilled",
    "Queued",
    "Report",
    "Retrieved",
    "Revised",
    "Revising",
    "Scanned",
    "Service",
    "final_answer",
    "left_out_notes",
    "readable_citations",
    "replay_text",
    "revising_text",
    "scan_text",
    "some_of_matching",
    "support_notes",
]
