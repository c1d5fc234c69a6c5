"""Recognises the caption of a table by its words: "Table 3: Depths of the harbours"."""

import re

MAX_CAPTION_CHARS = 200
_WORDS = (
    "tables?|tab|tabellen?|tableau|tabla|tabela|tabella|tabell|tabel|taulukko|tabulka|tabuľka|"
    "tabelul|tablo|táblázat|таблица|таблиця|табл|πίνακας|جدول|טבלה|表|表格|표"
)
_NUMBER = r"(?:[A-Z]{1,2}[-.]?)?\d{1,3}(?:[-.]\d{1,3}){0,4}[a-z]?|[IVXLC]{1,6}|[A-Z]"
_START = re.compile(
    rf"(?i:{_WORDS})(?:\.?\s*(?i:no\.|nr\.|n°|№)?\s*(?:{_NUMBER})(?!\w)\.?|\s*(?=[:：]))"
)


def is_table_caption(text: str) -> bool:
    """Return whether a paragraph is the caption of a table, not a sentence about one.

    >>> is_table_caption("Table 3: Depths"), is_table_caption("Table 3 shows the depths.")
    (True, False)
    """
    if len(text) > MAX_CAPTION_CHARS:
        return False
    found = _START.match(text)
    # A sentence goes on in lower case.
    return found is not None and not text[found.end() :].lstrip()[:1].islower()
