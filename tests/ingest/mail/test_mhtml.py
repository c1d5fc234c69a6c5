"""Web archives: the words of the saved page."""

import random

import pytest

from ingest import EmptyDocument, LimitExceeded, Limits
from tests.support.mail_samples import multipart, part

PAGE = (
    "<!DOCTYPE html><html><body class='wide'><h1>Ferry</h1><p>To Hestø at 21:40.</p></body></html>"
)
PICTURE = part(random.Random(3).randbytes(3000), "image/png", how="base64")


def archive(*parts: str, sender: str = "<Saved by Blink>") -> bytes:
    head = f"From: {sender}\nSubject: Ferry\nMIME-Version: 1.0\n"
    return (head + multipart("related", *parts)).replace("\n", "\r\n").encode()


def page(text: str, how: str = "quoted-printable") -> str:
    return part(text, "text/html", how=how)


@pytest.mark.parametrize("how", ["quoted-printable", "base64"])
@pytest.mark.parametrize("name", ["a.mhtml", "a.mht", "a.txt"])
def test_the_page_is_read_without_markup_and_pictures(document, name, how):
    opened = document(archive(page(PAGE, how), PICTURE), name)
    text = "".join(segment.text for segment in opened.segments())
    assert (opened.kind, opened.unit_count, text) == (
        "mhtml", 2, "Ferry\n\nTo Hestø at 21:40.\n\n"
    )  # fmt: skip


def test_an_archive_of_another_browser_is_recognised(document):
    assert document(archive(page(PAGE), sender="nobody"), "page").kind == "mhtml"


def test_the_charset_of_the_part_outranks_that_of_the_page(document):
    sent = part(
        "<meta charset=utf-8><p>Größe</p>".encode("cp1252"),
        "text/html; charset=windows-1252",
        how="base64",
    )
    texts = [segment.text for segment in document(archive(sent), "a.mht").segments()]
    assert texts == ["Größe\n\n"]


def test_frames_are_read_if_the_first_page_is_empty_and_noted_if_not(document):
    opened = document(
        archive(page("<frameset></frameset>"), page("<p>In a frame</p>"), page("<p>B</p>")), "a.mht"
    )
    assert [segment.text for segment in opened.segments()] == ["In a frame\n\n"]
    assert opened.notes == ["Pages in frames are not read: 1."]


def test_an_archive_that_is_cut_short_is_read_up_to_there(document):
    data = archive(page("<p>First.</p>" + "<p>More words.</p>" * 50))
    texts = [segment.text for segment in document(data[:600], "a.mht").segments()]
    assert texts[0].startswith("First.\n\nMore words.")


def test_an_archive_without_a_page_is_empty(document):
    with pytest.raises(EmptyDocument, match="holds no web page"):
        list(document(archive(PICTURE), "a.mht").segments())


def test_a_page_beyond_the_limit_is_refused(document):
    opened = document(archive(page(PAGE)), "a.mht", limits=Limits(max_stream_bytes=50))
    with pytest.raises(LimitExceeded, match="more than 50 bytes"):
        list(opened.segments())


def test_an_html_page_named_as_an_archive_is_a_page(document):
    assert document(PAGE.encode(), "a.mht").kind == "html"
