"""The one room where ingest, storage and the runtime meet."""

from app.service.answer_jobs import PendingAnswer
from app.service.answering.answer import Answer, ContextUsage
from app.service.answering.as_of import AsOfChoice
from app.service.answering.retrieval import Citation
from app.service.documents import DocumentStatus
from app.service.passages import PassageContext
from app.service.report import Report
from app.service.service import Service

__all__ = [
    "Answer",
    "Citation",
    "DocumentStatus",
    "PassageContext",
    "PendingAnswer",
    "AsOfChoice",
    "Report",
    "ContextUsage",
    "Service",
]
