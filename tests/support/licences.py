"""Which licences a package that Ammon needs may have, and what a package says of itself.

A licence that asks nothing of Ammon's own code, or only of changed files of the package (MPL), is
allowed. GPL, AGPL and LGPL are not, and neither is what no one has looked at.
"""

import re
from collections.abc import Iterator, Mapping

ALLOWED = {
    *("0BSD", "APACHE-2.0", "BSD", "BSD-2-CLAUSE", "BSD-3-CLAUSE", "BSL-1.0", "CC0-1.0"),
    *("CNRI-PYTHON", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "PUBLIC DOMAIN"),
    *("UNLICENSE", "ZLIB", "APACHE-2.0 WITH LLVM-EXCEPTION"),
}
"""By their names in SPDX, in capitals."""

OTHER_NAMES = {
    "APACHE": "APACHE-2.0",
    "APACHE 2.0": "APACHE-2.0",
    "APACHE 2.0 LICENSE": "APACHE-2.0",
    "APACHE LICENSE, VERSION 2.0": "APACHE-2.0",
    "APACHE SOFTWARE LICENSE": "APACHE-2.0",
    "BSD LICENSE": "BSD",
    "ISC LICENSE": "ISC",
    "ISC LICENSE (ISCL)": "ISC",
    "MIT LICENSE": "MIT",
    "THE MIT LICENSE (MIT)": "MIT",
    "MOZILLA PUBLIC LICENSE 2.0 (MPL 2.0)": "MPL-2.0",
    "PYTHON SOFTWARE FOUNDATION LICENSE": "PSF-2.0",
}
"""What packages call the same."""

REVIEWED = {
    "pypdfium2": (
        "BSD-3-Clause, Apache-2.0, dependency licenses",
        "the wheel holds PDFium (BSD, Apache) and its libraries, all permissive: read its licences",
    ),
    "axe-playwright-python": (
        "",
        "says nothing; its repository has MIT, the axe-core in it MPL-2.0",
    ),
}
"""By package: the words that were looked at, and what was found."""

CHANGED = {
    "chardet": (
        "0BSD",
        "0BSD since version 7, a rewrite; LGPL-2.1 up to 6, and some dispute that a rewrite could "
        "change it. To leave it: charset-normalizer (MIT) detects encodings, too",
    ),
}
"""Packages whose licence has changed: the one that is relied on, and what else there is to know."""


def stated(metadata: Mapping[str, str], classifiers: list[str]) -> str:
    """Return what a package says of its licence: SPDX, else classifiers, else free text."""
    if expression := metadata.get("License-Expression"):
        return expression
    names = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: ")]
    names = [name for name in names if name != "OSI Approved"]
    free = (metadata.get("License") or "").strip().partition("\n")[0]
    return " AND ".join(names) or free


def problem(name: str, words: str, everything: str = "") -> str:
    """Return why a package cannot be used as it is; "" if it can.

    Args:
        name: of the package.
        words: what it states.
        everything: all that its metadata says of licences; a GPL in there is a problem, too.
    """
    if name in REVIEWED and REVIEWED[name][0] == words:
        return ""
    if name in CHANGED and CHANGED[name][0] != words:
        return f"{name}: its licence is now {words or 'not stated'}; {CHANGED[name][1]}"
    if copyleft := re.search(r"\b[AL]?GPL|GNU (Affero|Lesser|General)", f"{words} {everything}"):
        return f"{name}: {copyleft[0]} ({words}) is not allowed; use another package"
    if not words:
        return f"{name} states no licence: look for it, and add it to REVIEWED"
    if not _is_allowed(words):
        return f"{name}: {words!r} is unknown here: read it, and add it to ALLOWED or REVIEWED"
    return ""


def _is_allowed(words: str) -> bool:
    """Evaluate an SPDX expression: of alternatives one is enough, of a conjunction all count."""
    tokens = re.findall(r"\(|\)|\bAND\b|\bOR\b|(?:(?!\bAND\b|\bOR\b)[^()])+", _named(words))
    rest = iter([token.strip() for token in tokens if token.strip()] + [")"])
    return _alternatives(rest)


def _alternatives(tokens: Iterator[str]) -> bool:
    found, conjunction = False, True
    for token in tokens:
        if token == ")":
            break
        if token == "OR":
            found, conjunction = found or conjunction, True
        elif token == "(":
            conjunction = _alternatives(tokens) and conjunction
        elif token != "AND":
            conjunction = token in ALLOWED and conjunction
    return found or conjunction


def _named(words: str) -> str:
    """Return the words in capitals, with every licence by its name in SPDX."""
    words = words.upper()
    if words in OTHER_NAMES:
        return OTHER_NAMES[words]
    parts = re.split(r"( AND | OR |, )", words)
    return "".join(OTHER_NAMES.get(part, part) for part in parts).replace(", ", " AND ")
