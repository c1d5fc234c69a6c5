"""What the readers of OpenDocument archives have in common: what they are, and what spoils them.

Source: OASIS Open Document Format 1.3, part 2.
"""

from ingest.errors import DamagedDocument, EncryptedDocument, IngestError
from ingest.markup.archive import Archive

CONTENT_PART = "content.xml"
# Templates have the same types with an ending.
ODF_TYPES = {
    "odt": "application/vnd.oasis.opendocument.text",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
_MIME_TYPE = "mimetype"
_MANIFEST = "META-INF/manifest.xml"
_MAX_MANIFEST_BYTES = 8 * 1024 * 1024


def odf_type(archive: Archive) -> str:
    """Return the media type that an OpenDocument archive states, "" if it states none."""
    try:
        return archive.read(_MIME_TYPE, 1000).decode("ascii", "replace").strip()
    except IngestError:
        return ""


def check_package(archive: Archive, name: str, what: str) -> None:
    """Raise an error for an archive whose content cannot be read.

    Args:
        archive: the file.
        name: what messages call it.
        what: its kind in messages, such as "spreadsheet".

    Raises:
        EncryptedDocument: it is protected with a password.
        DamagedDocument: its content is missing.
    """
    try:
        manifest = archive.read(_MANIFEST, _MAX_MANIFEST_BYTES)
    except IngestError:
        manifest = b""
    if b"encryption-data" in manifest:
        raise EncryptedDocument(
            f"{name} is protected with a password: open it in LibreOffice and save it without one."
        )
    if CONTENT_PART not in archive:
        raise DamagedDocument(
            f"{name} is no complete {what}, {CONTENT_PART} is missing from it: fetch it again, or "
            "open it in LibreOffice and save it again."
        )
