"""The annotations of a page that people see: bounded in number, hidden ones left out.

Source: ISO 32000-1, 12.5 (annotations).
"""

from itertools import islice
from typing import Any

from ingest.pdf.trees import resolved

MAX_ANNOTATIONS = 1000
# Bits of the annotation flags: hidden, no view (ISO 32000-1, table 165).
_INVISIBLE = 2 | 32


def visible_annotations(page: Any) -> list[dict[str, Any]]:
    """Return the annotations that a page shows, at most `MAX_ANNOTATIONS`, in their order.

    Args:
        page: a page of pypdf.
    """
    annotations = resolved(page.get("/Annots"))
    if not isinstance(annotations, list):
        return []
    found = (resolved(item) for item in islice(annotations, MAX_ANNOTATIONS))
    return [item for item in found if isinstance(item, dict) and _is_visible(item)]


def has_too_many(page: Any) -> bool:
    """Return whether a page has annotations that `visible_annotations` leaves out."""
    annotations = resolved(page.get("/Annots"))
    return isinstance(annotations, list) and len(annotations) > MAX_ANNOTATIONS


def _is_visible(annotation: dict[str, Any]) -> bool:
    flags = resolved(annotation.get("/F"))
    return not (isinstance(flags, int) and flags & _INVISIBLE)
