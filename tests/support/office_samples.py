"""OpenDocument files and PowerPoint presentations written part by part."""

from tests.support.zip_samples import make_zip

_ODF = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        *(("office", "office"), ("text", "text"), ("table", "table"), ("style", "style")),
        *(("draw", "drawing"), ("presentation", "presentation")),
    )
)
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def odf_content(body: str, styles: str = "", kind: str = "text") -> str:
    """Return the XML of a text or, with kind "presentation", of slides."""
    return (
        f"<office:document-content {_ODF}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )


def make_odf(body: str, styles: str = "", kind: str = "text", **others: str | bytes) -> bytes:
    """Return an OpenDocument file; `others` are more entries, with "_" for "/" and "."."""
    entries: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": odf_content(body, styles, kind),
        "META-INF/manifest.xml": "<manifest/>",
    }
    return make_zip(entries | {"styles.xml": others.get("styles_xml", "<x/>")})


def shape(*paragraphs: str, kind: str = "") -> str:
    """Return a shape with paragraphs; `kind` is that of its placeholder, such as "title"."""
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    text = "".join(f"<a:p><a:r><a:t>{words}</a:t></a:r></a:p>" for words in paragraphs)
    return f"<p:sp>{place}<p:txBody>{text}</p:txBody></p:sp>"


def slide_table(*rows: tuple[str, ...]) -> str:
    """Return a table of a slide."""
    lines = "".join(
        "<a:tr>"
        + "".join(f"<a:tc><a:p><a:r><a:t>{cell}</a:t></a:r></a:p></a:tc>" for cell in row)
        + "</a:tr>"
        for row in rows
    )
    return f"<p:graphicFrame><a:tbl>{lines}</a:tbl></p:graphicFrame>"


def make_pptx(
    *slides: str, notes: dict[int, str] | None = None, others: dict[str, str | bytes] | None = None
) -> bytes:
    """Return a presentation.

    Args:
        slides: the shapes of each; " hidden" before them hides the slide.
        notes: the shapes of the notes of a slide, by its number.
        others: entries to add or replace, by their names.
    """
    entries: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>"}
    numbers = range(1, len(slides) + 1)
    # The order of the slides is that of the list, not of their names.
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in numbers)
    entries["ppt/presentation.xml"] = (
        f"<p:presentation {_P} {_R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    )
    entries["ppt/_rels/presentation.xml.rels"] = _relations(
        *((f"rId{n}", "slide", f"slides/slide{len(slides) - n + 1}.xml") for n in numbers)
    )
    for number, shapes in enumerate(slides, start=1):
        name = f"slide{len(slides) - number + 1}.xml"
        hidden = ' show="0"' if shapes.startswith(" hidden") else ""
        shapes = shapes.removeprefix(" hidden")
        entries[f"ppt/slides/{name}"] = f"<p:sld {_P} {_A}{hidden}>{shapes}</p:sld>"
        if notes and number in notes:
            entries[f"ppt/slides/_rels/{name}.rels"] = _relations(
                ("rId1", "notesSlide", f"../notesSlides/{name}")
            )
            entries[f"ppt/notesSlides/{name}"] = f"<p:notes {_P} {_A}>{notes[number]}</p:notes>"
    return make_zip(entries | (others or {}))


def _relations(*relations: tuple[str, str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="{key}" Type="{_TYPES}/{kind}" Target="{target}"/>'
        for key, kind, target in relations
    )
    return f"<Relationships>{inner}</Relationships>"
