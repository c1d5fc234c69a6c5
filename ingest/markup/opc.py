"""How the parts of a Microsoft Office package refer to each other. Knows no kind of document.

Source: ECMA-376 part 2, Open Packaging Conventions.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ingest.errors import DamagedDocument, LimitExceeded
from ingest.markup.archive import Archive, entry_path
from ingest.markup.xml import BrokenXml, elements, parse_tree

_MAX_BYTES = 16 * 1024 * 1024


class Relation(NamedTuple):
    """A reference from one part to another.

    Args:
        id: by which the XML of the first part names it.
        kind: the last word of its type, such as "slide" or "officeDocument".
        part: the archive's entry to which it leads; empty if it leads out of the archive.
    """

    id: str
    kind: str
    part: str


def relations(archive: Archive, part: str) -> list[Relation]:
    """Return what a part refers to inside the archive, in the order of its list.

    Args:
        archive: the package.
        part: its entry; "" for the package itself.

    Returns:
        The references; none if the list is missing or damaged.
    """
    folder, _, name = part.rpartition("/")
    try:
        root = parse_tree(archive.read(f"{folder}/_rels/{name}.rels".lstrip("/"), _MAX_BYTES))
    except (DamagedDocument, LimitExceeded, BrokenXml):
        return []
    found = []
    for relation in elements(root, "Relationship"):
        if relation.get("TargetMode") == "External":
            continue
        target = relation.get("Target", "")
        base = "" if target.startswith("/") else part
        kind = relation.get("Type", "").rpartition("/")[2]
        path = entry_path(base, target.removeprefix("/"))
        found.append(Relation(relation.get("Id", ""), kind, path or ""))
    return found


def main_part(archive: Archive, usual: str) -> str:
    """Return the entry with the document itself.

    Args:
        archive: the package.
        usual: the entry where programs write it, for a package that does not say.
    """
    named = (one.part for one in relations(archive, "") if one.kind == "officeDocument")
    return next((part for part in named if part in archive), usual)


def relation_id(attributes: Mapping[str, str]) -> str:
    """Return the attribute `r:id` of an element, which is not the element's own `id`."""
    return next((value for key, value in attributes.items() if key.endswith("}id")), "")
