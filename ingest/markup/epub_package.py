"""Reads the package of an EPUB: its chapters' files in reading order, and its table of contents.

Source: EPUB 3.3 (W3C), Open Container Format and package document; OPF 2.0.1 for EPUB 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from ingest.errors import DamagedDocument, EncryptedDocument, LimitExceeded
from ingest.markup.archive import Archive, EntryMissing, entry_path
from ingest.markup.html_blocks import Attributes, feed_html
from ingest.markup.paragraphs import heading_label
from ingest.markup.xml import BrokenXml, elements, local_name, parse_tree

CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are scrambled in books that are not protected at all.
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_MAX_XML_BYTES = 8 * 1024 * 1024
_MAX_FALLBACKS = 10
_MAX_TOC_ENTRIES = 20_000


@dataclass(frozen=True)
class TocEntry:
    """A line of the table of contents: the file it points to, an anchor in it or "", its title."""

    path: str
    anchor: str
    title: str


@dataclass(frozen=True)
class Package:
    """A book: its files in reading order, None for one that is not text; its table of contents.

    `sheets` are its style sheets. `title` is the first one that it states, "" without any.
    """

    spine: list[str | None]
    toc: list[TocEntry]
    sheets: list[str]
    title: str = ""


def read_package(archive: Archive, name: str) -> Package:
    """Return the package of a book; `name` is what messages call it.

    Raises:
        DamagedDocument: it is not an EPUB, or its package cannot be read.
        EncryptedDocument: its text is encrypted.
    """
    try:
        container = parse_tree(archive.read(CONTAINER, _MAX_XML_BYTES))
        rootfile = next(elements(container, "rootfile"), None)
        path = entry_path("", rootfile.get("full-path", "")) if rootfile is not None else None
        path = _found(archive, path)
        if not path:
            raise BrokenXml("no rootfile")
        root = parse_tree(archive.read(path, _MAX_XML_BYTES))
    except EntryMissing as error:
        raise DamagedDocument(
            f"{name} is no complete EPUB, {error} Fetch it again, or open it in another program "
            "and save it again."
        ) from error
    except BrokenXml as error:
        raise DamagedDocument(
            f"{name} is a damaged EPUB, its list of chapters cannot be read: fetch it again, or "
            "open it in another program (such as Calibre) and save it again."
        ) from error
    manifest = {item.get("id"): item for item in elements(root, "item")}
    texts = (_text_entry(path, manifest, ref.get("idref")) for ref in elements(root, "itemref"))
    spine = [_found(archive, text) for text in texts]
    if not any(spine):
        raise DamagedDocument(
            f"{name} is an EPUB that lists no chapters: fetch it again, or open it in another "
            "program (such as Calibre) and save it again."
        )
    _refuse_encrypted(archive, name, spine)
    sheets = [
        _found(archive, entry_path(path, item.get("href", "")))
        for item in manifest.values()
        if item.get("media-type", "").lower() == "text/css"
    ]
    toc = _toc(archive, path, root, manifest)
    return Package(spine, toc, [sheet for sheet in sheets if sheet], _title(root))


def _title(root: Any) -> str:
    metadata = next(elements(root, "metadata"), None)
    titles = () if metadata is None else elements(metadata, "title")
    stated = ("".join(title.itertext()).strip() for title in titles)
    return next(filter(None, stated), "")


def _found(archive: Archive, path: str | None) -> str | None:
    """Return the archive's own name of an entry, the given one if there is no such entry."""
    return (archive.find(path) or path) if path else path


def _text_entry(package: str, manifest: dict[Any, Any], identifier: Any) -> str | None:
    """Return the entry of a spine item, or of its fallback if it is not text; None without any."""
    for _ in range(_MAX_FALLBACKS):
        item = manifest.get(identifier)
        if item is None:
            return None
        kind = item.get("media-type", "").lower()
        if kind.endswith(("html", "xml")):
            return entry_path(package, item.get("href", ""))
        identifier = item.get("fallback")
    return None


def _refuse_encrypted(archive: Archive, name: str, spine: list[str | None]) -> None:
    if _ENCRYPTION not in archive:
        return
    try:
        root = parse_tree(archive.read(_ENCRYPTION, _MAX_XML_BYTES))
    except BrokenXml:
        return  # reading the chapters shows whether they are encrypted
    for data in elements(root, "EncryptedData"):
        methods = {method.get("Algorithm") for method in elements(data, "EncryptionMethod")}
        for reference in elements(data, "CipherReference"):
            path = entry_path("", reference.get("URI", ""))
            if path in spine and not methods <= set(_FONT_SCRAMBLING):
                raise EncryptedDocument(
                    f"{name} is protected (DRM): its chapters are encrypted, and only the program "
                    "it was bought for can open them; read a copy without protection."
                )


def _toc(archive: Archive, package: str, root: Any, manifest: dict[Any, Any]) -> list[TocEntry]:
    """Return the table of contents: that of EPUB 3, else that of EPUB 2, else an empty one."""
    spine = next(elements(root, "spine"), None)
    navs = [item for item in manifest.values() if "nav" in item.get("properties", "").split()]
    ncxs = [manifest.get(spine.get("toc") if spine is not None else None)]
    ncxs += [item for item in manifest.values() if "dtbncx" in item.get("media-type", "")]
    for item, read in [*((nav, _nav_entries) for nav in navs), *((x, _ncx_entries) for x in ncxs)]:
        path = entry_path(package, item.get("href", "")) if item is not None else None
        path = _found(archive, path)
        if path is None:
            continue
        try:
            entries = list(read(path, archive.read(path, _MAX_XML_BYTES)))
        except (DamagedDocument, LimitExceeded, BrokenXml):
            continue  # a book can be read without its table of contents
        if entries:
            found = entries[:_MAX_TOC_ENTRIES]
            return [replace(entry, path=_found(archive, entry.path) or "") for entry in found]
    return []


def _toc_entry(base: str, reference: str, title: str) -> Iterator[TocEntry]:
    """Yield the entry, unless it points out of the book or has no title."""
    path, label = entry_path(base, reference), heading_label(title)
    if path and label:
        yield TocEntry(path, unquote(urlsplit(reference).fragment), label)


def _ncx_entries(path: str, data: bytes) -> Iterator[TocEntry]:
    for point in elements(parse_tree(data), "navPoint"):
        children = {local_name(child.tag): child for child in point.iterchildren("{*}*")}
        label, content = children.get("navLabel"), children.get("content")
        if label is not None and content is not None:
            yield from _toc_entry(path, content.get("src", ""), "".join(label.itertext()))


def _nav_entries(path: str, data: bytes) -> Iterator[TocEntry]:
    target = _NavTarget()
    for _ in feed_html([data.decode("utf-8", "replace")], target):
        pass
    for reference, title in target.links:
        yield from _toc_entry(path, reference, title)


class _NavTarget:
    """Collects the links of the table of contents, but not those of lists of pages or figures."""

    def __init__(self) -> None:
        self.links: list[tuple[str, str]] = []
        self._kinds: list[str] = []
        self._reference: str | None = None
        self._title: list[str] = []

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "nav":
            self._kinds.append(attributes.get("epub:type", "toc"))
        elif tag == "a" and self._kinds and "toc" in self._kinds[-1].split():
            self._reference, self._title = attributes.get("href"), []

    def end(self, tag: str) -> None:
        if tag == "nav" and self._kinds:
            self._kinds.pop()
        elif tag == "a" and self._reference is not None:
            self.links.append((self._reference, "".join(self._title)))
            self._reference = None

    def data(self, text: str) -> None:
        if self._reference is not None:
            self._title.append(text)

    def close(self) -> None:
        pass
