"""EPUB books and Word documents written entry by entry: small, exact, and easy to damage."""

import io
import zipfile

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)


def make_zip(entries: dict[str, str | bytes]) -> bytes:
    """Return a ZIP archive of the entries, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def chapter(title: str, *paragraphs: str) -> str:
    """Return the XHTML file of a chapter."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
    )


def make_epub(
    chapters: dict[str, str | bytes],
    *,
    spine: list[str] | None = None,
    nav: str | None = None,
    ncx: str | None = None,
    others: dict[str, str | bytes] | None = None,
) -> bytes:
    """Return an EPUB book.

    Args:
        chapters: the chapters' files by name.
        spine: the names in reading order; the order of `chapters` if None.
        nav: the table of contents as EPUB 3 has it.
        ncx: the table of contents as EPUB 2 has it.
        others: entries to add or replace, by their full names.
    """
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>'
        for name in dict.fromkeys([*chapters, *(spine or ())])
    )
    entries: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
    }
    if nav is not None:
        items += '<item id="nav" href="nav.xhtml" media-type="a/xhtml" properties="nav"/>'
        entries["OEBPS/nav.xhtml"] = f'<html><body><nav epub:type="toc">{nav}</nav></body></html>'
    if ncx is not None:
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        entries["OEBPS/toc.ncx"] = f"<ncx><navMap>{ncx}</navMap></ncx>"
    refs = "".join(f'<itemref idref="{name}"/>' for name in spine or chapters)
    entries["OEBPS/book.opf"] = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f"<manifest>{items}</manifest><spine toc='ncx'>{refs}</spine></package>"
    )
    entries |= {f"OEBPS/{name}": content for name, content in chapters.items()}
    return make_zip(entries | (others or {}))


def nav_point(title: str, source: str) -> str:
    """Return an entry of an EPUB 2 table of contents."""
    return (
        f"<navPoint><navLabel><text>{title}</text></navLabel><content src='{source}'/></navPoint>"
    )


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def make_docx(body: str, **parts: str) -> bytes:
    """Return a Word document from its body and, by name, other parts such as styles."""
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": '<Relationships><Relationship Type="http://x/officeDocument" '
        'Target="/word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
    }
    for name, content in parts.items():
        entries[f"word/{name}.xml"] = f"<w:{name} {_W}>{content}</w:{name}>"
    return make_zip(entries)


def word_paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph, split into two runs as Word often does."""
    half = len(text) // 2
    runs = "".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in (text[:half], text[half:]))
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"
