"""Reads HTML pages: the main text, without menus, headers and footers of the site.

A page is read twice: first to find where the text is, then to read it. Nothing is fetched and no
script runs. Elements are left out by what their markup says, never because they look unimportant.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from ingest.document import Document, Segment
from ingest.errors import EmptyDocument
from ingest.lines.encoding import Encoding, detect_markup_encoding
from ingest.lines.text import Tally, TextReader, decoded_blocks
from ingest.markup import left_out
from ingest.markup.css import MAX_SHEET_CHARS, ClassStyles, class_styles
from ingest.markup.html_blocks import NEVER_TEXT, Attributes, ElementTest, feed_html, markup_blocks
from ingest.markup.html_style import is_hidden, is_page_number
from ingest.markup.paragraphs import Block, ParagraphCutter

_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search"})
_CHROME_CLASSES = frozenset({"navbar", "sidebar", "breadcrumb", "breadcrumbs", "cookie-banner"})
# The main part must have this share of the text to be read alone.
_MAIN_SHARE = 0.4
_BODY_SHARE = 0.2


@dataclass(frozen=True)
class HtmlReader(TextReader):
    """Reads one HTML page."""

    keeps_encoded_data: ClassVar[bool] = True  # it is in attributes, which are not read
    is_for_terminals = False

    def max_chars(self) -> int:
        """Return the limit for the file with its markup in characters."""
        # libxml2 keeps all of its input until the end.
        return min(self.limits.max_markup_chars, self.limits.max_text_chars)

    def encoding(self, stream: BinaryIO) -> Encoding:
        """Return the declared or detected encoding; the caller rewinds the stream."""
        return detect_markup_encoding(stream)

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole paragraphs of the main text.

        Raises:
            EmptyDocument: the page has no text.
        """
        cutter = ParagraphCutter(self.name, self.limits)
        yield from cutter.segments(self.page_blocks(blocks, document))
        if not cutter.count:
            raise EmptyDocument(
                f"{self.name} has no text of its own, only scripts or pictures: if a browser "
                "shows text there, print the page to PDF in the browser and read that."
            )
        document.unit_count = cutter.count

    def page_blocks(self, blocks: Iterable[str], document: Document) -> Iterator[Block]:
        """Yield the blocks of the main text; note what is left out.

        Args:
            blocks: the page with its markup.
            document: gets the notes.
        """
        survey = self._survey()
        if survey.leaves_out_text():
            document.add_note(left_out.SURROUNDINGS)
        is_unwanted, is_inside, is_hidden = survey.element_tests()
        yield from markup_blocks(
            blocks,
            is_unwanted,
            is_inside,
            is_hidden=is_hidden,
            classes=survey.classes(),
            add_note=document.add_note,
        )

    def _survey(self) -> "_Survey":
        """Return what the page says about its parts."""
        survey = _Survey()
        with self.source.open(lambda note: None) as stream:
            encoding = self.chosen_encoding(stream)
            stream.seek(0)
            for _ in feed_html(self.bounded(decoded_blocks(stream, encoding, Tally())), survey):
                pass
        return survey


class _Survey:
    """Counts the characters in the parts of a page: body, main part, articles. Keeps its sheets."""

    def __init__(self) -> None:
        self.everything = self.shown = self.body = self.main = self.article = 0
        # For each kind of part: how many elements are open in it, including itself.
        self._sheets: list[str] = []
        self._sheet_chars = 0
        self._in_style = False
        self._never = self._hidden = self._chrome = self._frame = self._main = self._article = 0

    def start(self, tag: str, attributes: Attributes) -> None:
        self._in_style = tag == "style"
        self._never += bool(self._never) or tag in NEVER_TEXT
        self._hidden += bool(self._hidden) or is_hidden(tag, attributes)
        self._chrome += bool(self._chrome) or is_chrome(tag, attributes)
        self._frame += bool(self._frame) or is_frame(tag, attributes)
        self._main += bool(self._main) or is_main(tag, attributes)
        self._article += bool(self._article) or tag == "article"

    def end(self, tag: str) -> None:
        self._in_style = False
        self._never -= bool(self._never)
        self._hidden -= bool(self._hidden)
        self._chrome -= bool(self._chrome)
        self._frame -= bool(self._frame)
        self._main -= bool(self._main)
        self._article -= bool(self._article)

    def data(self, text: str) -> None:
        if self._never:
            if self._in_style and self._sheet_chars < MAX_SHEET_CHARS:
                self._sheets.append(text)
                self._sheet_chars += len(text)
            return
        chars = sum(map(len, text.split()))
        self.everything += chars
        if self._hidden:
            return
        self.shown += chars
        if not self._chrome:
            self.body += chars * (not self._frame)
            self.main += chars * bool(self._main)
            self.article += chars * bool(self._article)

    def close(self) -> None:
        pass

    def classes(self) -> ClassStyles:
        """Return what the style sheets in the page say about classes."""
        return class_styles(["".join(self._sheets)])

    def element_tests(self) -> tuple[ElementTest, ElementTest | None, ElementTest]:
        """Return the tests `is_unwanted`, `is_inside` and `is_hidden` of `markup_blocks`."""
        part = self._part()
        if part == "main":
            return is_chrome, is_main, is_hidden
        if part == "article":
            return is_chrome, lambda tag, attributes: tag == "article", is_hidden
        if part == "body":
            return is_frame, None, is_hidden
        return _no_element, None, _no_element

    def leaves_out_text(self) -> bool:
        """Return whether the page shows text outside the part that is read."""
        chars = {"main": self.main, "article": self.article, "body": self.body}
        return chars.get(self._part(), self.shown) < self.shown

    def _part(self) -> str:
        """Return which part of the page is read."""
        if self.main and self.main >= _MAIN_SHARE * self.body:
            return "main"
        if self.article and self.article >= _MAIN_SHARE * self.body:
            return "article"
        # A menu that is never closed, or a page that is a menu: all of the page is read.
        return "page" if self.body < _BODY_SHARE * self.everything else "body"


def _no_element(tag: str, attributes: Attributes) -> bool:
    return False


def is_main(tag: str, attributes: Attributes) -> bool:
    """Return whether an element is the main part of its page."""
    return tag == "main" or (bool(attributes) and attributes.get("role") == "main")


def is_chrome(tag: str, attributes: Attributes) -> bool:
    """Return whether an element is left out on any page: a menu, a side bar, a page number."""
    if not attributes:
        return tag == "nav"
    return (
        tag == "nav"
        or is_page_number(attributes)
        or attributes.get("role") in _CHROME_ROLES
        or not _CHROME_CLASSES.isdisjoint(attributes.get("class", "").split())
    )


def is_frame(tag: str, attributes: Attributes) -> bool:
    """Return whether an element is left out on a page that does not mark its main part."""
    return tag in {"header", "footer", "aside"} or is_chrome(tag, attributes)
