"""Text that was typed onto a PDF page: filled form fields and text boxes.

They are annotations over the page, not part of its content, so text extraction does not find them.
"""

from collections.abc import Iterator
from typing import Any

from ingest.pdf.annotations import visible_annotations
from ingest.pdf.trees import resolved

_MAX_VALUE_CHARS = 10_000
_MAX_PAGE_CHARS = 200_000


def typed_text(page: Any) -> str:
    """Return the typed text of a page, one line for each field or box.

    Args:
        page: a page of pypdf.
    """
    entries = map(_entry, visible_annotations(page))
    return "\n".join(entry for entry in entries if entry)[:_MAX_PAGE_CHARS]


def _entry(annotation: dict[str, Any]) -> str:
    key = {"/FreeText": "/Contents", "/Widget": "/V"}.get(str(annotation.get("/Subtype")), "")
    return next(_values(annotation, key), "")[:_MAX_VALUE_CHARS].strip()


def _values(annotation: dict[str, Any], key: str) -> Iterator[str]:
    """Yield the text of the annotation, then that of the field to which it belongs."""
    for holder in (annotation, resolved(annotation.get("/Parent"))):
        value = resolved(holder.get(key)) if isinstance(holder, dict) else None
        # The state of a check box is a name such as "/Yes", which is not text.
        if isinstance(value, str) and not value.startswith("/"):
            yield str(value)
