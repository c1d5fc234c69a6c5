"""Reads what the attributes of an HTML element say about how it is shown; fetches no sheets."""

from collections.abc import Mapping

from ingest.markup.css import ClassStyles, declared
from ingest.markup.inline import Script

_STRUCK = frozenset({"del", "s", "strike"})
_SCRIPTS: dict[str, Script] = {"sup": "sup", "sub": "sub", "super": "sup"}
_NOTE_KINDS = frozenset({"noteref", "doc-noteref"})
_NOTES = frozenset(
    "footnote footnotes endnote endnotes rearnote rearnotes note doc-footnote doc-endnote "
    "doc-endnotes".split()
)
_PAGE_KINDS = frozenset({"pagebreak", "doc-pagebreak"})
_PAGE_CLASSES = frozenset({"pagenum", "pageno", "pagenumber", "page-number"})
_WHOLE_PAGE = frozenset({"html", "body"})


def declarations(
    attributes: Mapping[str, str], classes: ClassStyles | None = None
) -> dict[str, str]:
    """Return the declarations for an element: of its classes, then of the attribute `style`."""
    found: dict[str, str] = {}
    if not attributes:
        return found
    if classes:
        for name in attributes.get("class", "").split():
            found |= classes.get(name, {})
    style = attributes.get("style")
    return found | declared(style) if style else found


def is_hidden(tag: str, attributes: Mapping[str, str]) -> bool:
    """Return whether an element, with its content, is not shown.

    A whole page that is hidden is shown by a script later, and a footnote when its mark is touched.
    """
    if not attributes or tag in _WHOLE_PAGE or not _NOTES.isdisjoint(_kinds(attributes)):
        return False
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    found = declarations(attributes)
    return found.get("display") == "none" or found.get("visibility") == "hidden"


def is_struck(tag: str, attributes: Mapping[str, str], classes: ClassStyles | None = None) -> bool:
    """Return whether the text of an element is struck out."""
    if tag in _STRUCK:
        return True
    found = declarations(attributes, classes)
    return any("line-through" in found.get(f"text-decoration{end}", "") for end in ("", "-line"))


def script_of(
    tag: str, attributes: Mapping[str, str], classes: ClassStyles | None = None
) -> Script:
    """Return whether the text of an element is raised or lowered."""
    align = declarations(attributes, classes).get("vertical-align", "")
    return _SCRIPTS.get(tag) or _SCRIPTS.get(align, "")


def is_page_number(attributes: Mapping[str, str]) -> bool:
    """Return whether an element is the number of a page of the printed book."""
    if not attributes:
        return False
    names = attributes.get("class", "").lower().split()
    return not (_PAGE_KINDS.isdisjoint(_kinds(attributes)) and _PAGE_CLASSES.isdisjoint(names))


def is_note_reference(attributes: Mapping[str, str]) -> bool:
    """Return whether an element is marked as the reference to a footnote."""
    return bool(attributes) and not _NOTE_KINDS.isdisjoint(_kinds(attributes))


def _kinds(attributes: Mapping[str, str]) -> list[str]:
    """Return what an element is said to be, in the words of EPUB and of ARIA."""
    return f"{attributes.get('epub:type', '')} {attributes.get('role', '')}".split()
