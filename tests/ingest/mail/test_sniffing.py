"""Messages are recognised by their first lines, texts about messages are not."""

import pytest

from tests.support.mail_samples import mailbox, message, part

MAIL = message(part("Text.\n"))
PATCH = "From 1f2e3d Mon Sep 17 00:00:00 2001\nFrom: Ada\nDate: x\nSubject: [PATCH] y\n\n---\n"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.txt", MAIL, "email"),
        ("noname", "Received: from a\n\tby b\nReturn-Path: <a>\nFrom: a@b\n\nText\n", "email"),
        ("a.txt", "\ufeff" + MAIL, "email"),
        ("a.eml", "Just words.\n", "email"),
        ("a.txt", mailbox(MAIL, MAIL), "mailbox"),
        ("Inbox", mailbox(MAIL), "mailbox"),
        ("memo.txt", "From: Ada\nTo: Bob\nDate: today\n\nDear Bob,\n", "text"),
        ("a.txt", "Notes: one\nTo: two\n", "text"),
        ("a.txt", "From here it is far.\n", "text"),
        ("a.md", MAIL, "text"),
        ("a.yaml", MAIL, "code"),
        ("a.patch", PATCH, "code"),
        ("a.log", mailbox(MAIL), "log"),
    ],
)
def test_the_kind_is_that_of_the_content(document, name, text, kind):
    assert document(text.encode(), name).kind == kind
