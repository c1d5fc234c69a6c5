"""Parses XML from outside safely: only XML's own entities, no DTD, nothing is fetched.

Knows no vocabulary. libxml2 itself refuses elements nested more than 256 deep, text of more than
10 MB in one piece, and entities that expand to very much text.
"""

import functools
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
    """The file is not XML, or is too broken to be parsed."""


def parse_tree(data: bytes) -> Any:
    """Return the root element of a small file; small errors in it are repaired.

    Raises:
        BrokenXml: nothing of it can be parsed.
    """
    try:
        root = etree.fromstring(data, etree.XMLParser(recover=True, **_OPTIONS))
    except (etree.LxmlError, ValueError) as error:
        raise BrokenXml(str(error)) from error
    if root is None:
        raise BrokenXml("no element")
    return root


def elements(root: Any, name: str) -> Iterator[Any]:
    """Yield the elements of a name in any namespace, in document order."""
    return (element for element in root.iter("{*}*") if local_name(element.tag) == name)


@functools.lru_cache(maxsize=1024)
def local_name(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """Return the value of the attribute of a name in any namespace, "" if there is none."""
    for key, value in attributes.items():  # a generator takes twice as long
        if local_name(key) == name:
            return value
    return ""


def feed_xml(blocks: Iterable[bytes], target: Any) -> Iterator[None]:
    """Parse a file that arrives in blocks into a target; yield after each block.

    Args:
        blocks: the bytes of the file.
        target: receives the file by its methods `start`, `end`, `data` and `close`.

    Raises:
        BrokenXml: the rest of the file cannot be parsed.
    """
    parser = etree.XMLParser(target=target, **_OPTIONS)
    try:
        for block in blocks:
            parser.feed(block)
            yield
        parser.close()
    except (etree.LxmlError, ValueError) as error:
        raise BrokenXml(str(error)) from error
