"""Files that are not read are refused by the name of their kind, whatever they are called."""

import base64
import random

import pytest

from ingest import UnsupportedFormat
from ingest.other_kinds import describe_carrier
from tests.support.zip_samples import make_zip

NOISE = random.Random(4).randbytes(6000)
ARMOUR = "-----BEGIN {0}-----\n" + base64.encodebytes(NOISE).decode() + "-----END {0}-----\n"
ODF = "application/vnd.oasis.opendocument."


@pytest.mark.parametrize("name", ["thing.txt", "thing", "thing.bin"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "doc, xls, ppt"),
        (b"\0\0\0\x18ftypheic" + NOISE, "a HEIC image"),
        (b"\0\0\0\x18ftypisom" + NOISE, "an MP4 video"),
        (b"RIFF\0\0\1\0AVI LIST" + NOISE, "an AVI video"),
        (b"\x1aE\xdf\xa3" + NOISE, "a Matroska or WebM video"),
        (b"fLaC" + NOISE, "a FLAC recording"),
        (b"\xff\xfb" + NOISE, "an MP3 recording"),
        (b"OTTO" + NOISE, "a font"),
        (b"wOF2" + NOISE, "a font"),
        (b"!BDN" + NOISE, "an Outlook mailbox"),
        (b"\0\1\0\0Standard ACE DB\0" + NOISE, "an Access database"),
        (b"8BPS" + NOISE, "a Photoshop image"),
        (b"\xeaDRMION\xee" + NOISE, "a Kindle book with DRM"),
        (b"Book" + bytes(56) + b"BOOKMOBI" + bytes(500), "Kindle"),
        (b"AT&TFORM" + bytes(100), "a DjVu document"),
        (b"%!PS-Adobe-3.0\nshowpage\n", "a PostScript document"),
        (b"7z\xbc\xaf\x27\x1c" + NOISE, "a 7z archive"),
        (make_zip({"mimetype": ODF + "graphics", "content.xml": "<x/>"}), "drawing (odg)"),
        (make_zip({"Index/Document.iwa": "x"}), "Apple Pages, Numbers or Keynote"),
        (make_zip({"visio/document.xml": "x"}), "a Visio drawing"),
        (make_zip({"a.txt": "x"}), "a ZIP archive"),
        (b"PK\5\6" + bytes(18), "a ZIP archive"),
        (ARMOUR.format("CERTIFICATE").encode(), "encoded data (certificate)"),
        (ARMOUR.format("PGP MESSAGE").encode(), "encoded data (PGP message)"),
        (base64.encodebytes(NOISE), "binary data in base64"),
        (base64.b64encode(NOISE), "binary data in base64"),
        (b"begin 644 plan.gif\nM" + b"A" * 60 + b"\n`\nend\n", "a uuencoded file"),
        (b"<?xml version='1.0'?><!-- x --><svg width='1'><path d='M0 0'/></svg>", "an SVG image"),
    ],
)
def test_kinds_that_are_not_read_are_refused_by_name(document, name, data, words):
    with pytest.raises(UnsupportedFormat) as raised:
        document(data, name)
    assert words in str(raised.value) and str(raised.value).count(".") <= 3


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nThe text.\n",
        "begin 644 times, and then stop.\n",
        "Words, and a picture: " + base64.b64encode(NOISE[:300]).decode() + "\nWords again. " * 200,
        "<p>A page with <svg></svg></p>",
        "ACGT" * 2000,
        "ID3 is a tag. FLV and OTTO are names.\n",
    ],
)
def test_texts_about_such_files_stay_texts(document, text):
    assert describe_carrier(text.encode()) is None
    assert document(text.encode(), "a.txt").kind == "text"
