"""The parts of an Excel workbook (xlsx) around its sheets: the list of them, texts, formats.

Source: ECMA-376 part 1, SpreadsheetML.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from ingest.characters import without_surrogates
from ingest.errors import DamagedDocument, LimitExceeded
from ingest.limits import Limits
from ingest.markup.archive import Archive, EntryMissing
from ingest.markup.opc import main_part, relation_id, relations
from ingest.markup.xml import BrokenXml, elements, feed_xml, local_name, parse_tree
from ingest.tables.number_format import BUILT_IN, GENERAL
from ingest.tables.workbook import MAX_CELL_CHARS, Sheet

WORKBOOK_PART = "xl/workbook.xml"
BINARY_PART = "xl/workbook.bin"
"""The main part of a workbook (xlsb) that is not XML."""
_MAX_XML_BYTES = 16 * 1024 * 1024


class SharedTexts:
    """The texts that cells refer to by number, kept in one piece of memory."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._data = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, text: str) -> None:
        """Add the next text.

        Raises:
            LimitExceeded: all of them together are too long.
        """
        self._data += without_surrogates(text).encode("utf-8", "replace")
        if len(self._data) > self._max_bytes:
            raise LimitExceeded(
                f"The texts of the workbook's cells are more than {self._max_bytes:,} bytes, the "
                "limit: split the workbook into parts."
            )
        self._ends.append(len(self._data))

    def __getitem__(self, index: int) -> str:
        start, end = self._ends[index], self._ends[index + 1]
        return self._data[start:end].decode("utf-8", "replace")


@dataclass(frozen=True)
class Workbook:
    """What is known of a workbook before its sheets are read.

    Args:
        sheets: in the order of their tabs.
        chart_sheets: how many sheets hold a chart only.
        formats: the code of the number format of each cell style.
        from_1904: whether days are counted from 1904.
    """

    sheets: list[Sheet]
    chart_sheets: int
    formats: list[str]
    from_1904: bool
    texts_part: str | None


def read_workbook(archive: Archive, name: str) -> Workbook:
    """Return the sheets and formats of a workbook.

    Raises:
        DamagedDocument: its list of sheets is missing or damaged.
    """
    main = main_part(archive, WORKBOOK_PART)
    try:
        root = parse_tree(archive.read(main, _MAX_XML_BYTES))
    except (DamagedDocument, BrokenXml) as error:
        raise DamagedDocument(
            f"{name} is no complete workbook, its list of sheets is missing or damaged: fetch it "
            "again, or open it in a spreadsheet program and save it again."
        ) from error
    targets = {one.id: one for one in relations(archive, main)}
    sheets, charts = [], 0
    for element in elements(root, "sheet"):
        _, kind, part = targets.get(relation_id(element.attrib), ("", "", ""))
        if kind == "chartsheet":
            charts += 1
            continue
        hidden = element.get("state", "visible") != "visible"
        sheets.append(Sheet(element.get("name", ""), part, hidden))
    parts = {one.kind: one.part for one in reversed(targets.values())}
    texts, styles = parts.get("sharedStrings"), parts.get("styles")
    properties = next(elements(root, "workbookPr"), None)
    from_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
    return Workbook(sheets, charts, _formats(archive, styles), from_1904, texts)


def read_texts(archive: Archive, workbook: Workbook, limits: Limits) -> SharedTexts:
    """Return the shared texts of a workbook; of a damaged list, those before the damage.

    Raises:
        LimitExceeded: they are too long.
    """
    texts = SharedTexts(2 * limits.max_text_chars)
    if workbook.texts_part:
        try:
            for _ in feed_xml(archive.stream(workbook.texts_part), _TextsTarget(texts)):
                pass
        except (BrokenXml, DamagedDocument):
            pass  # The cells whose texts are missing are counted where they are read.
    return texts


class _TextsTarget:
    """Collects the texts of a list of shared texts, without the readings of East Asian ones."""

    def __init__(self, texts: SharedTexts) -> None:
        self._texts = texts
        self._parts: list[str] = []
        self._chars = 0
        self._in_text = False
        self._reading = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = local_name(tag)
        if name == "t":
            self._in_text = True
        elif name == "rPh":
            self._reading += 1
        elif name == "si":
            self._parts, self._chars = [], 0

    def end(self, tag: str) -> None:
        name = local_name(tag)
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._reading -= 1
        elif name == "si":
            self._texts.add("".join(self._parts))

    def data(self, text: str) -> None:
        # One character more than a cell may have shows that it was cut.
        if self._in_text and not self._reading and self._chars <= MAX_CELL_CHARS:
            self._parts.append(text)
            self._chars += len(text)

    def close(self) -> None:
        """Called at the end of the list."""


def _formats(archive: Archive, part: str | None) -> list[str]:
    """Return the code of the number format of each cell style; none if they cannot be read."""
    try:
        root = parse_tree(archive.read(part or "", _MAX_XML_BYTES))
    except (EntryMissing, DamagedDocument, BrokenXml):
        return []
    codes: dict[int, str] = dict(BUILT_IN)
    for element in elements(root, "numFmt"):
        codes[_number(element.get("numFmtId"))] = element.get("formatCode", GENERAL)
    styles = next(elements(root, "cellXfs"), None)
    if styles is None:
        return []
    return [codes.get(_number(style.get("numFmtId")), GENERAL) for style in elements(styles, "xf")]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
