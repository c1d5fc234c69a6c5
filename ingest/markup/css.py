"""Reads from style sheets which classes raise, lower or strike out text. Fetches none.

Only rules for a class alone (`.note`, `span.note`) outside of at-rules are used. That a class hides
its text is not: pages hide by classes what a script shows later.
"""

import re
from collections.abc import Iterable, Mapping

PROPERTIES = frozenset({"text-decoration", "text-decoration-line", "vertical-align"})
MAX_SHEET_CHARS = 1_000_000
_MAX_CLASSES = 20_000
_BRACE = re.compile("[{}]")
_CLASS = re.compile(r"\s*[A-Za-z0-9]*\.([\w-]{1,200})\s*")

# The declarations of each class, by their names.
ClassStyles = Mapping[str, Mapping[str, str]]


def declared(text: str) -> dict[str, str]:
    """Return the declarations in a text, in lower case.

    >>> declared("Color: red; display:NONE !important")
    {'color': 'red', 'display': 'none'}
    """
    pairs = (part.partition(":") for part in text.lower().split(";"))
    return {
        name.strip(): value.replace("!important", "").strip() for name, _, value in pairs if value
    }


def class_styles(sheets: Iterable[str]) -> ClassStyles:
    """Return what style sheets say about classes; of a very long sheet only the beginning."""
    styles: dict[str, dict[str, str]] = {}
    for sheet in sheets:
        for selectors, declarations in _rules(_without_comments(sheet[:MAX_SHEET_CHARS])):
            found = {k: v for k, v in declared(declarations).items() if k in PROPERTIES}
            for selector in selectors.split(",") if found else ():
                match = _CLASS.fullmatch(selector)
                if match and len(styles) < _MAX_CLASSES:
                    styles.setdefault(match[1], {}).update(found)
    return styles


def _without_comments(sheet: str) -> str:
    first, *others = sheet.split("/*")
    return first + "".join(other.partition("*/")[2] for other in others)


def _rules(sheet: str) -> Iterable[tuple[str, str]]:
    """Yield the selectors and declarations of the rules that are in no other rule."""
    depth, start, selectors = 0, 0, ""
    for brace in _BRACE.finditer(sheet):
        text = sheet[start : brace.start()]
        start = brace.end()
        if brace[0] == "{":
            depth += 1
            selectors = text if depth == 1 else ""
        elif depth:
            depth -= 1
            if depth == 0 and selectors:
                yield selectors.rpartition(";")[2], text
                selectors = ""
