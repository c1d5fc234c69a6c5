"""The one room where ingest, storage and the runtime meet."""

from app.service.answering import Answer
from app.service.recall import Citation
from app.service.report import Report
from app.service.service import OPEN_STATES, DocumentStatus, Service

__all__ = ["OPEN_STATES", "Answer", "Citation", "DocumentStatus", "Report", "Service"]
