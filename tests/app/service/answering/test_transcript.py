"""A saved conversation shows names, questions, answers and passages as they were written."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.service.answering.transcript import render_transcript
from app.terminal import visible
from storage import KeptNote, MessageRow, SessionRow
from tests.support.markdown import shown_page

HOSTILE = [
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "![x](http://example.org/p.png) [click](javascript:alert(1)) <http://example.org>",
    "# heading\n- item\n+ item\n* item\n1. first\n2) second\n> quote\n---\n===\n***\n___",
    "    code\n\tcode\n```\ncode\n```\n~~~\n`code`",
    "a | b\n--- | ---\n1 | 2",
    "&lt;b&gt; &#60; \\<b> **bold** _it_ ~~gone~~ $$x^2$$ [^1] [a]: http://example.org",
    "\x1b]52;c;ZXZpbA==\x07 \u202egnp.exe \x9b2J",
]


def _written(text: str, format: str = "md") -> str:
    row = SessionRow(1, text or "s", "", "", {})
    passage = {"number": 1, "document": text, "locator": text, "text": text}
    passage |= {"document_id": 1, "segment_id": 1, "is_read": True, "cited": True}
    asked = MessageRow(1, 1, "user", text, 0, [], {}, "")
    answered = MessageRow(2, 1, "assistant", text, 0, [passage], {"as_of": text or "now"}, "")
    details = {"question": text, "as_of": text or "now"}
    kept = KeptNote(1, 1, text, "", "", 2, 1, 1, text, text, [passage], details)
    return render_transcript(row, [asked, answered], format, [kept])


def _as_shown(text: str) -> str:
    return " ".join(visible(text.replace("\r\n", "\n").expandtabs()).split())


_texts = st.text(
    alphabet=st.one_of(st.sampled_from("<>&[](){}#*_-+=|~`!\\$^:.\n\t 123ab/\"'"), st.characters())
)


@settings(deadline=None)
@given(_texts)
@example(HOSTILE[0])
@example("0\n\x85")
def test_markdown_shows_any_text_and_nothing_of_it_is_markup(text):
    page, tags = shown_page(_written(text))
    assert tags <= {"h1", "h2", "p", "blockquote", "em"}
    # Name, question, answer, and the passage's title, locator and text; of the note, too.
    assert page.count(_as_shown(text)) >= 9


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_a_hostile_text_has_no_element_of_it(text):
    page, tags = shown_page(_written(text))
    assert tags <= {"h1", "h2", "p", "blockquote", "em"}
    assert page.count(_as_shown(text)) >= 9 and "<" not in _written(text)


def test_json_keeps_the_texts():
    row = SessionRow(1, "s", "", "", {})
    messages = [MessageRow(1, 1, "user", HOSTILE[-1], 0, [], {}, "")]
    assert (
        json.loads(render_transcript(row, messages, "json"))["messages"][0]["text"] == HOSTILE[-1]
    )


def test_what_no_passage_supports_is_in_the_transcript_and_the_state_in_json():
    row = SessionRow(1, "s", "", "", {})
    sentences = [{"text": "In 1874.", "supported_by": [], "unknown": ["1874"]}]
    details = {"declined": False, "sentences": sentences}
    answered = MessageRow(2, 1, "assistant", "In 1874.", 0, [], details, "")
    assert "*No passage supports “In 1874.” (in no passage: 1874).*" in render_transcript(
        row, [answered], "md"
    )
    (record,) = json.loads(render_transcript(row, [answered], "json"))["messages"]
    assert (record["declined"], record["sentences"]) == (False, sentences)


class _Page(HTMLParser):
    """The elements and the texts of a page, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str | None]:
        return [value for key, value in self.attributes if key == name]


_TAGS = set(
    "html head meta title style body main h1 h2 p article bdi ol li div b blockquote a".split()
)


@settings(deadline=None)
@given(_texts)
@example(HOSTILE[0])
@example("0\n\x85")
@example(HOSTILE[-1])
def test_html_shows_any_text_and_nothing_of_it_is_markup(text):
    page = _Page(_written(text, "html"))
    assert page.tags <= _TAGS
    assert not any(name.startswith("on") or name in ("src", "style") for name, _ in page.attributes)
    assert all((link or "").startswith("#") for link in page.values("href"))
    assert " ".join(page.text.split()).count(_as_shown(text)) >= 9


def test_marks_in_html_lead_to_the_passages_below_their_own_answer_or_note():
    passages = [
        {"number": n, "document": f"book {n}", "locator": f"page {n}", "text": f"text {n}"}
        | {"document_id": 1, "segment_id": n, "is_read": True, "cited": n == 1}
        for n in (1, 2, 3)
    ]
    sentences = [
        {"text": "It was grey.", "supported_by": [2], "unknown": []},
        {"text": "In 1874.", "supported_by": [], "unknown": ["1874"]},
    ]
    said = "It was [1]. It was grey. In 1874."
    details = {"passages": passages, "sentences": sentences}
    answers = [MessageRow(n, 1, "assistant", said, 0, [], details, "") for n in (2, 4)]
    kept = KeptNote(2, 1, said, "", "", None, None, None, "", "", passages, details)
    html = render_transcript(SessionRow(1, "s", "", "", {}), answers, "html", [kept])
    page = _Page(html)
    marks = [f"{anchor}-p{n}" for anchor in ("m2", "m4", "n2") for n in (1, 2)]
    assert page.values("href") == [f"#{mark}" for mark in marks]
    assert page.values("id") == marks, "passages that nothing leads to are not listed"
    assert "[2] book 2, page 2" in page.text and "book 3" not in page.text
    assert re.findall('<bdi class="unsupported">(.*?)</bdi>', html) == ["In 1874."] * 3
    assert page.text.count("No passage supports “In 1874.” (in no passage: 1874).") == 3


def test_kept_notes_come_last_and_say_where_they_are_from():
    time, later = "2026-03-01T12:30:00.000000+00:00", "2026-03-02T08:00:00.000000+00:00"
    own = KeptNote(1, 1, "my own", time, later, None, 3, 5, "Emma", "page 7", [], {})
    answer = KeptNote(
        2, 1, "It was.", time, time, 9, None, None, "", "", [], {"question": "Was it?"}
    )
    asked = MessageRow(1, 1, "user", "Was it?", 0, [], {}, time)
    row = SessionRow(1, "s", "", "", {})
    for format, shown in (("md", shown_page), ("html", lambda html: (_Page(html).text, set()))):
        text, _ = shown(render_transcript(row, [asked], format, [own, answer]))
        order = ["Was it?", "Kept notes", "my own", "An answer, kept on 2026-03-01 12:30 UTC."]
        places = [text.index(part) for part in order]
        assert places == sorted(places)
        assert (
            "Written at Emma, page 7, on 2026-03-01 12:30 UTC, changed on 2026-03-02 08:00 UTC."
            in text
        )
        assert "Kept notes" not in shown(render_transcript(row, [asked], format))[0]
    record = json.loads(render_transcript(row, [asked], "json", [own, answer]))
    assert [note["text"] for note in record["kept_notes"]] == ["my own", "It was."]
    assert record["kept_notes"][0]["locator"] == "page 7"
