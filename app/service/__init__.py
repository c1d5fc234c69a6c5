"""The one room where ingest, storage and the runtime meet."""

from app.service.answering import Answer, RestsOn
from app.service.documents import DocumentStatus
from app.service.engine import OPEN_STATES
from app.service.passages import PassageContext
from app.service.pending import PendingAnswer
from app.service.places import PlaceChoice
from app.service.recall import Citation
from app.service.report import Report
from app.service.service import Service

__all__ = [
    "OPEN_STATES",
    "Answer",
    "Citation",
    "DocumentStatus",
    "PassageContext",
    "PendingAnswer",
    "PlaceChoice",
    "Report",
    "RestsOn",
    "Service",
]
