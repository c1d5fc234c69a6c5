"""The names of the files that a PDF holds: its attachments, and the documents of a portfolio.

Only names are read; no file is unpacked.

Source: ISO 32000-1, 7.11.4 (embedded files), 12.3.5 (collections), 12.5.6.15 (file attachments).
"""

from collections.abc import Iterator
from typing import Any

from ingest.naming import clean_line
from ingest.pdf.annotations import visible_annotations
from ingest.pdf.trees import resolved, tree_pairs

_MAX_FILES = 1000
_MAX_NAME_CHARS = 80
_NAMES_IN_A_NOTE = 10
_NAME_KEYS = ("/UF", "/F", "/Unix", "/DOS", "/Mac")


class Attachments:
    """Collects the names of the files in a PDF; one that is listed twice counts once.

    Args:
        root: the PDF's catalog, as pypdf gives it.
    """

    def __init__(self, root: Any) -> None:
        self._names: dict[Any, str] = {}
        self._is_portfolio = isinstance(resolved(root.get("/Collection")), dict)
        for key, reference in self._listed(root):
            self._add(reference, str(key) if isinstance(key, str) else "")

    def add_pinned(self, page: Any) -> None:
        """Add the files that are pinned to a page of pypdf."""
        for annotation in visible_annotations(page):
            if annotation.get("/Subtype") == "/FileAttachment":
                self._add(annotation.get("/FS"), "")

    def note(self) -> str:
        """Return the sentence about the files for the user; "" if there are none."""
        count = len(self._names)
        if not count:
            return ""
        names = list(self._names.values())[:_NAMES_IN_A_NOTE]
        more = f" and {count - len(names):,} more" if count > len(names) else ""
        at_least = "at least " if count >= _MAX_FILES else ""
        files = "1 attached file that was" if count == 1 else f"{count:,} attached files that were"
        holder = "It is a portfolio: it holds" if self._is_portfolio else "Holds"
        return (
            f"{holder} {at_least}{files} not read: {', '.join(names)}{more}. Save what you need of "
            "that from a PDF viewer, and add it."
        )

    def _listed(self, root: Any) -> Iterator[tuple[Any, Any]]:
        names = resolved(root.get("/Names"))
        if isinstance(names, dict):
            yield from tree_pairs(names.get("/EmbeddedFiles"), "/Names", _MAX_FILES)
        associated = resolved(root.get("/AF"))
        if isinstance(associated, list):
            yield from (("", reference) for reference in associated[:_MAX_FILES])

    def _add(self, reference: Any, key: str) -> None:
        specification = resolved(reference)
        if not isinstance(specification, dict) or len(self._names) >= _MAX_FILES:
            return
        if not isinstance(resolved(specification.get("/EF")), dict):
            return  # the path of a file elsewhere
        named = (resolved(specification.get(name)) for name in _NAME_KEYS)
        name = next((str(text) for text in named if isinstance(text, str) and text), key)
        identity = getattr(reference, "idnum", None) or name
        self._names[identity] = clean_line(name, _MAX_NAME_CHARS) or "a file without a name"
