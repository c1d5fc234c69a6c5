"""The comments on a PDF page: sticky notes, and remarks on highlighted or struck text.

They are annotations that a reader opens, not part of the page, so each becomes a line of its own
that says what it is: "[Comment by Ina: the torque must be 45 Nm]".

Source: ISO 32000-1, 12.5.6 (types of annotations).
"""

from typing import Any

from ingest.characters import without_controls, without_surrogates
from ingest.naming import clean_line
from ingest.pdf.annotations import visible_annotations
from ingest.pdf.trees import resolved

# Those of people about the page; a text box is typed text (`forms.py`), a popup only shows another
# annotation's comment, and what a link contains describes the link.
_REMARKS = frozenset(
    "/Text /Highlight /Underline /Squiggly /StrikeOut /Caret /Stamp /Line /Square /Circle /Polygon "
    "/PolyLine /Ink /FileAttachment /Sound /Redact".split()
)
_MAX_COMMENT_CHARS = 10_000
_MAX_PAGE_CHARS = 200_000
_MAX_AUTHOR_CHARS = 80


def comments(page: Any) -> str:
    """Return the comments on a page, one on each line; "" if there are none.

    Args:
        page: a page of pypdf.
    """
    lines = map(_line, visible_annotations(page))
    return "\n".join(line for line in lines if line)[:_MAX_PAGE_CHARS]


def _line(annotation: dict[str, Any]) -> str:
    # An answer such as "Accepted" sets a state and says nothing else (12.5.6.3).
    if str(annotation.get("/Subtype")) not in _REMARKS or "/StateModel" in annotation:
        return ""
    words = _text(annotation, "/Contents")[:_MAX_COMMENT_CHARS]
    if not words:
        return ""
    author = clean_line(_text(annotation, "/T"), _MAX_AUTHOR_CHARS)
    return f"[Comment by {author}: {words}]" if author else f"[Comment: {words}]"


def _text(annotation: dict[str, Any], key: str) -> str:
    value = resolved(annotation.get(key))
    if not isinstance(value, str):
        return ""
    text = value[: 2 * _MAX_COMMENT_CHARS].replace("\r", "\n")
    return " ".join(without_controls(without_surrogates(text)).split())
