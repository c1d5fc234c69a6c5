"""The titles that a file states of itself, by the kind of file: its metadata, then its headings.

Only the beginning of a file is read, or a small part of an archive. What cannot be read states no
title: the reading of the text is what reports damage.
"""

import contextlib
import html
import io
import itertools
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.parser import BytesHeaderParser
from typing import Any

import olefile  # type: ignore[import-untyped]

from ingest.document import Document, Kind, Segment
from ingest.input_file import InputFile, suffix_of
from ingest.lines.decoding import decode_whole
from ingest.lines.encoding import detect_encoding, detect_markup_encoding
from ingest.mail.headers import header_text
from ingest.markup.archive import Archive
from ingest.markup.epub_package import read_package
from ingest.markup.html_blocks import Attributes, feed_html
from ingest.markup.xml import BrokenXml, elements, feed_xml, local_name, parse_tree
from ingest.naming import without_gz
from ingest.sniffing import OLE_MAGIC, ZIP_MAGIC
from ingest.titles.text_title import gutenberg_title, markdown_titles, without_marks

_LOG = logging.getLogger(__name__)
_HEAD_BYTES = 64 * 1024
_MAX_PROPERTIES_BYTES = 256 * 1024
_MAX_TITLE_CHARS = 4000
_OFFICE_PROPERTIES = "docProps/core.xml"
_ODF_PROPERTIES = "meta.xml"
_MARKDOWN = (".md", ".markdown", ".mkd", ".mdown", ".rst")
# A title is a heading that comes at once, or after a line or two.
_MAX_CHARS_BEFORE = 300
_MAX_SEGMENTS = 3
_RTF_TITLE = re.compile(
    rb"\{\\info\b.{0,4000}?\{\\title\s?((?:[^{}\\]|\\'[0-9a-fA-F]{2}|\\u-?\d+ ?\??"
    rb"|\\[a-z]+\d* ?)*)\}",
    re.DOTALL,
)
_RTF_SIGN = re.compile(r"\\u(-?\d+) ?\??|\\'([0-9a-fA-F]{2})|\\[a-z]+\d* ?")
_RTF_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")

Stated = tuple[str, bool]
"""A title, and whether it is a heading of the text."""


def stated_titles(kind: Kind, file: InputFile, document: Document) -> Iterator[Stated]:
    """Yield what a file says it is called, the most trusted first; nothing of it is judged.

    Args:
        document: the opened file, of which the first segments are read for its first heading.
    """
    for source in _SOURCES.get(kind, ()):
        try:
            yield from source(file, document)
        except MemoryError:
            raise
        except Exception as error:  # parsers raise nearly anything on a broken file
            _LOG.debug("no title of %s: %r", file.name, error)


def _from_text(file: InputFile, document: Document) -> Iterator[Stated]:
    text = _head_text(file)
    if (title := gutenberg_title(text)) is not None:
        yield title, False
    if suffix_of(without_gz(file.name)) in _MARKDOWN:
        yield from ((title, True) for title in markdown_titles(text))


def _from_html(file: InputFile, document: Document) -> Iterator[Stated]:
    data = _head(file)
    target = _PageTarget()
    for _ in feed_html([_decoded(data, file, is_markup=True)], target):
        pass
    yield from ((title, False) for title in target.stated())


def _from_epub(file: InputFile, document: Document) -> Iterator[Stated]:
    with Archive(file.path, file.name, file.limits) as archive:
        yield read_package(archive, file.name).title, False


def _from_pdf(file: InputFile, document: Document) -> Iterator[Stated]:
    stated = getattr(document.reader, "stated_title", None)
    if stated is not None:
        yield stated(), False


def _from_office(file: InputFile, document: Document) -> Iterator[Stated]:
    yield from _from_part(file, _OFFICE_PROPERTIES)


def _from_odf(file: InputFile, document: Document) -> Iterator[Stated]:
    if file.head.startswith(ZIP_MAGIC):
        yield from _from_part(file, _ODF_PROPERTIES)
    else:
        yield _first_element(iter([_head(file)]), "title"), False


def _from_part(file: InputFile, part: str) -> Iterator[Stated]:
    """The title in a small XML part of an archive."""
    with Archive(file.path, file.name, file.limits) as archive:
        if part in archive:
            root = parse_tree(archive.read(part, _MAX_PROPERTIES_BYTES))
            for element in itertools.islice(elements(root, "title"), 1):
                yield "".join(element.itertext())[:_MAX_TITLE_CHARS], False


def _from_fiction_book(file: InputFile, document: Document) -> Iterator[Stated]:
    blocks: Callable[[Document], Iterator[bytes]] | None = getattr(document.reader, "blocks", None)
    if blocks is not None:
        yield _first_element(blocks(document), "book-title"), False


def _from_rtf(file: InputFile, document: Document) -> Iterator[Stated]:
    head = _head(file)
    found = _RTF_TITLE.search(head)
    if found:
        page = _RTF_CODE_PAGE.search(head)
        yield _rtf_text(found[1], f"cp{int(page[1])}" if page else "cp1252"), False


def _from_mail(file: InputFile, document: Document) -> Iterator[Stated]:
    if file.head.startswith(OLE_MAGIC):
        with olefile.OleFileIO(file.path) as ole:
            for kind, codec in (("001F", "utf-16-le"), ("001E", "cp1252")):
                stream = f"__substg1.0_0037{kind}"
                if ole.exists(stream):
                    with ole.openstream(stream) as opened:
                        yield opened.read(_MAX_TITLE_CHARS).decode(codec, "replace"), False
        return
    data = _head(file).removeprefix(b"\xef\xbb\xbf")
    first, _, rest = data.partition(b"\n")
    if first.strip().isdigit():  # the frame of Apple Mail
        data = rest
    # A header that the beginning cuts off is none.
    headers = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
    yield header_text(BytesHeaderParser().parsebytes(headers + b"\n\n"), "Subject"), False


def _from_notebook(file: InputFile, document: Document) -> Iterator[Stated]:
    for segment in itertools.islice(_beginning(document), _MAX_SEGMENTS):
        yield from ((title, True) for title in markdown_titles(segment.text))


def _from_slides(file: InputFile, document: Document) -> Iterator[Stated]:
    for segment in itertools.islice(_beginning(document), 1):
        yield (segment.locator.label or "").removesuffix("…"), True


def _from_headings(file: InputFile, document: Document) -> Iterator[Stated]:
    """The first heading, of a kind whose segments name the heading above them."""
    chars = 0
    for segment in itertools.islice(_beginning(document), _MAX_SEGMENTS):
        if segment.locator.label is not None:
            # A section begins with its heading, of which the label is only the beginning.
            lines = segment.text.strip().splitlines() or [""]
            yield without_marks(lines[0].lstrip("# ")), True
            return
        chars += len(segment.text)
        if chars > _MAX_CHARS_BEFORE:
            return


_Source = Callable[[InputFile, Document], Iterator[Stated]]
_SOURCES: dict[Kind, tuple[_Source, ...]] = {
    "text": (_from_text,),
    "html": (_from_html, _from_headings),
    "epub": (_from_epub,),
    "pdf": (_from_pdf,),
    "docx": (_from_office, _from_headings),
    "odt": (_from_odf, _from_headings),
    "slides": (_from_office, _from_odf, _from_slides),
    "rtf": (_from_rtf, _from_headings),
    "fb2": (_from_fiction_book,),
    "email": (_from_mail,),
    "mhtml": (_from_mail, _from_headings),
    "notebook": (_from_notebook,),
}
"""Tables, logs, code, subtitles and mailboxes are known by their files' names."""


def _beginning(document: Document) -> Iterator[Segment]:
    """The segments of a document, whose reading leaves no notes on it."""
    return replace(document, notes=[]).segments()


def _head(file: InputFile) -> bytes:
    """The first bytes of a file, of which `file.head` has only so many as tell its kind."""
    with file.source.open(lambda note: None) as stream:
        return stream.read(_HEAD_BYTES)


def _head_text(file: InputFile) -> str:
    return _decoded(_head(file), file)


def _decoded(data: bytes, file: InputFile, is_markup: bool = False) -> str:
    detect = detect_markup_encoding if is_markup else detect_encoding
    # A character that the cut divides must not make the text look like another encoding.
    whole = data if len(data) < _HEAD_BYTES else data[: data.rfind(b"\n") + 1] or data
    with io.BytesIO(whole) as stream:
        encoding = file.encoding or detect(stream)
    return decode_whole(whole, encoding)


def _rtf_text(raw: bytes, code_page: str) -> str:
    def sign(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1]) % 0x10000)
        return bytes.fromhex(match[2]).decode(code_page, "replace") if match[2] else ""

    return _RTF_SIGN.sub(sign, raw.decode(code_page, "replace"))


def _first_element(blocks: Iterator[bytes], name: str) -> str:
    """The text of the first element of a name, "" if the beginning of the file has none."""
    target = _ElementTarget(name)
    left = _HEAD_BYTES
    with contextlib.suppress(BrokenXml):  # the beginning of a file is no whole XML
        for _ in feed_xml(_bounded(blocks, left), target):
            if target.is_done:
                break
    return target.text()


def _bounded(blocks: Iterator[bytes], left: int) -> Iterator[bytes]:
    for block in blocks:
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return


class _ElementTarget:
    """Collects the text of the first element of a name."""

    def __init__(self, name: str) -> None:
        self.is_done = False
        self._name, self._depth = name, 0
        self._texts: list[str] = []

    def text(self) -> str:
        """Return what was collected; nothing of an element that did not end."""
        return "".join(self._texts)[:_MAX_TITLE_CHARS] if self.is_done else ""

    def start(self, tag: str, attributes: Any) -> None:
        if self._depth or (local_name(tag) == self._name and not self.is_done):
            self._depth += 1

    def end(self, tag: str) -> None:
        if self._depth:
            self._depth -= 1
            self.is_done = self._depth == 0

    def data(self, text: str) -> None:
        if self._depth:
            self._texts.append(text)

    def close(self) -> None:
        pass


class _PageTarget:
    """Collects the title of a page, what it names itself for others, and its first headings."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {"title": [], "h1": []}
        self._shared, self._open, self._in_picture = "", "", 0

    def stated(self) -> Iterator[str]:
        """Yield what may be the title, the best first.

        The title of a window often ends with the name of the site; the page's only heading of the
        first level, if the title begins with it, does not.
        """
        title, heading = ("".join(self._found[name]).strip() for name in ("title", "h1"))
        if heading and title.casefold().startswith(heading.casefold()):
            yield heading
        yield self._shared
        yield html.unescape(title)
        yield heading

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "svg":  # its titles are those of pictures
            self._in_picture += 1
        elif tag in self._found and not self._found[tag] and not self._in_picture:
            self._open = tag
        elif tag == "meta" and attributes.get("property", "").lower() == "og:title":
            self._shared = self._shared or attributes.get("content", "")[:_MAX_TITLE_CHARS]

    def end(self, tag: str) -> None:
        if tag == "svg":
            self._in_picture -= 1
        elif tag == self._open:
            self._open = ""

    def data(self, text: str) -> None:
        if self._open:
            self._found[self._open].append(text[:_MAX_TITLE_CHARS])

    def close(self) -> None:
        pass
