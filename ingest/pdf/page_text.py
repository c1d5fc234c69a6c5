"""Chooses each page's text: from pypdf, from PDFium, or recognised from its picture.

pypdf's text is taken if it is sound, and drawn in the order in which it is read; else PDFium says
where its words are (`layout.py`). Otherwise PDFium is asked, and the more legible text of the
two is taken (`legibility.py`). If that is not sound either, the picture of the page decides.
Letters that are lost in a word are taken from it. Where OCR reads the same words, the text is right
as it is; where it reads others, they are taken. A page that stays nonsense has no text, but a note.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ingest.pdf.layout import page_layout
from ingest.pdf.legibility import READABLE, SOUND, fill_lost, legibility, lost_count
from ingest.pdf.report import PdfReport
from ingest.pdf.scans import ScannedPages
from ingest.sandbox.pdfium import PdfiumExtractor

_WORD = re.compile(r"[^\W_]{3,}")
# The share of the text's words that the picture has, too, if the text is as it is drawn.
_SAME_WORDS = 0.5


@dataclass(frozen=True)
class PageText:
    """Chooses the text of single pages during one reading of a document.

    Args:
        pdfium: gives text where pypdf's is doubtful.
        scans: recognises pictures.
        report: gets the pages whose text is not from pypdf, or is missing.
        on_step: called before each page that may take long.
    """

    pdfium: PdfiumExtractor
    scans: ScannedPages
    report: PdfReport
    on_step: Callable[[], None]

    def choose(
        self, index: int, text: str | None, has_unmapped_font: bool, is_order_doubtful: bool
    ) -> str | None:
        """Return the text of a page.

        Args:
            index: of the page, from 0 on.
            text: pypdf's, white space if it found none, "" if the page is beyond the limits, None
                if it is damaged.
            has_unmapped_font: pypdf takes numbers of glyphs for letters.
            is_order_doubtful: the words are to be put in order by their positions.

        Returns:
            The text, "" or white space if there is none; None if the page cannot be read.
        """
        if text is None or text.isspace():
            text = self._from_pdfium(index, text)
        if text is None or text.isspace():
            self.on_step()
            return self.scans.text(index) or text
        if not text:
            return text
        if is_order_doubtful:
            text = self._in_order(index, text)
        if not has_unmapped_font and _is_sound(text):
            return text
        found = self.pdfium.page_text(index).strip()
        if found and (has_unmapped_font or _is_better(found, text)):
            text = found
        return text if _is_sound(text) else self._as_drawn(index, text)

    def _in_order(self, index: int, text: str) -> str:
        """Return the words by their positions, unless many are missing or less legible there."""
        laid_out = page_layout(self.pdfium.page_words(index))
        has_most = 2 * _letters(laid_out) >= _letters(text)
        return laid_out if has_most and legibility(laid_out) >= legibility(text) else text

    def _from_pdfium(self, index: int, text: str | None) -> str | None:
        found = self.pdfium.page_text(index)
        if not found or found.isspace():
            return text
        self.report.from_pdfium.append(index + 1)
        return found

    def _as_drawn(self, index: int, text: str) -> str:
        """Return doubtful text, what is recognised instead, or "" for nonsense."""
        self.on_step()
        recognised = self.scans.recognise(index)
        score, lost = legibility(text), lost_count(text)
        if score < READABLE or not lost:
            return self._as_a_whole(index, text, recognised, score)
        filled = fill_lost(text, recognised)
        left = filled.count("\ufffd")
        if left:
            self.report.lossy.append(index + 1)
        if left < lost:
            self.report.filled.append(index + 1)
        return filled

    def _as_a_whole(self, index: int, text: str, recognised: str, score: float) -> str:
        if _share_of_words(text, recognised) >= _SAME_WORDS:
            return text
        if recognised and legibility(recognised) >= max(READABLE, score):
            self.report.drawn.append(index + 1)
            return recognised
        if score < READABLE:
            self.report.garbled.append(index + 1)
            return ""
        return text


def _is_sound(text: str) -> bool:
    return not lost_count(text) and legibility(text) >= SOUND


def _is_better(found: str, text: str) -> bool:
    """Return whether PDFium's text is more legible, and not because it leaves letters out."""
    is_whole = _letters(found) >= _letters(text) + lost_count(text) // 2
    return is_whole and legibility(found) > legibility(text)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _share_of_words(text: str, picture: str) -> float:
    """Return which share of the text's words the recognised text has, too."""
    words, seen = (Counter(_WORD.findall(each.casefold())) for each in (text, picture))
    return (words & seen).total() / max(1, words.total())
