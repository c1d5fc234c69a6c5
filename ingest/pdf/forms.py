"""Text that was typed onto a PDF page: filled form fields and text boxes.

They are annotations over the page, not part of its content, so text extraction does not find them.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ingest.pdf.trees import resolved

_MAX_ANNOTATIONS = 1000
_MAX_VALUE_CHARS = 10_000
_MAX_PAGE_CHARS = 200_000
# Bits of the annotation flags: hidden, no view (ISO 32000-1, table 165).
_INVISIBLE = 2 | 32


def typed_text(page: Any) -> str:
    """Return the typed text of a page, one line for each field or box.

    Args:
        page: a page of pypdf.
    """
    annotations = resolved(page.get("/Annots"))
    if not isinstance(annotations, list):
        return ""
    entries = (_entry(resolved(item)) for item in islice(annotations, _MAX_ANNOTATIONS))
    return "\n".join(entry for entry in entries if entry)[:_MAX_PAGE_CHARS]


def _entry(annotation: Any) -> str:
    if not isinstance(annotation, dict):
        return ""
    flags = resolved(annotation.get("/F"))
    if isinstance(flags, int) and flags & _INVISIBLE:
        return ""
    key = {"/FreeText": "/Contents", "/Widget": "/V"}.get(str(annotation.get("/Subtype")), "")
    return next(_values(annotation, key), "")[:_MAX_VALUE_CHARS].strip()


def _values(annotation: dict[str, Any], key: str) -> Iterator[str]:
    """Yield the text of the annotation, then that of the field to which it belongs."""
    for holder in (annotation, resolved(annotation.get("/Parent"))):
        value = resolved(holder.get(key)) if isinstance(holder, dict) else None
        # The state of a check box is a name such as "/Yes", which is not text.
        if isinstance(value, str) and not value.startswith("/"):
            yield str(value)
