"""Outlook messages: the words, from the text, the page or the RTF in them."""

import random
import struct

import pytest

from ingest import DamagedDocument, IngestError, UnsupportedFormat
from ingest.mail.outlook import unpacked_rtf
from tests.support.ole_samples import make_msg, make_ole

# 5 March 2024, 08:00 UTC
SENT = 1_709_625_600
HEAD = {"0037001F": "Käse", "0C1A001F": "Ada", "5D01001F": "ada@example.org", "0E04001F": "Bob"}
SHOWN = (
    "From: Ada <ada@example.org>\nTo: Bob\nDate: Tue, 05 Mar 2024 08:00:00 +0000\nSubject: Käse\n\n"
)
# The example of [MS-OXRTFCP] 3.1.1.1.
PACKED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3"
    "2068656c090020627705b06c647d0a800fa0"
)


def read(document, tree, name="a.msg"):
    opened = document(make_ole(tree), name)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


@pytest.mark.parametrize("name", ["a.msg", "a.txt", "mail"])
def test_headers_and_text_are_read(document, name):
    tree = make_msg(HEAD | {"1000001F": "The keys hang\r\nbehind the stove.\r\n"}, sent=SENT)
    opened, segments, text = read(document, tree, name)
    assert text == SHOWN + "The keys hang\nbehind the stove.\n\n"
    assert (opened.kind, opened.unit_count, opened.notes) == ("email", 1, [])
    assert str(segments[0].locator) == "message 1 (Käse, 2024-03-05 08:00)"


def test_a_page_is_read_where_there_is_no_text(document):
    page = "<html><meta charset=windows-1252><p>Die <b>Brücke</b></p></html>".encode("cp1252")
    text = read(document, make_msg(HEAD | {"10130102": page}, sent=SENT))[2]
    assert text == SHOWN + "Die Brücke\n\n"


def test_compressed_rtf_is_read_where_there_is_nothing_else(document):
    assert unpacked_rtf(PACKED, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    text = read(document, make_msg(HEAD | {"10090102": PACKED}, sent=SENT))[2]
    assert text == SHOWN + "hello world\n\n"


def test_text_of_before_unicode_is_read(document):
    tree = make_msg({"0037001E": b"Keys\0", "1000001E": "Größe".encode("cp1252")})
    assert read(document, tree)[2] == "Subject: Keys\n\nGröße\n\n"


def test_attachments_are_named_and_attached_messages_read(document):
    inner = make_msg(HEAD | {"1000001F": "The inner text."}, {"__substg1.0_3704001F": b"b\0"})
    picture = {
        "__substg1.0_3707001F": "plan.png".encode("utf-16-le"),
        "__substg1.0_37010102": b"x" * 9000,
    }
    tree = make_msg(HEAD | {"1000001F": "See below."}, {"__substg1.0_3701000D": inner}, picture)
    opened, _, text = read(document, tree)
    assert text.index("See below.") < text.index("The inner text.")
    assert opened.notes == ["Attachments are not read: b, plan.png."]


def test_messages_that_are_nested_deeply_are_attachments(document):
    tree = make_msg({"1000001F": "Level 0."})
    for level in range(1, 12):
        tree = make_msg({"1000001F": f"Level {level}."}, {"__substg1.0_3701000D": tree})
    opened, _, text = read(document, tree)
    assert "Level 6." in text and "Level 5." not in text and len(opened.notes) == 1


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        ("WordDocument", "Word document of before 2007 (doc)"),
        ("Workbook", "Excel workbook of before 2007 (xls)"),
        ("PowerPoint Document", "PowerPoint presentation of before 2007 (ppt)"),
        ("EncryptedPackage", "protected with a password"),
        ("Contents", "doc, xls, ppt"),
    ],
)
def test_other_ole_files_are_refused_by_their_kind(document, stream, words):
    with pytest.raises(UnsupportedFormat) as raised:
        document(make_ole({stream: bytes(5000)}), "a.txt")
    assert words in str(raised.value)


def test_a_damaged_message_is_read_or_refused_in_a_sentence(document):
    good = make_ole(make_msg(HEAD | {"1000001F": "Words. " * 900, "10090102": PACKED}, sent=SENT))
    randomly = random.Random(11)
    outcomes = set()
    for _ in range(400):
        data = bytearray(good)
        for _ in range(randomly.randint(1, 8)):
            at = randomly.randrange(8, len(data) - 4)
            data[at : at + 4] = struct.pack(
                "<I", randomly.choice([0, 1, 2, 0xFFFFFFFE, 1 << 31, 77])
            )
        if randomly.random() < 0.3:
            del data[randomly.randrange(len(data)) :]
        try:
            text = "".join(segment.text for segment in document(bytes(data), "a.msg").segments())
            assert len(text) < 100_000
            outcomes.add("read")
        except IngestError as error:
            assert "a.msg" in str(error) and str(error).endswith(".")
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_message_cut_short_while_it_is_open_is_damaged(document):
    opened = document(make_ole(make_msg(HEAD)), "a.msg")
    opened.path.write_bytes(opened.path.read_bytes()[:700])
    with pytest.raises(DamagedDocument, match="damaged Outlook message"):
        list(opened.segments())
