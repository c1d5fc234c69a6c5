"""Excel workbooks and OpenDocument spreadsheets written part by part: small and exact."""

from xml.sax.saxutils import escape, quoteattr

from tests.support.zip_samples import make_zip

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style", "drawing")
)


def cell(reference: str, value: object, style: int = 0, *, formula: str = "") -> str:
    """Return a cell: a text in place, or a number; None for a formula that was never computed."""
    known = f"<f>{escape(formula)}</f>" if formula else ""
    if value is None:
        return f'<c r="{reference}" s="{style}">{known}</c>'
    if isinstance(value, str):
        return f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{reference}" s="{style}">{known}<v>{value}</v></c>'


def row(number: int, *values: object, attributes: str = "") -> str:
    """Return a row of cells from column A on; None leaves a cell out, text may be a whole cell."""
    cells = "".join(
        value
        if isinstance(value, str) and value.startswith("<c ")
        else cell(f"{chr(65 + i)}{number}", value)
        for i, value in enumerate(values)
        if value is not None
    )
    return f'<row r="{number}" {attributes}>{cells}</row>'


def make_xlsx(
    sheets: dict[str, str],
    *,
    states: dict[str, str] | None = None,
    after: str = "",
    formats: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    extra: dict[str, str | bytes] | None = None,
) -> bytes:
    """Return a workbook.

    Args:
        sheets: the rows of each sheet, by its name.
        states: "hidden" or "veryHidden", by the sheet's name.
        after: what comes after the rows of each sheet, such as merged cells.
        formats: the codes of the cell styles 1, 2, and so on.
        shared: the shared texts.
        extra: more entries of the archive.
    """
    names, listed = list(sheets), enumerate(sheets, start=1)
    tabs = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="r{i}" '
        f'state="{(states or {}).get(name, "visible")}"/>'
        for i, name in listed
    )
    relations = "".join(
        f'<Relationship Id="r{i}" Type="{_RELATION}/worksheet" Target="worksheets/s{i}.xml"/>'
        for i in range(1, len(names) + 1)
    )
    for part in ("styles", "sharedStrings"):
        relations += f'<Relationship Id="{part}" Type="{_RELATION}/{part}" Target="{part}.xml"/>'
    codes = "".join(
        f'<numFmt numFmtId="{164 + i}" formatCode={quoteattr(code)}/>'
        for i, code in enumerate(formats)
    )
    styles = "".join(f'<xf numFmtId="{164 + i}"/>' for i in range(len(formats)))
    return make_zip(
        {
            "_rels/.rels": f'<Relationships {_PACKAGE}><Relationship Id="r1" '
            f'Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATION}"><sheets>{tabs}</sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": f"<Relationships {_PACKAGE}>{relations}</Relationships>",
            "xl/styles.xml": f"<styleSheet {_MAIN}><numFmts>{codes}</numFmts>"
            f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
            "xl/sharedStrings.xml": f"<sst {_MAIN}>{''.join(shared)}</sst>",
            **{
                f"xl/worksheets/s{i}.xml": f"<worksheet {_MAIN}><sheetData>{sheets[name]}"
                f"</sheetData>{after}</worksheet>"
                for i, name in enumerate(names, start=1)
            },
            **(extra or {}),
        }
    )


def ods_cell(text: str, attributes: str = "", inside: str = "") -> str:
    """Return a cell of a spreadsheet; `inside` comes before its text."""
    shown = f"<text:p>{escape(text)}</text:p>" if text else ""
    return f"<table:table-cell {attributes}>{inside}{shown}</table:table-cell>"


def ods_row(*texts: str, attributes: str = "") -> str:
    """Return a row; a text may be a whole cell."""
    cells = "".join(text if text.startswith("<table:") else ods_cell(text) for text in texts)
    return f"<table:table-row {attributes}>{cells}</table:table-row>"


def make_ods(
    sheets: dict[str, str],
    *,
    hidden: tuple[str, ...] = (),
    extra: dict[str, str | bytes] | None = None,
) -> bytes:
    """Return a spreadsheet.

    Args:
        sheets: the rows of each sheet, by its name.
        hidden: the names of hidden sheets.
        extra: more entries of the archive.
    """
    tables = "".join(
        f"<table:table table:name={quoteattr(name)} "
        f'table:style-name="{"off" if name in hidden else "on"}">{rows}</table:table>'
        for name, rows in sheets.items()
    )
    styles = (
        '<office:automatic-styles><style:style style:name="off">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    )
    content = (
        f"<office:document-content {_ODS}>{styles}<office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return make_zip({"mimetype": ODS_TYPE, "content.xml": content, **(extra or {})})
