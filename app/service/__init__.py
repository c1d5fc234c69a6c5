"""The service: the use cases of the page and the command line, on one database.

It is the only package that joins ingest, storage and the runtime. It knows no page and no terminal.
"""

from app.service.answer_jobs import AnswerJob
from app.service.answering.answer import Answer, ContextUsage, asked_of_text, some_of_matching
from app.service.answering.as_of import AsOfChoice
from app.service.answering.citations import Citation, readable_citations, stored_passages
from app.service.answering.events import (
    AnswerView,
    Condensed,
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
    condensing_text,
    final_answer,
    replay_text,
    revising_text,
    scan_text,
)
from app.service.answering.marked_text import TextRun, marked_runs
from app.service.answering.support import (
    REPEATS_QUESTION,
    CheckedSentence,
    left_out_notes,
    stored_sentences,
    support_notes,
    unsupported_text,
)
from app.service.answering.transcript_words import note_heading, note_origin
from app.service.current_readings import CurrentReading, Stage
from app.service.documents import DocumentStatus
from app.service.notes import DocumentNotes, NotedChapter, note_place
from app.service.passages import DocumentPage, PagePlace, Part
from app.service.reading.work_step import StepReport, WorkStep, index_step
from app.service.report import Report
from app.service.service import Service
from app.service.transfers import MAX_CALLED_CHARS, SUFFIX, ExportedFile, Transfer

__all__ = [
    "MAX_CALLED_CHARS",
    "REPEATS_QUESTION",
    "SUFFIX",
    "Answer",
    "AnswerJob",
    "AnswerView",
    "AsOfChoice",
    "CheckedSentence",
    "Citation",
    "Condensed",
    "ContextUsage",
    "CurrentReading",
    "Delta",
    "DocumentNotes",
    "DocumentStatus",
    "Done",
    "Event",
    "ExportedFile",
    "Indexing",
    "NotedChapter",
    "DocumentPage",
    "PagePlace",
    "Part",
    "Prefilled",
    "Queued",
    "Report",
    "Retrieved",
    "Revised",
    "Revising",
    "Scanned",
    "Service",
    "Stage",
    "StepReport",
    "TextRun",
    "Transfer",
    "WorkStep",
    "condensing_text",
    "final_answer",
    "index_step",
    "left_out_notes",
    "marked_runs",
    "note_heading",
    "note_origin",
    "note_place",
    "readable_citations",
    "replay_text",
    "revising_text",
    "scan_text",
    "asked_of_text",
    "some_of_matching",
    "stored_passages",
    "stored_sentences",
    "support_notes",
    "unsupported_text",
]
