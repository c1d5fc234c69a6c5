"""Turns the tokens of an RTF file into blocks of text. Knows no files.

Each pair of braces is a group, whose settings end with it. A group may begin with a word that says
where its text belongs: to the list of fonts, to a footnote, to a picture.

Source: Rich Text Format (RTF) Specification 1.9.1.
"""

import codecs
from collections import Counter
from dataclasses import dataclass, replace

from ingest.captions import is_table_caption
from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.markup.inline import Run, Script, joined_runs
from ingest.markup.paragraphs import Block
from ingest.markup.rows import MAX_ROW_CHARS, Cell, TableRows
from ingest.markup.rtf_tokens import Token, TokenKind

_MAX_DEPTH = 500
# A paragraph of more is cut, so that a file without paragraphs is not held as a whole.
_MAX_PARAGRAPH_CHARS = 100_000
_MAX_CELLS = 1000
_MAX_FONTS = 10_000
_CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "~": "\u00a0",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "_": "\u2011",
    "emspace": "\u2003",
    "enspace": "\u2002",
    "qmspace": "\u2005",
    "-": "\u00ad",
    "zwj": "\u200d",
    "zwnj": "\u200c",
    "ltrmark": "\u200e",
    "rtlmark": "\u200f",
    "\\": "\\",
    "{": "{",
    "}": "}",
}
_ROW_WORDS = frozenset({"trowd", "trhdr", "clmrg", "clvmrg", "cellx"})
_PARAGRAPH_ENDS = frozenset({"par", "sect", "page", "\n", "\r"})
# Groups whose text is not text of the document, as are unknown groups that begin with \*.
_NOT_TEXT = frozenset(
    "colortbl info pict objdata objname objclass fldinst themedata datastore listtable "
    "listoverridetable rsidtbl generator filetbl revtbl xe tc rxe template nonshppict "
    "bkmkstart bkmkend sp falt panose fontemb title author subject keywords comment operator "
    "company doccomm background pgdsctbl latentstyles colorschememapping mmathPr ftnsep "
    "ftnsepc aftnsep aftnsepc ftncn aftncn private userprops passwordhash wgrffmtfilter".split()
)
# Groups with \* that are text.
_STARRED_TEXT = frozenset({"shpinst", "shptxt", "pntext", "footnote"})
# Groups that are left out and counted, by what a note calls them.
_NOTED = {
    "annotation": "comments",
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "headers and footers"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "headers and footers"),
}
# Code pages by the number of a font's character set; 2 is that of symbols.
_CHARSETS = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "cp936",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    255: "cp437",
}
_SYMBOLS = {0xB7: "•", 0xA7: "▪", 0xA8: "◻", 0xFC: "✓", 0x6F: "o"}
_SYMBOL_CHARSET = 2


@dataclass(frozen=True, slots=True)
class _Group:
    """The settings of a group.

    Args:
        destination: where its text belongs: "body", "note", "fonts", "styles", or "" if nowhere.
        font: the number of the font, None for the default one.
        skips_per_code: how many characters after a Unicode character stand for it in old programs.
        is_start: true until the first word or text of the group.
        is_starred: true if the group began with the symbol for "leave out if unknown".
    """

    destination: str = "body"
    font: int | None = None
    skips_per_code: int = 1
    script: Script = ""
    is_struck: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    is_for_rtf_only: bool = False
    is_start: bool = True
    is_starred: bool = False


class RtfBlocks:
    """Collects the blocks of one file; `left_out` counts what was not read, by kind."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.is_rtf = False
        self._blocks: list[Block] = []
        self._groups: list[_Group] = []
        self._group = _Group()
        self._too_deep = 0
        self._codepage = "cp1252"
        self._default_font: int | None = None
        self._charsets: dict[int, int] = {}
        self._style_levels: dict[int, int] = {}
        self._bytes = bytearray()
        self._skips = 0
        self._runs: list[Run] = []
        self._chars = 0
        self._level = 0
        self._in_table = False
        self._cells: list[str] = []
        self._row_chars = 0
        self._table: TableRows | None = None
        self._caption = ""
        # What the definition of a row says about its cells: merged with the one beside or above.
        self._definitions: list[str] = []
        self._definition = ""
        self._is_header_row = False
        self._after_tight = False
        self._notes: list[str] = []
        self._note_count = 0
        self._note_runs: list[Run] = []
        self._style = (0, 0, "")  # of the list of styles: number, level, name so far

    def take_blocks(self) -> list[Block]:
        """Return the blocks since the last call."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def add(self, token: Token) -> None:
        """Take the next token."""
        if token.kind is TokenKind.TEXT:
            self._add_text(token)
            return
        self._flush_bytes()
        if token.kind is TokenKind.OPEN:
            self._open()
        elif token.kind is TokenKind.CLOSE:
            self._close()
        else:
            self._skips = 0
            self._add_word(token.word, token.number)

    def finish(self) -> None:
        """Take the end of the file."""
        self._flush_bytes()
        self._end_row()
        self._end_paragraph()

    def _open(self) -> None:
        self._skips = 0
        if len(self._groups) >= _MAX_DEPTH:
            self._too_deep += 1
            self.left_out["groups that are nested too deeply"] += 1
            return
        self._groups.append(self._group)
        self._group = replace(self._group, is_start=True, is_starred=False)

    def _close(self) -> None:
        self._skips = 0
        if self._too_deep:
            self._too_deep -= 1
            return
        ended = self._group
        self._group = self._groups.pop() if self._groups else _Group()
        if ended.destination == "note" and self._group.destination != "note":
            self._end_note()
        if ended.destination == "styles" and len(self._groups) > 0:
            self._end_style()

    def _add_text(self, token: Token) -> None:
        text = token.text
        if self._skips:
            skipped = min(self._skips, len(text))
            self._skips -= skipped
            text = text[skipped:]
        self._start_group("")
        if self._too_deep or not text or not self._group.destination:
            return
        self._bytes += text

    def _add_word(self, word: str, number: int | None) -> None:
        if word == "*":
            self._group = replace(self._group, is_starred=True)
            return
        self._start_group(word)
        if self._too_deep or not self._group.destination:
            return
        if word == "u" and number is not None:
            self._put(chr(number % 0x10000))
            self._skips = self._group.skips_per_code
        elif word in _CHARACTERS:
            self._put(_CHARACTERS[word])
        elif self._group.destination in ("fonts", "styles"):
            self._describe(word, number)
        elif not self._set_character_format(word, number):
            self._set_paragraph_format(word, number)

    def _start_group(self, word: str) -> None:
        """Decide by the first word of a group where its text belongs."""
        group = self._group
        if not group.is_start:
            return
        destination = group.destination
        if word in _NOTED:
            self.left_out[_NOTED[word]] += bool(destination)
            destination = ""
        elif word in _NOT_TEXT or (group.is_starred and word not in _STARRED_TEXT):
            destination = ""
        elif word == "footnote" and destination:
            destination = "note"
            group = replace(group, script="", is_struck=False)
        elif word == "fonttbl" and destination:
            destination = "fonts"
        elif word == "stylesheet" and destination:
            destination = "styles"
        self._group = replace(group, destination=destination, is_start=False)
        self.is_rtf |= word == "rtf"

    def _describe(self, word: str, number: int | None) -> None:
        """Take a word of the list of fonts or of styles."""
        if word == "f" and number is not None:
            self._group = replace(self._group, font=number)
        elif word == "fcharset" and number is not None and self._group.font is not None:
            if len(self._charsets) < _MAX_FONTS:
                self._charsets[self._group.font] = number
        elif word == "s" and number is not None:
            self._style = (number, 0, "")
        elif word == "outlinelevel" and number is not None and 0 <= number < 6:
            self._style = (self._style[0], number + 1, self._style[2])

    def _end_style(self) -> None:
        number, level, name = self._style
        words = name.lower().strip(" ;").split()
        if len(words) == 2 and words[0] == "heading" and words[1] in tuple("123456"):
            level = int(words[1])
        if level and len(self._style_levels) < _MAX_FONTS:
            self._style_levels[number] = level
        self._style = (0, 0, "")

    def _set_character_format(self, word: str, number: int | None) -> bool:
        """Return whether the word sets how characters look; if so, do it."""
        on = number != 0
        group = self._group
        if word in ("strike", "striked"):
            group = replace(group, is_struck=on)
        elif word in ("super", "sub", "nosupersub", "up", "dn"):
            scripts: dict[str, Script] = {"super": "sup", "up": "sup", "sub": "sub", "dn": "sub"}
            group = replace(group, script=scripts.get(word, "") if on else "")
        elif word == "v":
            group = replace(group, is_hidden=on)
        elif word == "deleted":
            group = replace(group, is_deleted=on)
        elif word == "htmlrtf":
            group = replace(group, is_for_rtf_only=on)
        elif word == "f" and number is not None:
            group = replace(group, font=number)
        elif word == "uc" and number is not None:
            group = replace(group, skips_per_code=max(0, min(number, 100)))
        elif word == "plain":
            group = replace(group, script="", is_struck=False, is_hidden=False, is_deleted=False)
            group = replace(group, font=None)
        else:
            return False
        self._group = group
        return True

    def _set_paragraph_format(self, word: str, number: int | None) -> None:
        if word in _PARAGRAPH_ENDS:
            self._end_paragraph()
        elif word in ("cell", "nestcell"):
            self._end_cell()
        elif word in ("row", "nestrow"):
            self._end_row()
        elif word == "pard":
            self._level, self._in_table = 0, False
        elif word == "intbl":
            self._in_table = True
        elif word in _ROW_WORDS:
            self._define_row(word)
        elif word == "s" and number is not None:
            self._level = self._style_levels.get(number, 0)
        elif word == "outlinelevel" and number is not None and 0 <= number < 6:
            self._level = number + 1
        elif word == "chftn":
            in_note = self._group.destination == "note"
            self._note_count += not in_note
            if not in_note:
                self._put(f"[{self._note_count}]", is_mark=True)
        elif word == "ansicpg" and number:
            self._codepage = _known_codec(f"cp{number}") or self._codepage
        elif word in ("mac", "pc", "pca"):
            self._codepage = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
        elif word == "deff":
            self._default_font = number

    def _define_row(self, word: str) -> None:
        """Take a word of the definition of a row, which comes before the row's cells."""
        if word == "trowd":
            self._definitions, self._definition, self._is_header_row = [], "", False
        elif word == "trhdr":
            self._is_header_row = True
        elif word != "cellx":
            self._definition = word
        elif len(self._definitions) < _MAX_CELLS:
            self._definitions.append(self._definition)
            self._definition = ""

    def _flush_bytes(self) -> None:
        if not self._bytes:
            return
        data, self._bytes = bytes(self._bytes), bytearray()
        font = self._group.font if self._group.font is not None else self._default_font
        charset = self._charsets.get(-1 if font is None else font)
        if charset == _SYMBOL_CHARSET:
            self._put("".join(_SYMBOLS.get(code, chr(code)) for code in data))
            return
        codec = self._codepage if charset in (None, 0, 1) else _CHARSETS.get(charset or 0)
        self._put(data.decode(codec or self._codepage, "replace"))

    def _put(self, text: str, *, is_mark: bool = False) -> None:
        """Add text to where the text of the group belongs."""
        group = self._group
        if group.destination == "styles":
            number, level, name = self._style
            self._style = (number, level, (name + text)[:100])
        if group.destination in ("styles", "fonts", "") or group.is_for_rtf_only:
            return
        if group.is_hidden or group.is_deleted:
            what = "hidden text" if group.is_hidden else "text that was deleted in a revision"
            self.left_out[what] += 1
            return
        run = Run(text, "" if is_mark else group.script, group.is_struck)
        if group.destination == "note":
            self._note_runs.append(run)
        else:
            self._runs.append(run)
        self._chars += len(text)
        if self._chars > _MAX_PARAGRAPH_CHARS:
            self._end_paragraph()

    def _end_note(self) -> None:
        text, self._note_runs = _clean(joined_runs(self._note_runs)), []
        if text:
            self._notes.append(f"[{max(1, self._note_count)}] {' '.join(text.split())}")

    def _end_paragraph(self) -> None:
        if self._group.destination == "note":
            self._note_runs.append(Run("\n"))
            if self._chars > _MAX_PARAGRAPH_CHARS:
                self._end_note()
                self._chars = 0
            return
        text = self._taken_text()
        if not text:
            self._emit_notes()
            return
        if self._in_table or self._cells:
            self._put_into_cell(text)
            return
        self._emit(text, self._level)
        self._caption = text if is_table_caption(text) else ""
        self._emit_notes()

    def _taken_text(self) -> str:
        text = _clean(joined_runs(self._runs)).strip()
        self._runs, self._chars = [], 0
        return text

    def _put_into_cell(self, text: str) -> None:
        """Keep a paragraph for the cell that is not complete yet."""
        self._runs.append(Run(f"{text} "))
        self._chars = len(text)
        if self._chars > MAX_ROW_CHARS:
            self._spill_row()

    def _end_cell(self) -> None:
        self._cells.append(" ".join(self._taken_text().split()))
        self._row_chars += len(self._cells[-1]) + 1
        if self._row_chars > MAX_ROW_CHARS:
            self._spill_row()

    def _end_row(self) -> None:
        texts, self._cells, self._row_chars = self._cells, [], 0
        if not any(texts):
            return
        cells = [self._cell(index, texts) for index in range(min(len(texts), _MAX_CELLS))]
        if self._table is None:
            self._table, self._caption = TableRows(self._caption), ""
        is_marked = self._is_header_row
        is_header = is_marked or self._table.first_row_is_header(cells)
        row = self._table.end_row(cells, is_header, is_marked)
        if row.text:
            table = self._table
            self._emit(row.text.rstrip(), 0, is_tight=True, header=row.header)
            self._emit_notes()
            self._table = table  # a note does not end it

    def _cell(self, index: int, texts: list[str]) -> Cell:
        """Return a cell of the current row; a merged one repeats its value."""
        defined = self._definitions[index] if index < len(self._definitions) else ""
        text = texts[index]
        if defined == "clmrg" and not text:
            text = texts[index] = texts[index - 1] if index else ""
        return Cell(continues=defined == "clvmrg" and not text, parts=[text])

    def _spill_row(self) -> None:
        """Turn the current row, which is too long for data, into paragraphs."""
        cells, self._cells, self._row_chars = self._cells, [], 0
        for text in (*cells, self._taken_text()):
            if text:
                self._emit(text, 0)

    def _emit_notes(self) -> None:
        notes, self._notes = self._notes, []
        for text in notes:
            self._emit(text, 0)

    def _emit(self, text: str, level: int, *, is_tight: bool = False, header: str = "") -> None:
        if not is_tight:
            self._table = None
        before = "\n" if self._after_tight and not is_tight else ""
        self._blocks.append(
            Block(f"{before}{text}\n" + "\n" * (not is_tight), level, header=header)
        )
        self._after_tight = is_tight


def _clean(text: str) -> str:
    return without_typesetting(without_controls(without_surrogates(text)))


def _known_codec(name: str) -> str | None:
    try:
        return codecs.lookup({"cp10000": "mac_roman", "cp65001": "utf-8"}.get(name, name)).name
    except (LookupError, ValueError):
        return None
