"""A saved conversation shows names, questions, answers and passages as they were written."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.service.answering.transcript import render_transcript
from app.terminal import visible
from storage import MessageRow, SessionRow
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


def _written(text: str) -> str:
    row = SessionRow(1, text or "s", "", "", {})
    passage = {"number": 1, "document": text, "locator": text, "text": text}
    passage |= {"document_id": 1, "segment_id": 1, "is_read": True}
    asked = MessageRow(1, 1, "user", text, 0, [], {}, "")
    answered = MessageRow(2, 1, "assistant", text, 0, [passage], {"as_of": text or "now"}, "")
    return render_transcript(row, [asked, answered], "md")


def _as_shown(text: str) -> str:
    return " ".join(visible(text.replace("\r\n", "\n").expandtabs()).split())


_texts = st.text(
    alphabet=st.one_of(st.sampled_from("<>&[](){}#*_-+=|~`!\\$^:.\n\t 123ab/\"'"), st.characters())
)


@settings(deadline=None)
@given(_texts)
@example(HOSTILE[0])
def test_markdown_shows_any_text_and_nothing_of_it_is_markup(text):
    page, tags = shown_page(_written(text))
    assert tags <= {"h1", "h2", "p", "blockquote", "em"}
    # The name, the question, the answer, and the passage's title, locator and text.
    assert page.count(_as_shown(text)) >= 5


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_a_hostile_text_has_no_element_of_it(text):
    page, tags = shown_page(_written(text))
    assert tags <= {"h1", "h2", "p", "blockquote", "em"}
    assert page.count(_as_shown(text)) >= 5 and "<" not in _written(text)


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
