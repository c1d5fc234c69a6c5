"""Text that was typed onto a page: filled form fields and text boxes.

They lie over the page, not in its content, so an extractor of the content does not see them.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

_MAX_ANNOTATIONS = 1000
_MAX_VALUE_CHARS = 10_000
_MAX_PAGE_CHARS = 200_000
# Bits of the annotation flags: hidden, no view (ISO 32000-1, table 165).
_INVISIBLE = 2 | 32


def typed_text(page: Any) -> str:
    """Return what was typed onto a page, one entry a line.

    Args:
        page: a page of pypdf.
    """
    annotations = _resolved(page.get("/Annots"))
    if not isinstance(annotations, list):
        return ""
    entries = (_entry(_resolved(item)) for item in islice(annotations, _MAX_ANNOTATIONS))
    return "\n".join(entry for entry in entries if entry)[:_MAX_PAGE_CHARS]


def _entry(annotation: Any) -> str:
    if not isinstance(annotation, dict):
        return ""
    flags = _resolved(annotation.get("/F"))
    if isinstance(flags, int) and flags & _INVISIBLE:
        return ""
    key = {"/FreeText": "/Contents", "/Widget": "/V"}.get(str(annotation.get("/Subtype")), "")
    return next(_values(annotation, key), "")[:_MAX_VALUE_CHARS].strip()


def _values(annotation: dict[str, Any], key: str) -> Iterator[str]:
    """Yield the value, from the annotation itself or from the field that it belongs to."""
    for holder in (annotation, _resolved(annotation.get("/Parent"))):
        value = _resolved(holder.get(key)) if isinstance(holder, dict) else None
        # The state of a check box is a name such as "/Yes": no text.
        if isinstance(value, str) and not value.startswith("/"):
            yield str(value)


def _resolved(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value
