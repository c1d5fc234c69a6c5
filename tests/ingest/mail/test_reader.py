"""Messages and mailboxes: the words that people wrote, without how they travelled."""

import base64
import random
import tracemalloc

import pytest

from ingest import EmptyDocument, Limits
from tests.support.mail_samples import (
    attachment,
    mailbox,
    message,
    multipart,
    part,
    wrapped_base64,
)

NOISE = random.Random(7).randbytes(3000)


def read(document, text, name="a.eml", **options):
    data = text.encode() if isinstance(text, str) else text
    opened = document(data, name, **options)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


@pytest.mark.parametrize("how", ["7bit", "base64", "quoted-printable"])
def test_the_body_is_decoded_and_follows_the_header_lines(document, how):
    opened, segments, text = read(document, message(part("Die Brücke = zu.\n", how=how)))
    assert text == (
        "From: Ada <ada@example.org>\nTo: bob@example.org\n"
        "Date: Tue, 05 Mar 2024 09:00:00 +0100\nSubject: Keys\n\nDie Brücke = zu.\n\n"
    )
    assert (opened.kind, opened.unit_count, opened.notes) == ("email", 1, [])
    assert str(segments[0].locator) == "message 1 (Keys, 2024-03-05 09:00)"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("=?utf-8?b?" + base64.b64encode("Käse".encode()).decode() + "?=", "Käse"),
        ("=?iso-8859-1?q?K=E4se_und?=\n =?iso-8859-1?q?_Br=FCcke?=", "Käse und Brücke"),
        ("Re: =?windows-1251?b?z/Do4uXy?= again", "Re: Привет again"),
        ("K\u00e4se as it is", "Käse as it is"),
        ("=?nonsense?b?S2V5cw==?=", "Keys"),
        ("=?utf-8?b?broken", "=?utf-8?b?broken"),
    ],
)
def test_encoded_words_in_headers_are_decoded(document, subject, shown):
    assert f"Subject: {shown}\n" in read(document, message(part("Text."), subject))[2]


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-2", "Zażółć gęślą jaźń"),
        ("koi8-r", "Мост откроют в пятницу"),
        ("iso-2022-jp", "橋は金曜日に開く"),
        ("windows-1252", "“quoted” – yes"),
        ("us-ascii", "Brücke über den Fluß, sagt er, schön"),
        ("no-such-charset", "Brücke über den Fluß, sagt er, schön"),
    ],
)
def test_the_charset_of_a_part_decides_how_it_is_decoded(document, charset, text):
    codec = charset if charset not in ("us-ascii", "no-such-charset") else "utf-8"
    sent = part(text.encode(codec), f"text/plain; charset={charset}", how="base64")
    assert text in read(document, message(sent))[2]


def test_attachments_are_named_and_not_read(document):
    body = multipart(
        "mixed",
        part("Please see the plan.\n"),
        attachment("plan.png", NOISE),
        part("a,b", "text/csv", "Content-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.csv"),
    )
    opened, _, text = read(document, message(body))
    assert "see the plan" in text and wrapped_base64(NOISE).splitlines()[4] not in text
    assert opened.notes == ["Attachments are not read: plan.png, Pläne.csv."]


def test_plain_text_is_preferred_to_its_html(document):
    plain, page = part("The plain one.\n"), part("<p>The <b>page</b>.</p>", "text/html")
    text = read(document, message(multipart("alternative", plain, page)))[2]
    assert "The plain one." in text and "page" not in text


@pytest.mark.parametrize("plain", [part(""), part(" \n\n")])
def test_html_is_read_where_the_plain_text_is_empty(document, plain):
    page = part("<h1>Regatta</h1><p>At the red&nbsp;buoy.</p>", "text/html; charset=utf-8")
    text = read(document, message(multipart("alternative", plain, page)))[2]
    assert "Regatta\n\nAt the red\u00a0buoy." in text.replace("red buoy", "red\u00a0buoy")
    assert "<" not in text.partition("\n\n")[2]


def test_html_with_pictures_inside_an_alternative_is_left_to_the_plain_text(document):
    related = multipart(
        "related",
        part("<p>Seite</p>", "text/html"),
        part(NOISE, "image/png", how="base64"),
        cut="in",
    )
    body = multipart("alternative", part("Only this.\n"), related, cut="out")
    opened, _, text = read(document, message(body))
    assert "Only this." in text and "Seite" not in text
    assert opened.notes == ["Attachments are not read: a part of type image/png."]


def test_a_forwarded_message_is_read_with_its_headers(document):
    inner = message(part("The inner text.\n", how="base64"), "Inner")
    forwarded = f"Content-Type: message/rfc822\n\n{inner}"
    _, segments, text = read(document, message(multipart("mixed", part("See below.\n"), forwarded)))
    assert text.index("See below.") < text.index("Subject: Inner") < text.index("The inner text.")
    assert {segment.locator.label for segment in segments} == {"Keys, 2024-03-05 09:00"}


def test_the_messages_of_a_digest_are_read(document):
    digest = multipart("digest", *("\n" + message(part(f"Text {n}.\n"), f"S{n}") for n in (1, 2)))
    text = read(document, message(digest))[2]
    assert "Subject: S1" in text and "Text 1." in text and "Text 2." in text


def test_flowed_text_is_joined_to_paragraphs(document):
    sent = part(
        "The meeting is \nin the harbour.\n> quoted \n-- \nAda\n", "text/plain; format=flowed"
    )
    assert "The meeting is in the harbour.\n> quoted \n-- \nAda" in read(document, message(sent))[2]


def test_an_encoded_file_in_the_text_is_left_out(document):
    import binascii

    lines = "".join(binascii.b2a_uu(NOISE[n : n + 45]).decode() for n in range(0, 900, 45))
    opened, _, text = read(
        document, message(part(f"Here:\n\nbegin 644 plan.gif\n{lines}`\nend\nBye.\n"))
    )
    assert "Here:\n\n…\nBye." in text and opened.notes == ["Attachments are not read: plan.gif."]


def test_a_mailbox_has_a_locator_for_each_message(document):
    first = message(part("One.\nFrom here on it is quoted.\n"), "First")
    text = mailbox(first, message(part("Two.\n", how="base64"), "Second"), message(part("Three.")))
    opened, segments, joined = read(document, text, "inbox.mbox")
    assert (opened.kind, opened.unit_count) == ("mailbox", 3)
    assert [segment.locator.start for segment in segments] == [1, 2, 3]
    assert segments[1].locator.label == "Second, 2024-03-05 09:00"
    assert "\nFrom here on it is quoted.\n" in joined and "Two." in segments[1].text


def test_windows_newlines_and_packed_mailboxes_are_read(document):
    import gzip

    text = mailbox(message(part("One.\n"), "A"), message(part("Two.\n"), "B")).replace("\n", "\r\n")
    opened, segments, _ = read(document, gzip.compress(text.encode()), "inbox.mbox.gz")
    assert (opened.kind, len(segments)) == ("mailbox", 2)


def test_attachments_of_a_mailbox_are_counted(document):
    sent = message(multipart("mixed", part("x"), attachment("a.png", b"1")))
    opened, _, _ = read(document, mailbox(*[sent] * 30), "inbox.mbox")
    assert opened.notes == [f"Attachments are not read: {', '.join(['a.png'] * 8)} and 22 more."]


def test_the_settings_in_a_file_of_apple_mail_are_left_out(document):
    sent = message(part("The text.\n"))
    text = read(document, f"{len(sent)}\n{sent}<?xml version='1.0'?><plist/>", "1.emlx")[2]
    assert text.endswith("The text.\n\n")


def test_memory_does_not_grow_with_the_attachments(document):
    picture = attachment("a.png", random.Random(1).randbytes(2_000_000))
    sent = message(multipart("mixed", part("x"), picture))
    opened = document(mailbox(*[sent] * 6).encode(), "inbox.mbox")
    tracemalloc.start()
    assert len(list(opened.segments())) == 6
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_a_text_that_is_too_long_is_read_in_part_with_a_note(document):
    sent = mailbox(message(part("word\n" * 5000)), message(part("The end.\n")))
    opened, _, text = read(document, sent, "a.mbox", limits=Limits(max_stream_bytes=1000))
    assert "The end." in text and text.count("word") == 200
    assert opened.notes == ["Too long or nested too deeply, and therefore read in part: message 1."]


@pytest.mark.parametrize("kind", ["multipart", "message"])
def test_deep_nesting_is_read_in_part(document, kind):
    sent = part("The core.\n")
    for level in range(300):
        if kind == "message":
            sent = f"Content-Type: message/rfc822\n\n{message(sent)}"
        else:
            sent = multipart("mixed", part(f"Level {level}.\n"), sent, cut=f"c{level}")
    opened, _, text = read(document, message(sent))
    assert "The core." not in text and "nested too deeply" in opened.notes[-1]


@pytest.mark.parametrize(
    "headers",
    [
        "X-Bomb: " + "a" * 3_000_000,
        "X-Bomb: 1\n" * 200_000,
        "Subject: " + "=?utf-8?q?a?= " * 100_000,
    ],
)
def test_huge_headers_do_not_stop_the_reading(document, headers):
    text = read(document, message(part("The text.\n"), "Keys", *headers.split("\n")))[2]
    assert "The text." in text and len(text) < 2000


def test_a_message_without_text_is_empty(document):
    with pytest.raises(EmptyDocument, match=r"a\.eml has no text"):
        read(document, "\n\n", "a.eml")


def test_all_messages_of_a_long_digest_are_read(document):
    mails = [f"Subject: Mail {i}\n\nWords of {i}.\n" for i in range(40)]
    digest = "".join(f"--b\n\n{mail}" for mail in mails)
    text = f"Subject: Digest\nContent-Type: multipart/digest; boundary=b\n\n{digest}--b--\n"
    opened, _, words = read(document, "MIME-Version: 1.0\n" + text)
    assert all(f"Words of {i}." in words for i in range(40)) and opened.notes == []


@pytest.mark.parametrize(
    "kind", ["text/plain; charset=idna", "text/plain; charset=rot13", "text/plain; charset=hex"]
)
def test_a_charset_that_is_none_for_texts_is_not_believed(document, kind):
    mail = f"MIME-Version: 1.0\nSubject: S\nFrom: a@b.c\nContent-Type: {kind}\n\nPlain words.\n"
    assert "Plain words." in read(document, mail)[2]


def test_a_boundary_that_cannot_be_decoded_is_none(document):
    kind = "Content-Type: multipart/mixed; boundary*=idna''abc"
    mail = f"MIME-Version: 1.0\nFrom: a@b.c\nSubject: Keys\n{kind}\n\nx y\n"
    opened = document(mail.encode(), "a.eml")
    assert "Subject: Keys" in "".join(segment.text for segment in opened.segments())
