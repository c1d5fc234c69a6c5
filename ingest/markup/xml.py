"""XML from outside: no entities but XML's own, no DTD, nothing fetched, bounded depth.

Knows no vocabulary. libxml2 itself refuses what is nested more than 256 deep, text of more than
10 MB in one piece, and entities that multiply.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

_OPTIONS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


class BrokenXml(Exception):
    """The file is no XML that can be followed."""


def parse_tree(data: bytes) -> Any:
    """Return the root element of a small file; small mistakes in it are forgiven.

    Raises:
        BrokenXml: nothing of it can be followed.
    """
    try:
        root = etree.fromstring(data, etree.XMLParser(recover=True, **_OPTIONS))
    except (etree.LxmlError, ValueError) as error:
        raise BrokenXml(str(error)) from error
    if root is None:
        raise BrokenXml("no element")
    return root


def elements(root: Any, name: str) -> Iterator[Any]:
    """Yield the elements of a name in any namespace, in order."""
    return (element for element in root.iter("{*}*") if local_name(element.tag) == name)


def local_name(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """Return the attribute of a name in any namespace, "" where there is none."""
    return next((value for key, value in attributes.items() if local_name(key) == name), "")


def feed_target(blocks: Iterable[bytes], target: Any) -> Iterator[None]:
    """Let a target (start, end, data, close) hear a file that arrives in blocks; pause after each.

    Raises:
        BrokenXml: from there on the file cannot be followed.
    """
    parser = etree.XMLParser(target=target, **_OPTIONS)
    try:
        for block in blocks:
            parser.feed(block)
            yield
        parser.close()
    except (etree.LxmlError, ValueError) as error:
        raise BrokenXml(str(error)) from error
