"""Recognises PDF forms whose content is XFA: XML that only a few viewers draw.

The pages of such a file are placeholders. A static form has its fields in the PDF as well, and is
read like any other.

Source: ISO 32000-1, 12.7.8 (XFA forms).
"""

import re
from typing import Any

from ingest.pdf.trees import resolved

_PLACEHOLDER = re.compile(r"please wait|viewer (?:may|can) ?not|adobe\.com/|Adobe Reader", re.I)


def is_dynamic_form(root: Any) -> bool:
    """Return whether the content of a PDF is an XFA form that its pages do not show.

    Args:
        root: the PDF's catalog, as pypdf gives it.
    """
    form = resolved(root.get("/AcroForm"))
    if not isinstance(form, dict) or resolved(form.get("/XFA")) is None:
        return False
    fields = resolved(form.get("/Fields"))
    # pypdf's Boolean objects are not Python's.
    return str(resolved(root.get("/NeedsRendering"))) == "True" or not fields


def is_placeholder(text: str) -> bool:
    """Return whether the text of a page only says that the viewer cannot show the form."""
    return not text.strip() or (len(text) < 1500 and _PLACEHOLDER.search(text) is not None)
