"""The one room where ingest, storage and the runtime meet."""

from app.service.answering import Answer
from app.service.recall import Citation
from app.service.report import Report
from app.service.service import DocumentStatus, Service

__all__ = ["Answer", "Citation", "DocumentStatus", "Report", "Service"]
