"""Names the kinds of files that are not read, where a look at the first bytes is not enough.

Packages are named by their entries, OLE files by their streams, and text that only carries binary
data by its form.
"""

import re
from pathlib import Path

import olefile  # type: ignore[import-untyped]

from ingest.lines.encoded_data import without_encoded_data

# The beginning of an entry's name, or its ending after "*", and the kind of the package.
_PACKAGES = (
    ("xl/", "an Excel workbook (xlsx)"),
    ("visio/", "a Visio drawing (vsdx)"),
    ("*.iwa", "a document of Apple Pages, Numbers or Keynote"),
    ("Index.zip", "a document of Apple Pages, Numbers or Keynote"),
    ("index.apxl", "a document of Apple Keynote"),
    ("index.xml.gz", "a document of Apple Pages"),
    ("AndroidManifest.xml", "an Android program (apk)"),
    ("META-INF/MANIFEST.MF", "a Java program (jar)"),
    ("*/data.pkl", "a PyTorch model"),
    ("FixedDocSeq.fdseq", "an XPS document"),
    ("FixedDocumentSequence.fdseq", "an XPS document"),
    ("*.fdseq", "an XPS document"),
    ("doc.kml", "a map (kmz)"),
    ("Documents/1/", "an XPS document"),
)
_MEDIA_TYPES = {
    "spreadsheet": "an OpenDocument spreadsheet (ods)",
    "graphics": "an OpenDocument drawing (odg)",
    "formula": "an OpenDocument formula (odf)",
    "chart": "an OpenDocument chart (odc)",
    "base": "an OpenDocument database (odb)",
}
# A stream in an OLE file, and the kind of the file.
_STREAMS = (
    ("EncryptedPackage", "a document of Microsoft Office that is protected with a password"),
    ("WordDocument", "a Word document of before 2007 (doc)"),
    ("Workbook", "an Excel workbook of before 2007 (xls)"),
    ("Book", "an Excel workbook of before 2007 (xls)"),
    ("PowerPoint Document", "a PowerPoint presentation of before 2007 (ppt)"),
    ("VisioDocument", "a Visio drawing (vsd)"),
    ("__properties_version1.0", "an Outlook message (msg)"),
    ("FileHeader", "a Hangul document (hwp)"),
    ("Quill", "a Publisher document (pub)"),
    ("MatOST", "a document of Microsoft Works (wps)"),
)
_ARMOUR = re.compile(rb"\s*-----BEGIN ([A-Z0-9 ]{3,60})-----\r?\n")
_UUENCODED = re.compile(rb"\s*begin(?:-base64)? [0-7]{3} [^\r\n]{1,200}\r?\n[!-`][ -`]{1,80}\r?\n")
_SVG = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>|<!--.{0,2000}?-->|<!DOCTYPE svg[^>]{0,500}>|\s)*<svg[\s>]",
    re.DOTALL,
)
# The last line of the data, or the beginning of a data: URL.
_MAX_REST_CHARS = 80


def describe_package(names: list[str], media_type: str) -> str | None:
    """Return what kind of file a ZIP archive is, None if it is an archive like any other.

    Args:
        names: of its entries.
        media_type: that an OpenDocument file states.
    """
    kind = media_type.partition("vnd.oasis.opendocument.")[2].partition("-")[0]
    if kind:
        return _MEDIA_TYPES.get(kind, "an OpenDocument file")
    for sign, words in _PACKAGES:
        for name in names:
            if name.endswith(sign[1:]) if sign[0] == "*" else name.startswith(sign):
                return words
    return None


def describe_ole(path: Path) -> str | None:
    """Return what kind of file an OLE file is by its streams, None if they do not show it."""
    try:
        with olefile.OleFileIO(path) as file:
            streams = {entry[0] for entry in file.listdir(streams=True, storages=True)}
    except Exception:  # olefile raises whatever a damaged file leads to
        return None
    return next((words for stream, words in _STREAMS if stream in streams), None)


def describe_carrier(head: bytes) -> str | None:
    """Return what a text is that only carries binary data or a picture, None if it is a text."""
    armour = _ARMOUR.match(head)
    if armour and b"SIGNED MESSAGE" not in armour[1]:
        what = armour[1].decode().lower().replace("pgp", "PGP")
        return f"encoded data ({what})"
    if _UUENCODED.match(head):
        return "a uuencoded file"
    if _SVG.match(head):
        return "an SVG image"
    text = head.decode("ascii", "replace").replace("\r\n", "\n")
    if len(text) > 1000:
        rest = without_encoded_data(text).strip("…\n")
        if len(rest) <= _MAX_REST_CHARS and len(rest.split()) <= 1:
            return "binary data in base64"
    return None
